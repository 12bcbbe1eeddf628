using System.Collections;
using Slipway.Core.Errors;

namespace Slipway.Core.Data;

/// <summary>
/// One named column of a <see cref="Table"/>: a typed array and, where a value is missing, a bit.
/// Integers and timestamps live in <c>long[]</c>, both floating types in <c>double[]</c>, arrays in <c>byte[][]</c>.
/// </summary>
public sealed class Column
{
    private readonly System.Array values;
    private readonly BitArray? nulls;
    private readonly object?[]? references;

    private Column(string name, DataType type, System.Array values, BitArray? nulls)
    {
        Name = name;
        Type = type;
        this.values = values;
        this.nulls = nulls;
        references = values as object?[];
    }

    public string Name { get; }

    public DataType Type { get; }

    public int Length => values.Length;

    public bool HasNulls => nulls is not null || (references is not null && System.Array.IndexOf(references, null) >= 0);

    /// <param name="nulls">One bit per row, set where the value is missing; null when none is.</param>
    public static Column Float64(string name, double[] values, BitArray? nulls = null) => new(name, DataType.Float64, values, nulls);

    /// <summary>Values are exactly representable in 32 bits by contract; they are held in 64.</summary>
    public static Column Float32(string name, double[] values, BitArray? nulls = null) => new(name, DataType.Float32, values, nulls);

    public static Column Int64(string name, long[] values, BitArray? nulls = null) => new(name, DataType.Int64, values, nulls);

    /// <param name="values">Microseconds since the Unix epoch, UTC.</param>
    public static Column Timestamp(string name, long[] values, BitArray? nulls = null) => new(name, DataType.Timestamp, values, nulls);

    public static Column Bool(string name, bool[] values, BitArray? nulls = null) => new(name, DataType.Bool, values, nulls);

    /// <param name="values">A null element is a missing value.</param>
    public static Column String(string name, string?[] values) => new(name, DataType.String, values, null);

    /// <param name="type">An array type, or embedding.</param>
    /// <param name="values">As <see cref="PackedArray"/> packs them; a null element is a missing value.</param>
    public static Column Array(string name, DataType type, byte[]?[] values) => type.IsArray()
        ? new(name, type, values, null)
        : throw new ArgumentOutOfRangeException(nameof(type), type, "This is no array type.");

    public bool IsNull(int row) => references is not null ? references[row] is null : nulls is not null && nulls[row];

    /// <summary>The backing array of an integer or timestamp column.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the column has another type.</exception>
    public long[] Longs => values as long[] ?? throw WrongType("an integer or timestamp");

    /// <summary>The backing array of a floating column.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the column has another type.</exception>
    public double[] Doubles => values as double[] ?? throw WrongType("a floating-point");

    public string?[] Strings => values as string?[] ?? throw WrongType("a string");

    public bool[] Bools => values as bool[] ?? throw WrongType("a boolean");

    /// <summary>The values of an array column, packed.</summary>
    public byte[]?[] Arrays => values as byte[]?[] ?? throw WrongType("an array");

    /// <summary>The value as a number: booleans are 0 or 1, a missing value is NaN.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for a string column.</exception>
    public double Number(int row) => IsNull(row) ? double.NaN : values switch
    {
        double[] d => d[row],
        long[] l => l[row],
        bool[] b => b[row] ? 1 : 0,
        _ => throw WrongType("a numeric"),
    };

    /// <summary>The value boxed (of an array, as <see cref="PackedArray.Values"/> gives it), or null where it is missing. For edges (JSON, SQL parameters), not for loops.</summary>
    public object? Value(int row) => IsNull(row) ? null : values is byte[]?[] arrays ? PackedArray.Values(Type, arrays[row]) : values.GetValue(row);

    public Column Rename(string name) => new(name, Type, values, nulls);

    /// <summary>A new column holding the given rows in the given order; -1 makes a missing value.</summary>
    public Column Take(ReadOnlySpan<int> rows)
    {
        var missing = new BitArray(rows.Length);
        var any = false;
        for (var i = 0; i < rows.Length; i++)
        {
            if (rows[i] < 0 || IsNull(rows[i]))
            {
                missing[i] = any = true;
            }
        }

        System.Array taken = values switch
        {
            double[] d => Gather(d, rows),
            long[] l => Gather(l, rows),
            bool[] b => Gather(b, rows),
            string?[] s => Gather(s, rows),
            byte[]?[] a => Gather(a, rows),
            _ => throw new InvalidOperationException($"Column '{Name}' has an unknown backing array."),
        };
        return new Column(Name, Type, taken, any && references is null ? missing : null);
    }

    private static T[] Gather<T>(T[] source, ReadOnlySpan<int> rows)
    {
        var result = new T[rows.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            if (rows[i] >= 0)
            {
                result[i] = source[rows[i]];
            }
        }

        return result;
    }

    private SlipwayException WrongType(string wanted) =>
        SlipwayException.Invalid($"Column '{Name}' is {Type.Text()}, not {wanted} column.");
}
