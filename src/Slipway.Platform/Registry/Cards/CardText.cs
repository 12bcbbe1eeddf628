using System.Text;

namespace Slipway.Platform.Registry.Cards;

/// <summary>A card's Markdown as sections, each below a heading of the second level, and back.</summary>
internal static class CardText
{
    private const string Heading = "## ";

    /// <returns>Titles and what stands below them; what stands before the first heading has an empty title. A title that comes twice
    /// is one section.</returns>
    public static IReadOnlyList<(string Title, string Markdown)> Split(string card)
    {
        var sections = new OrderedDictionary<string, StringBuilder>(StringComparer.Ordinal) { [""] = new StringBuilder() };
        var (current, fenced) = (sections[""], false);
        foreach (var line in card.ReplaceLineEndings("\n").Split('\n'))
        {
            // A line of code may look like a heading.
            fenced ^= line.StartsWith("```", StringComparison.Ordinal);
            if (!fenced && line.StartsWith(Heading, StringComparison.Ordinal))
            {
                var title = line[Heading.Length..].Trim();
                if (!sections.TryGetValue(title, out current!))
                {
                    sections[title] = current = new StringBuilder();
                }

                continue;
            }

            current.Append(line).Append('\n');
        }

        return [.. sections.Select(s => (s.Key, s.Value.ToString().Trim('\n', ' '))).Where(s => s.Key.Length > 0 || s.Item2.Length > 0)];
    }

    public static string Join(IEnumerable<(string Title, string Markdown)> sections)
    {
        var card = new StringBuilder();
        foreach (var (title, markdown) in sections)
        {
            card.Append(title.Length == 0 ? "" : $"{Heading}{title}\n\n").Append(markdown).Append(markdown.Length == 0 ? "" : "\n\n");
        }

        return card.ToString().TrimEnd('\n') + "\n";
    }
}
