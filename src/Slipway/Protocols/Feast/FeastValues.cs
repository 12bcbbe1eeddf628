using System.Collections;
using Google.Protobuf.WellKnownTypes;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Value = Slipway.Protocols.Feast.Wire.Value;

namespace Slipway.Protocols.Feast;

/// <summary>Values of the gRPC form as columns, and back.</summary>
internal static class FeastValues
{
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the column and the first value of another type.</exception>
    public static Column Read(ColumnSchema schema, IReadOnlyList<Value> values)
    {
        var nulls = new BitArray(values.Count);
        for (var i = 0; i < values.Count; i++)
        {
            nulls[i] = values[i].ValCase is Value.ValOneofCase.None or Value.ValOneofCase.NullVal;
        }

        T[] All<T>(Func<Value, T?> read)
            where T : struct
        {
            var all = new T[values.Count];
            for (var i = 0; i < all.Length; i++)
            {
                all[i] = nulls[i] ? default : read(values[i]) ?? throw Wrong(schema, values[i], i);
            }

            return all;
        }

        return schema.Type switch
        {
            DataType.Bool => Column.Bool(schema.Name, All(v => v.HasBoolVal ? v.BoolVal : (bool?)null), nulls),
            DataType.Int64 => Column.Int64(schema.Name, All(Whole), nulls),
            DataType.Timestamp => Column.Timestamp(schema.Name, All(Time), nulls),
            DataType.Float32 => Column.Float32(schema.Name, All(v => Number(v) is { } number ? (float)number : (double?)null), nulls),
            DataType.Float64 => Column.Float64(schema.Name, All(Number), nulls),
            _ => Column.String(schema.Name, [.. values.Select((v, i) => nulls[i] ? null : v.HasStringVal ? v.StringVal : throw Wrong(schema, v, i))]),
        };
    }

    /// <summary>A null is a value in which nothing is set.</summary>
    public static Value Write(Column column, int row) => column.Value(row) switch
    {
        null => new Value(),
        bool flag => new Value { BoolVal = flag },
        long us when column.Type == DataType.Timestamp => new Value { UnixTimestampVal = FeastJson.Seconds(us) },
        long whole => new Value { Int64Val = whole },
        double number when column.Type == DataType.Float32 => new Value { FloatVal = (float)number },
        double number => new Value { DoubleVal = number },
        string text => new Value { StringVal = text },
        var other => throw new InvalidOperationException($"Column '{column.Name}' holds a {other.GetType().Name}."),
    };

    public static Timestamp Write(long microseconds)
    {
        var seconds = FeastJson.Seconds(microseconds);
        return new Timestamp { Seconds = seconds, Nanos = (int)(microseconds - (seconds * 1_000_000)) * 1000 };
    }

    private static long? Whole(Value value) => value.HasInt64Val ? value.Int64Val : value.HasInt32Val ? value.Int32Val : null;

    private static double? Number(Value value) => value.HasDoubleVal ? value.DoubleVal : value.HasFloatVal ? value.FloatVal : Whole(value);

    private static long? Time(Value value) =>
        (value.HasUnixTimestampVal ? value.UnixTimestampVal : Whole(value)) is { } seconds && Math.Abs(seconds) <= long.MaxValue / 1_000_000
            ? seconds * 1_000_000
            : null;

    private static SlipwayException Wrong(ColumnSchema schema, Value value, int row) => SlipwayException.Invalid(
        $"Value {row} of '{schema.Name}' must be a {schema.Type.ToString().ToLowerInvariant()}; it is a {value.ValCase}.");
}
