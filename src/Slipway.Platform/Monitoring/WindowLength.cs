using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Yaml;

namespace Slipway.Platform.Monitoring;

/// <summary>
/// The length of tumbling windows [start, start + length) in UTC. They are counted from Monday 1970-01-05: days begin at
/// midnight and weeks on Monday.
/// </summary>
[JsonConverter(typeof(WindowLengthJson))]
public readonly record struct WindowLength
{
    private const long Hour = 3_600_000_000;
    private const long Day = 24 * Hour;
    private const long Anchor = 4 * Day;

    private WindowLength(long microseconds) => Microseconds = microseconds;

    public static WindowLength OneDay { get; } = new(Day);

    public static WindowLength OneWeek { get; } = new(7 * Day);

    public long Microseconds { get; }

    /// <summary>Reads <c>1h</c>, <c>6h</c>, <c>1d</c>, <c>7d</c>, <c>1w</c>.</summary>
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Invalid"/> unless it is 1 to 92 whole days, or whole hours that divide a day.
    /// </exception>
    public static WindowLength Parse(string text) => Duration.TryParse(text, out var length)
        ? FromMicroseconds(length.Ticks / TimeSpan.TicksPerMicrosecond, text)
        : throw Wrong(text);

    /// <summary>The start of the window that holds the time.</summary>
    public long StartOf(long timeUs)
    {
        var offset = (timeUs - Anchor) % Microseconds;
        return timeUs - (offset < 0 ? offset + Microseconds : offset);
    }

    /// <summary>As it is written: <c>6h</c>, <c>1d</c>, <c>7d</c>.</summary>
    public override string ToString() => Microseconds % Day == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{Microseconds / Day}d")
        : string.Create(CultureInfo.InvariantCulture, $"{Microseconds / Hour}h");

    internal static WindowLength FromMicroseconds(long length, string? written = null) =>
        (length > 0 && length % Hour == 0 && Day % length == 0) || (length % Day == 0 && length is >= Day and <= 92 * Day)
            ? new(length)
            : throw Wrong(written ?? string.Create(CultureInfo.InvariantCulture, $"{length} µs"));

    private static SlipwayException Wrong(string text) => SlipwayException.Invalid(
        $"A window is 1 to 92 whole days, or whole hours that divide a day, such as 1d, 7d or 6h; got '{text}'.");

    private sealed class WindowLengthJson : JsonConverter<WindowLength>
    {
        public override WindowLength Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            Parse(reader.GetString() ?? "");

        public override void Write(Utf8JsonWriter writer, WindowLength value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}
