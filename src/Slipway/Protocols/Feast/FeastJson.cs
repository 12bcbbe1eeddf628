using System.Text.Json;
using Slipway.Core.Data;

namespace Slipway.Protocols.Feast;

/// <summary>An answer as JSON, by column. A time among the values is whole seconds since the epoch; JSON has no NaN, so that is text.</summary>
internal static class FeastJson
{
    private static readonly JsonEncodedText[] StatusNames =
        [.. Enum.GetNames<FeastStatus>().Select(name => JsonEncodedText.Encode(JsonNamingPolicy.SnakeCaseUpper.ConvertName(name)))];

    public static void Write(Utf8JsonWriter json, IReadOnlyList<FeastVector> vectors)
    {
        json.WriteStartObject();
        json.WriteStartArray("results"u8);
        foreach (var vector in vectors)
        {
            json.WriteStartObject();
            WriteEach(json, "values"u8, vector.Values.Length, row => WriteValue(json, vector.Values, row));
            WriteEach(json, "statuses"u8, vector.Values.Length, row => json.WriteStringValue(StatusNames[(int)vector.Statuses[row]]));
            WriteEach(json, "event_timestamps"u8, vector.Values.Length, row => json.WriteStringValue(WireTime.Rfc3339(vector.EventTimesUs[row])));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("metadata"u8);
        WriteEach(json, "feature_names"u8, vectors.Count, i => json.WriteStringValue(vectors[i].Name));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Whole seconds, rounded down.</summary>
    public static long Seconds(long microseconds) => Math.DivRem(microseconds, 1_000_000) is var (seconds, rest) && rest < 0 ? seconds - 1 : seconds;

    private static void WriteEach(Utf8JsonWriter json, ReadOnlySpan<byte> name, int count, Action<int> write)
    {
        json.WriteStartArray(name);
        for (var i = 0; i < count; i++)
        {
            write(i);
        }

        json.WriteEndArray();
    }

    private static void WriteArray(Utf8JsonWriter json, DataType element, Array values)
    {
        json.WriteStartArray();
        foreach (var value in values)
        {
            WriteValue(json, element, value is float single ? (double)single : value);
        }

        json.WriteEndArray();
    }

    private static void WriteValue(Utf8JsonWriter json, Column column, int row) => WriteValue(json, column.Type, column.Value(row));

    private static void WriteValue(Utf8JsonWriter json, DataType type, object? one)
    {
        switch (one)
        {
            case null: json.WriteNullValue(); break;
            case bool flag: json.WriteBooleanValue(flag); break;
            case long us when type == DataType.Timestamp: json.WriteNumberValue(Seconds(us)); break;
            case long whole: json.WriteNumberValue(whole); break;
            case double number when double.IsFinite(number): json.WriteNumberValue(number); break;
            case double number: json.WriteStringValue(double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity"); break;
            case string text: json.WriteStringValue(text); break;
            case Array elements: WriteArray(json, type.Element(), elements); break;
            case var other: throw new InvalidOperationException($"A {type.Text()} is a {other.GetType().Name}.");
        }
    }
}
