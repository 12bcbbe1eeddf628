using System.Globalization;
using System.Xml;

namespace Slipway.Platform.Foundation.Yaml;

/// <summary>Lengths of time as people write them: 500ms, 30s, 30m, 2h, 1.5d, 1w, 0, or ISO 8601 (PT30M).</summary>
public static class Duration
{
    private static readonly (string Suffix, TimeSpan Unit)[] Units =
    [
        ("ms", TimeSpan.FromMilliseconds(1)), ("s", TimeSpan.FromSeconds(1)), ("m", TimeSpan.FromMinutes(1)),
        ("h", TimeSpan.FromHours(1)), ("d", TimeSpan.FromDays(1)), ("w", TimeSpan.FromDays(7)),
    ];

    /// <summary>False for what is no duration, is negative, or is longer than a <see cref="TimeSpan"/> holds.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        if (text == "0")
        {
            return true;
        }

        if (text.StartsWith('P'))
        {
            return TryParseIso(text, out duration);
        }

        foreach (var (suffix, unit) in Units)
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal)
                && decimal.TryParse(
                    text.AsSpan(0, text.Length - suffix.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount))
            {
                var fits = amount <= (decimal)TimeSpan.MaxValue.Ticks / unit.Ticks;
                duration = fits ? TimeSpan.FromTicks((long)(amount * unit.Ticks)) : TimeSpan.Zero;
                return fits;
            }
        }

        return false;
    }

    private static bool TryParseIso(string text, out TimeSpan duration)
    {
        try
        {
            duration = XmlConvert.ToTimeSpan(text);
            return duration >= TimeSpan.Zero;
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            duration = TimeSpan.Zero;
            return false;
        }
    }
}
