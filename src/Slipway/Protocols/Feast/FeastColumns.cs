using System.Collections;
using System.Globalization;
using System.Text.Json;
using Slipway.Core.Data;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Protocols.Feast;

/// <summary>Lists of JSON values as columns of a declared type. A time is ISO 8601 or seconds since the epoch; nothing else is converted.</summary>
internal static class FeastColumns
{
    /// <param name="path">Where the list is, for errors.</param>
    /// <exception cref="FeastBodyException">Naming the column and the first value of another type.</exception>
    public static Column Read(string path, ColumnSchema schema, JsonElement list)
    {
        var values = list.EnumerateArray().ToArray();
        var nulls = new BitArray(values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            nulls[i] = values[i].ValueKind == JsonValueKind.Null;
        }

        T[] All<T>(Func<JsonElement, T?> read)
            where T : struct
        {
            var all = new T[values.Length];
            for (var i = 0; i < all.Length; i++)
            {
                all[i] = nulls[i] ? default : read(values[i]) ?? throw Wrong(path, schema, values[i], i);
            }

            return all;
        }

        return schema.Type switch
        {
            DataType.Bool => Column.Bool(schema.Name, All(Flag), nulls),
            DataType.Int64 => Column.Int64(schema.Name, All(Whole), nulls),
            DataType.Timestamp => Column.Timestamp(schema.Name, All(Time), nulls),
            DataType.Float32 => Column.Float32(schema.Name, All(value => Number(value) is { } number ? (float)number : (double?)null), nulls),
            DataType.Float64 => Column.Float64(schema.Name, All(Number), nulls),
            _ when schema.Type.IsArray() => Column.Array(
                schema.Name, schema.Type, [.. values.Select((value, i) => nulls[i] ? null : Elements(schema, value) ?? throw Wrong(path, schema, value, i))]),
            _ => Column.String(schema.Name, [.. values.Select((value, i) => nulls[i] ? null
                : value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(path, schema, value, i))]),
        };
    }

    /// <summary>Null where it is no list of the elements wanted, or of another dimension.</summary>
    private static byte[]? Elements(ColumnSchema schema, JsonElement list)
    {
        if (list.ValueKind != JsonValueKind.Array || (schema.Dimension ?? list.GetArrayLength()) != list.GetArrayLength())
        {
            return null;
        }

        object?[] elements = [.. list.EnumerateArray().Select(element => schema.Type.Element() switch
        {
            DataType.Bool => Flag(element),
            DataType.Int64 => Whole(element),
            DataType.Timestamp => Time(element),
            DataType.String => element.ValueKind == JsonValueKind.String ? element.GetString() : (object?)null,
            _ => Number(element),
        })];
        return elements.Contains(null) ? null : PackedArray.Of(schema.Type, elements);
    }

    private static bool? Flag(JsonElement value) =>
        value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : null;

    private static long? Whole(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var whole) ? whole : null;

    private static double? Number(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number) ? number : null;

    /// <returns>Microseconds since the epoch.</returns>
    public static long? Time(JsonElement value)
    {
        const long MaxSeconds = long.MaxValue / 1_000_000;
        if (Whole(value) is { } seconds)
        {
            return Math.Abs(seconds) <= MaxSeconds ? seconds * 1_000_000 : null;
        }

        return value.ValueKind == JsonValueKind.String && DateTimeOffset.TryParse(
            value.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? Microseconds.From(time) : null;
    }

    private static FeastBodyException Wrong(string path, ColumnSchema schema, JsonElement value, int row) => new(
        $"{path}.{schema.Name}.{row}", "type_error",
        $"Value {row} of '{schema.Name}' must be a {schema.TypeText()}; it is a JSON {value.ValueKind.ToString().ToLowerInvariant()}.");
}
