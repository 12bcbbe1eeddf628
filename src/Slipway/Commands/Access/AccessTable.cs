using System.Globalization;
using Slipway.Commands.Client;

namespace Slipway.Commands.Access;

/// <summary>Rows of keys, users and the audit log for people, whose names and words come from others.</summary>
internal static class AccessTable
{
    public static void Write(string[] heads, IEnumerable<string[]> rows) => new TextTable(heads, [.. rows]).WriteTo(Console.Out);

    public static string Time(long? ms, string none) => ms is { } given
        ? DateTimeOffset.FromUnixTimeMilliseconds(given).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)
        : none;
}
