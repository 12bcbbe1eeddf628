using System.Globalization;
using Slipway.Core.Data;

namespace Slipway.Core.Expressions;

/// <summary>
/// A typed, compiled part of an expression: the closure that computes it and the DuckDB SQL that computes the same.
/// A null literal has no type until <see cref="To"/> gives it one. Float32 does not occur: inputs widen when they are read.
/// </summary>
/// <param name="Delegate">A <see cref="Read{T}"/> of long (int64, timestamp), double, bool or string, as <paramref name="Type"/> says.</param>
/// <param name="Value">The value, where it is a literal.</param>
internal sealed record Node(DataType? Type, Delegate Delegate, string Sql, object? Value = null)
{
    public static Node Null { get; } = new(null, (Read<long>)Missing, "null");

    public Read<T> Read<T>() => (Read<T>)Delegate;

    public static Node Constant(DataType type, object value) => type switch
    {
        DataType.Bool => Always(type, (bool)value, (bool)value ? "true" : "false"),
        DataType.Int64 => Always(type, (long)value, string.Create(CultureInfo.InvariantCulture, $"{value}::bigint")),
        DataType.Float64 => Always(type, (double)value, FloatSql((double)value)),
        DataType.String => Always(type, (string)value, $"'{((string)value).Replace("'", "''", StringComparison.Ordinal)}'"),
        DataType.Timestamp => Always(type, (long)value, string.Create(CultureInfo.InvariantCulture, $"make_timestamp({value}::bigint)")),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };

    public static Node Input(int slot, ColumnSchema column)
    {
        // The cast costs nothing where the type agrees, and keeps narrower integers of a file from overflowing early.
        var sql = $"cast(\"{column.Name.Replace("\"", "\"\"", StringComparison.Ordinal)}\" as {SqlType(Widest(column.Type))})";
        return column.Type switch
        {
            DataType.Bool => new(DataType.Bool, Slot<bool>(slot), sql),
            DataType.String => new(DataType.String, Slot<string>(slot), sql),
            DataType.Float32 or DataType.Float64 => new(DataType.Float64, Slot<double>(slot), sql),
            _ => new(column.Type, Slot<long>(slot), sql),
        };
    }

    /// <summary>Applies a function to values that are all present; null otherwise.</summary>
    public static Node Map<TA, TR>(DataType type, Node a, Partial<TA, TR> function, string sql)
    {
        var readA = a.Read<TA>();
        return new(type, (Read<TR>)((frame, out result) =>
        {
            result = default!;
            return readA(frame, out var x) && function(x, out result);
        }), sql);
    }

    /// <inheritdoc cref="Map{TA,TR}"/>
    public static Node Map<TA, TB, TR>(DataType type, Node a, Node b, Partial<TA, TB, TR> function, string sql)
    {
        var readA = a.Read<TA>();
        var readB = b.Read<TB>();
        return new(type, (Read<TR>)((frame, out result) =>
        {
            result = default!;
            return readA(frame, out var x) && readB(frame, out var y) && function(x, y, out result);
        }), sql);
    }

    /// <inheritdoc cref="Map{TA,TR}"/>
    public static Node Map<TA, TB, TC, TR>(DataType type, Node a, Node b, Node c, Partial<TA, TB, TC, TR> function, string sql)
    {
        var (readA, readB, readC) = (a.Read<TA>(), b.Read<TB>(), c.Read<TC>());
        return new(type, (Read<TR>)((frame, out result) =>
        {
            result = default!;
            return readA(frame, out var x) && readB(frame, out var y) && readC(frame, out var z) && function(x, y, z, out result);
        }), sql);
    }

    /// <summary>This node as the given type, where nothing can be lost: null to anything, int64 to float64. Null otherwise.</summary>
    public Node? To(DataType type) => (Type, type) switch
    {
        var (from, to) when from == to => this,
        (null, DataType.Bool) => new(type, (Read<bool>)Missing, "null::boolean"),
        (null, DataType.String) => new(type, (Read<string>)Missing, "null::varchar"),
        (null, DataType.Float64) => new(type, (Read<double>)Missing, "null::double"),
        (null, _) => new(type, (Read<long>)Missing, $"null::{SqlType(type)}"),
        (DataType.Int64, DataType.Float64) when Value is long whole => Constant(type, (double)whole),
        (DataType.Int64, DataType.Float64) => Map<long, double>(type, this, Widen, $"cast({Sql} as double)"),
        _ => null,
    };

    public static string SqlType(DataType type) => type switch
    {
        DataType.Bool => "boolean",
        DataType.Int64 => "bigint",
        DataType.Float32 => "float",
        DataType.Float64 => "double",
        DataType.String => "varchar",
        DataType.Timestamp => "timestamp",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };

    private static DataType Widest(DataType type) => type == DataType.Float32 ? DataType.Float64 : type;

    private static Node Always<T>(DataType type, T value, string sql) => new(type, (Read<T>)((_, out result) =>
    {
        result = value;
        return true;
    }), sql, value);

    private static Read<T> Slot<T>(int slot) => (frame, out value) => frame.Read(slot, out value);

    private static bool Missing<T>(Frame frame, out T value)
    {
        value = default!;
        return false;
    }

    private static bool Widen(long value, out double result)
    {
        result = value;
        return true;
    }

    /// <summary>With an exponent, or DuckDB would read a decimal, which computes in base ten.</summary>
    private static string FloatSql(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        return text.Contains('E', StringComparison.Ordinal) ? text : text + "e0";
    }
}
