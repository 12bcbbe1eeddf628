using System.Collections;
using Google.Protobuf.WellKnownTypes;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Protocols.Feast.Wire;
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
            var array when array.IsArray() => Column.Array(
                schema.Name, array,
                [.. values.Select((v, i) => nulls[i] ? null : Elements(schema, v) ?? throw Wrong(schema, v, i))]),
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
        bool[] flags => new Value { BoolListVal = new BoolList { Val = { flags } } },
        long[] times when column.Type == DataType.TimestampArray =>
            new Value { UnixTimestampListVal = new Int64List { Val = { times.Select(FeastJson.Seconds) } } },
        long[] wholes => new Value { Int64ListVal = new Int64List { Val = { wholes } } },
        float[] singles => new Value { FloatListVal = new FloatList { Val = { singles } } },
        double[] numbers => new Value { DoubleListVal = new DoubleList { Val = { numbers } } },
        string[] texts => new Value { StringListVal = new StringList { Val = { texts } } },
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

    /// <summary>Null where it is no list of the elements wanted, or of another dimension.</summary>
    private static byte[]? Elements(ColumnSchema schema, Value value)
    {
        System.Collections.ICollection? list = (schema.Type.Element(), value.ValCase) switch
        {
            (DataType.Bool, Value.ValOneofCase.BoolListVal) => value.BoolListVal.Val,
            (DataType.String, Value.ValOneofCase.StringListVal) => value.StringListVal.Val,
            (DataType.Timestamp, Value.ValOneofCase.UnixTimestampListVal) when value.UnixTimestampListVal.Val.All(IsTime) =>
                value.UnixTimestampListVal.Val.Select(seconds => seconds * 1_000_000).ToArray(),
            (not (DataType.Bool or DataType.String or DataType.Timestamp), Value.ValOneofCase.Int64ListVal) => value.Int64ListVal.Val,
            (not (DataType.Bool or DataType.String or DataType.Timestamp), Value.ValOneofCase.Int32ListVal) => value.Int32ListVal.Val,
            (DataType.Float32 or DataType.Float64, Value.ValOneofCase.FloatListVal) => value.FloatListVal.Val,
            (DataType.Float32 or DataType.Float64, Value.ValOneofCase.DoubleListVal) => value.DoubleListVal.Val,
            _ => null,
        };
        return list is not null && (schema.Dimension ?? list.Count) == list.Count ? PackedArray.Of(schema.Type, list) : null;
    }

    private static bool IsTime(long seconds) => Math.Abs(seconds) <= long.MaxValue / 1_000_000;

    private static SlipwayException Wrong(ColumnSchema schema, Value value, int row) => SlipwayException.Invalid(
        $"Value {row} of '{schema.Name}' must be a {schema.TypeText()}; it is a {value.ValCase}.");
}
