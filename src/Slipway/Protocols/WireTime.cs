using System.Globalization;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Protocols;

internal static class WireTime
{
    /// <summary>RFC 3339 in UTC with 0, 3 or 6 digits behind the second, as many as it needs.</summary>
    public static string Rfc3339(long microseconds) => Microseconds.ToDateTime(microseconds).ToString(
        (microseconds % 1_000_000, microseconds % 1000) switch
        {
            (0, _) => "yyyy-MM-dd'T'HH:mm:ss'Z'",
            (_, 0) => "yyyy-MM-dd'T'HH:mm:ss.fff'Z'",
            _ => "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'",
        },
        CultureInfo.InvariantCulture);
}
