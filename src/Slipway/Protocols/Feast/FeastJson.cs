using System.Globalization;
using System.Text.Json;
using Slipway.Core.Data;
using Slipway.Platform.Foundation.Analytics;

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
            WriteEach(json, "event_timestamps"u8, vector.Values.Length, row => json.WriteStringValue(Time(vector.EventTimesUs[row])));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("metadata"u8);
        WriteEach(json, "feature_names"u8, vectors.Count, i => json.WriteStringValue(vectors[i].Name));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>RFC 3339 with 0, 3 or 6 digits behind the second, as many as it needs.</summary>
    public static string Time(long microseconds) => Microseconds.ToDateTime(microseconds).ToString(
        (microseconds % 1_000_000, microseconds % 1000) switch
        {
            (0, _) => "yyyy-MM-dd'T'HH:mm:ss'Z'",
            (_, 0) => "yyyy-MM-dd'T'HH:mm:ss.fff'Z'",
            _ => "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'",
        },
        CultureInfo.InvariantCulture);

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

    private static void WriteValue(Utf8JsonWriter json, Column column, int row)
    {
        switch (column.Value(row))
        {
            case null: json.WriteNullValue(); break;
            case bool flag: json.WriteBooleanValue(flag); break;
            case long us when column.Type == DataType.Timestamp: json.WriteNumberValue(Seconds(us)); break;
            case long whole: json.WriteNumberValue(whole); break;
            case double number when double.IsFinite(number): json.WriteNumberValue(number); break;
            case double number: json.WriteStringValue(double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity"); break;
            case string text: json.WriteStringValue(text); break;
            case var other: throw new InvalidOperationException($"Column '{column.Name}' holds a {other.GetType().Name}.");
        }
    }
}
