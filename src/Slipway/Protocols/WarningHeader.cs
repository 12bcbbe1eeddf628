using System.Globalization;
using System.Text;

namespace Slipway.Protocols;

/// <summary>
/// What a caller should know beside the answer, such as that a view is deprecated, where a protocol's answer has no place for it: the
/// header <c>Warning</c> with code 299, "miscellaneous persistent warning" (RFC 7234, 5.5).
/// </summary>
internal static class WarningHeader
{
    public const string Name = "Warning";

    public static void Append(HttpResponse response, IEnumerable<string> warnings)
    {
        foreach (var warning in warnings)
        {
            response.Headers.Append(Name, Value(warning));
        }
    }

    /// <summary>A header carries printable ASCII only; all else is UTF-8 with percent signs.</summary>
    public static string Value(string warning)
    {
        var text = new StringBuilder("299 slipway \"");
        foreach (var rune in warning.EnumerateRunes())
        {
            if (rune.Value is >= ' ' and < 127)
            {
                text.Append(rune.Value is '"' or '\\' ? "\\" : "").Append((char)rune.Value);
                continue;
            }

            foreach (var unit in Encoding.UTF8.GetBytes(rune.ToString()))
            {
                text.Append(CultureInfo.InvariantCulture, $"%{unit:X2}");
            }
        }

        return text.Append('"').ToString();
    }
}
