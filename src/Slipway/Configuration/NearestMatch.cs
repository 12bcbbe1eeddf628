namespace Slipway.Configuration;

/// <summary>Finds what somebody probably meant to type.</summary>
internal static class NearestMatch
{
    /// <returns><c> (did you mean 'x'?)</c>, or nothing when no name is within a third of the word's length.</returns>
    public static string Suggest(string word, IEnumerable<string> names)
    {
        var best = names
            .Select(name => (Name: name, Distance: Distance(word, name)))
            .OrderBy(found => found.Distance)
            .ThenBy(found => found.Name, StringComparer.Ordinal)
            .FirstOrDefault((Name: "", Distance: int.MaxValue));
        return best.Distance <= Math.Max(1, word.Length / 3) ? $" (did you mean '{best.Name}'?)" : "";
    }

    /// <summary>Levenshtein distance: the fewest insertions, deletions and substitutions of one character.</summary>
    internal static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var substituted = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, 1 + Math.Min(row[j - 1], row[j]));
            }
        }

        return row[^1];
    }
}
