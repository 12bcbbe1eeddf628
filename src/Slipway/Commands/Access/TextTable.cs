namespace Slipway.Commands.Access;

/// <summary>Rows for people: columns as wide as their widest value, two spaces apart.</summary>
internal static class TextTable
{
    public static void Write(string[] heads, IEnumerable<string[]> rows)
    {
        string[][] all = [heads, .. rows];
        var widths = heads.Select((_, column) => all.Max(row => row[column].Length)).ToArray();
        foreach (var row in all)
        {
            Console.Out.WriteLine(string.Join("  ", row.Select((value, column) => value.PadRight(widths[column]))).TrimEnd());
        }
    }

    public static string Time(long? ms, string none) => ms is { } given
        ? DateTimeOffset.FromUnixTimeMilliseconds(given).ToString("yyyy-MM-dd HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture)
        : none;
}
