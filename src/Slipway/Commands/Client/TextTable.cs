using System.Globalization;
using System.Text;

namespace Slipway.Commands.Client;

/// <summary>
/// Aligned columns. On a terminal that is too narrow the widest columns are cut; into a file or a pipe every cell is whole.
/// Numbers stand right.
/// </summary>
internal sealed class TextTable(IReadOnlyList<string> titles, IReadOnlyList<string?[]> rows)
{
    private const int Gap = 2;
    private const int LeastWidth = 8;

    public void WriteTo(TextWriter writer) => writer.Write(Render(TerminalWidth()));

    /// <param name="width">In columns; null for as many as it takes.</param>
    public string Render(int? width)
    {
        var cells = rows.Select(row => row.Select(cell => Plain(cell ?? "")).ToArray()).ToList();
        int[] widths = [.. titles.Select((title, column) => cells.Select(row => row[column].Length).Append(title.Length).Max())];
        Shrink(widths, width);
        bool[] right = [.. titles.Select((_, column) => cells.Any(row => row[column].Length > 0) && cells.All(row => row[column].Length == 0 || IsNumber(row[column])))];
        var text = new StringBuilder();
        if (titles.Any(title => title.Length > 0))
        {
            AppendRow(text, [.. titles], widths, right);
        }

        foreach (var row in cells)
        {
            AppendRow(text, row, widths, right);
        }

        return text.ToString();
    }

    /// <summary>A name that somebody chose must not move the cursor or start a new line.</summary>
    public static string Plain(string text) => string.Concat(text.ReplaceLineEndings(" ").Select(c => char.IsControl(c) ? '\uFFFD' : c));

    private static int? TerminalWidth()
    {
        if (Console.IsOutputRedirected)
        {
            return null;
        }

        try
        {
            return Console.WindowWidth > 0 ? Console.WindowWidth : null;
        }
        catch (IOException)
        {
            // A terminal that does not say how wide it is.
            return null;
        }
    }

    /// <summary>Takes columns from the widest until the row fits or none has any to give.</summary>
    private static void Shrink(int[] widths, int? limit)
    {
        while (limit is { } most && widths.Sum() + (Gap * (widths.Length - 1)) > most)
        {
            var widest = Array.IndexOf(widths, widths.Max());
            if (widths[widest] <= LeastWidth)
            {
                return;
            }

            widths[widest]--;
        }
    }

    private static void AppendRow(StringBuilder text, string[] row, int[] widths, bool[] right)
    {
        var start = text.Length;
        for (var column = 0; column < row.Length; column++)
        {
            var cell = row[column].Length > widths[column] ? row[column][..(widths[column] - 1)] + "…" : row[column];
            text.Append(right[column] ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column])).Append(' ', Gap);
        }

        var end = text.Length;
        while (end > start && text[end - 1] == ' ')
        {
            end--;
        }

        text.Length = end;
        text.Append('\n');
    }

    private static bool IsNumber(string cell) => double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
}
