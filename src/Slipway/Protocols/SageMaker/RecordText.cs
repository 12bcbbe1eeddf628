using System.Globalization;
using System.Text.RegularExpressions;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Protocols.SageMaker;

/// <summary>Values as the protocol carries them, all of them text, and back.</summary>
internal static partial class RecordText
{
    public const int MaxChars = 358_400;

    private const NumberStyles Fraction = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    /// <returns>Of the column's type.</returns>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the column, what it takes and the text.</exception>
    public static object Parse(ColumnSchema column, string text)
    {
        if (text.Length > MaxChars)
        {
            throw SlipwayException.Invalid($"A value holds at most {MaxChars} characters; that of '{column.Name}' has {text.Length}.");
        }

        return column.Type switch
        {
            DataType.String => text,
            DataType.Int64 => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
                ? whole : throw Wrong(column, text, "an integer of 64 bits"),
            DataType.Bool => bool.TryParse(text, out var flag) ? flag : throw Wrong(column, text, "true or false"),
            DataType.Timestamp => Time(text) ?? throw Wrong(column, text, "a time like 2024-01-02T03:04:05Z, or seconds since the epoch"),
            DataType.Float32 or DataType.Float64 => double.TryParse(text, Fraction, CultureInfo.InvariantCulture, out var number) && IsFinite(column, number)
                ? number : throw Wrong(column, text, "a finite number"),
            _ => throw SlipwayException.Invalid($"Feature '{column.Name}' is {column.Type}, which the protocol has no text for."),
        };
    }

    public static string Write(ColumnSchema column, object value) => value switch
    {
        string text => text,
        bool flag => flag ? "true" : "false",
        long us when column.Type == DataType.Timestamp => WireTime.Rfc3339(us),
        double number when column.Type == DataType.Float32 => ((float)number).ToString("R", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString("R", CultureInfo.InvariantCulture),
        _ => throw new InvalidOperationException($"Column '{column.Name}' holds a {value.GetType().Name}."),
    };

    /// <returns>Microseconds since the epoch; null for what is no time, or one outside the years 1 to 9999.</returns>
    private static long? Time(string text)
    {
        if (Iso8601().IsMatch(text))
        {
            return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
                ? Microseconds.From(time) : null;
        }

        return decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
            && seconds >= DateTimeOffset.MinValue.ToUnixTimeSeconds() && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? (long)(seconds * 1_000_000) : null;
    }

    private static bool IsFinite(ColumnSchema column, double number) =>
        column.Type == DataType.Float32 ? float.IsFinite((float)number) : double.IsFinite(number);

    private static SlipwayException Wrong(ColumnSchema column, string text, string wanted) => SlipwayException.Invalid(
        $"Feature '{column.Name}' must be {wanted}; got '{(text.Length <= 64 ? text : text[..64] + "…")}'.");

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)$", RegexOptions.CultureInvariant)]
    private static partial Regex Iso8601();
}
