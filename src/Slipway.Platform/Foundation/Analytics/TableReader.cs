using System.Collections;
using System.Runtime.InteropServices;
using DuckDB.NET.Data;
using Slipway.Core.Data;
using Slipway.Core.Errors;

namespace Slipway.Platform.Foundation.Analytics;

/// <summary>Turns a result into columns. Integers of all widths become int64, decimals float64, dates midnight UTC.</summary>
internal static class TableReader
{
    public static Table Read(DuckDBDataReader reader, CancellationToken cancel)
    {
        var columns = new Builder[reader.FieldCount];
        for (var i = 0; i < columns.Length; i++)
        {
            columns[i] = For(reader.GetName(i), reader.GetFieldType(i), reader.GetDataTypeName(i), i);
        }

        var rows = 0;
        while (reader.Read())
        {
            if ((rows++ & 0xFFFF) == 0)
            {
                cancel.ThrowIfCancellationRequested();
            }

            foreach (var column in columns)
            {
                column.Add(reader);
            }
        }

        return new Table([.. columns.Select(c => c.Build())]);
    }

    private static Builder For(string name, Type type, string sqlType, int index)
    {
        if (type == typeof(string) || type == typeof(Guid))
        {
            return Of<string?>(r => r.GetValue(index).ToString(), (v, _) => Column.String(name, v));
        }

        if (type == typeof(bool))
        {
            return Of(r => r.GetBoolean(index), (v, n) => Column.Bool(name, v, n));
        }

        if (type == typeof(double))
        {
            return Of(r => r.GetDouble(index), (v, n) => Column.Float64(name, v, n));
        }

        if (type == typeof(float))
        {
            return Of(r => (double)r.GetFloat(index), (v, n) => Column.Float32(name, v, n));
        }

        if (type == typeof(decimal))
        {
            return Of(r => (double)r.GetDecimal(index), (v, n) => Column.Float64(name, v, n));
        }

        if (type == typeof(DateTime) || type == typeof(DateTimeOffset))
        {
            return Of(r => Microseconds.From(r.GetDateTime(index)), (v, n) => Column.Timestamp(name, v, n));
        }

        if (type == typeof(DateOnly))
        {
            return Of(r => Microseconds.From(r.GetFieldValue<DateOnly>(index).ToDateTime(TimeOnly.MinValue)), (v, n) => Column.Timestamp(name, v, n));
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(List<>) && ElementOf(type.GetGenericArguments()[0]) is { } element)
        {
            var array = DataTypes.ArrayOf(element);
            return Of<byte[]?>(r => Packed(name, array, r.GetValue(index)), (v, _) => Column.Array(name, array, v));
        }

        return Integer(type) is { } read
            ? Of(r => read(r, index), (v, n) => Column.Int64(name, v, n))
            : throw SlipwayException.Invalid($"Column '{name}' has the type {sqlType}, which a table cannot hold; cast it in the query.");

        Builder Of<T>(Func<DuckDBDataReader, T> get, Func<T[], BitArray?, Column> build) => new Builder<T>(index, get, build);
    }

    private static DataType? ElementOf(Type type) =>
        type == typeof(string) ? DataType.String
        : type == typeof(bool) ? DataType.Bool
        : type == typeof(float) ? DataType.Float32
        : type == typeof(double) || type == typeof(decimal) ? DataType.Float64
        : type == typeof(DateTime) ? DataType.Timestamp
        : Integer(type) is not null ? DataType.Int64 : null;

    private static byte[] Packed(string name, DataType array, object list)
    {
        try
        {
            return list is List<DateTime> times
                ? PackedArray.Of(times.ConvertAll(Microseconds.From).ToArray())
                : PackedArray.Of(array, (System.Collections.ICollection)list);
        }
        catch (InvalidCastException)
        {
            throw SlipwayException.Invalid($"An array in column '{name}' has a null among its elements; leave it out.");
        }
    }

    private static Func<DuckDBDataReader, int, long>? Integer(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Int64 => static (r, i) => r.GetInt64(i),
        TypeCode.Int32 => static (r, i) => r.GetInt32(i),
        TypeCode.Int16 => static (r, i) => r.GetInt16(i),
        TypeCode.SByte => static (r, i) => r.GetFieldValue<sbyte>(i),
        TypeCode.Byte => static (r, i) => r.GetByte(i),
        TypeCode.UInt16 => static (r, i) => r.GetFieldValue<ushort>(i),
        TypeCode.UInt32 => static (r, i) => r.GetFieldValue<uint>(i),
        TypeCode.UInt64 => static (r, i) => checked((long)r.GetFieldValue<ulong>(i)),
        _ when type == typeof(System.Numerics.BigInteger) => static (r, i) => checked((long)r.GetFieldValue<System.Numerics.BigInteger>(i)),
        _ => null,
    };

    private abstract class Builder
    {
        public abstract void Add(DuckDBDataReader reader);

        public abstract Column Build();
    }

    private sealed class Builder<T>(int index, Func<DuckDBDataReader, T> get, Func<T[], BitArray?, Column> build) : Builder
    {
        private readonly List<T> values = [];
        private readonly List<int> missing = [];

        public override void Add(DuckDBDataReader reader)
        {
            if (reader.IsDBNull(index))
            {
                missing.Add(values.Count);
                values.Add(default!);
            }
            else
            {
                values.Add(get(reader));
            }
        }

        public override Column Build()
        {
            BitArray? nulls = null;
            if (missing.Count > 0)
            {
                nulls = new BitArray(values.Count);
                foreach (var row in CollectionsMarshal.AsSpan(missing))
                {
                    nulls[row] = true;
                }
            }

            return build([.. values], nulls);
        }
    }
}
