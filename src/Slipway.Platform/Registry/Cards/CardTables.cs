using System.Globalization;
using System.Text;

namespace Slipway.Platform.Registry.Cards;

/// <summary>Tables and plain text in Markdown.</summary>
internal static class CardTables
{
    /// <returns>"Not known." without rows.</returns>
    public static string Table(IReadOnlyList<string> head, IEnumerable<IReadOnlyList<string>>? rows)
    {
        var lines = rows?.ToList() ?? [];
        if (lines.Count == 0)
        {
            return "Not known.";
        }

        var table = new StringBuilder();
        table.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", head)} |\n|{string.Concat(head.Select(_ => "---|"))}");
        foreach (var line in lines)
        {
            table.Append(CultureInfo.InvariantCulture, $"\n| {string.Join(" | ", line.Select(cell => Plain(cell.Length == 0 ? "not known" : cell)))} |");
        }

        return table.ToString();
    }

    public static string Number(double value) => value.ToString("G6", CultureInfo.InvariantCulture);

    public static string Time(long us) => DateTimeOffset.UnixEpoch.AddTicks(us * TimeSpan.TicksPerMicrosecond)
        .ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>A name must not break a table, start markup or become HTML.</summary>
    public static string Plain(string text)
    {
        var plain = new StringBuilder(text.Length);
        foreach (var c in text.ReplaceLineEndings(" "))
        {
            if (c is '|' or '<' or '>' or '&' or '`' or '*' or '[' or ']' or '\\')
            {
                plain.Append('\\');
            }

            plain.Append(c);
        }

        return plain.ToString();
    }
}
