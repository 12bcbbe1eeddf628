using System.Globalization;
using System.Xml;

namespace Slipway.Platform.Foundation.Yaml;

public static class Duration
{
    /// <summary>Reads <c>90s</c>, <c>30m</c>, <c>2h</c>, <c>1d</c>, <c>2w</c>, or ISO 8601; never negative.</summary>
    public static bool TryParse(string text, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        if (text is "0")
        {
            return true;
        }

        if (text.StartsWith('P'))
        {
            return TryParseIso(text, out value);
        }

        if (text.Length < 2
            || !double.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        TimeSpan? unit = text[^1] switch
        {
            's' => TimeSpan.FromSeconds(1),
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            'w' => TimeSpan.FromDays(7),
            _ => null,
        };
        if (unit is null || number * unit.Value.TotalDays > 36500)
        {
            return false;
        }

        value = unit.Value * number;
        return true;
    }

    private static bool TryParseIso(string text, out TimeSpan value)
    {
        try
        {
            value = XmlConvert.ToTimeSpan(text);
            return value >= TimeSpan.Zero;
        }
        catch (Exception wrong) when (wrong is FormatException or OverflowException)
        {
            value = TimeSpan.Zero;
            return false;
        }
    }
}
