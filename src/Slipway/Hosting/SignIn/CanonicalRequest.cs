using System.Buffers;
using System.Text;

namespace Slipway.Hosting.SignIn;

/// <summary>The one form of a request that both ends sign: method, path, query, signed headers with their names, and the body's hash.</summary>
internal static class CanonicalRequest
{
    private static readonly SearchValues<char> Unreserved =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");

    /// <param name="target">Path and query as they were sent, escapes and all.</param>
    /// <param name="headers">In lower case, sorted, each with its values.</param>
    /// <param name="bodyHash">SHA-256 of the body, in lower-case hex.</param>
    public static string Of(string method, string target, IReadOnlyList<(string Name, string[] Values)> headers, string bodyHash)
    {
        var question = target.IndexOf('?', StringComparison.Ordinal);
        var (path, query) = question < 0 ? (target, "") : (target[..question], target[(question + 1)..]);
        var text = new StringBuilder().Append(method).Append('\n').Append(Path(path)).Append('\n').Append(Query(query)).Append('\n');
        foreach (var (name, values) in headers)
        {
            text.Append(name).Append(':').AppendJoin(',', values.Select(OneSpace)).Append('\n');
        }

        return text.Append('\n').AppendJoin(';', headers.Select(header => header.Name)).Append('\n').Append(bodyHash).ToString();
    }

    /// <summary>Escaped once more than it was sent, which all services but S3 ask for; without empty, <c>.</c> and <c>..</c> segments.</summary>
    private static string Path(string path)
    {
        var kept = new List<string>();
        foreach (var segment in path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(segment => segment != "."))
        {
            if (segment != "..")
            {
                kept.Add(Escape(segment));
            }
            else if (kept.Count > 0)
            {
                kept.RemoveAt(kept.Count - 1);
            }
        }

        return kept.Count == 0 ? "/" : $"/{string.Join('/', kept)}{(path.EndsWith('/') ? "/" : "")}";
    }

    /// <summary>Sorted by escaped name, then value; a plus sign is itself and no space.</summary>
    private static string Query(string query) => string.Join('&', query.Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Select(pair => pair.Split('=', 2))
        .Select(pair => (Name: Again(pair[0]), Value: pair.Length == 1 ? "" : Again(pair[1])))
        .OrderBy(pair => pair.Name, StringComparer.Ordinal).ThenBy(pair => pair.Value, StringComparer.Ordinal)
        .Select(pair => $"{pair.Name}={pair.Value}"));

    private static string Again(string text) => Escape(Uri.UnescapeDataString(text));

    private static string OneSpace(string value) => string.Join(' ', value.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private static string Escape(string text)
    {
        if (!text.AsSpan().ContainsAnyExcept(Unreserved))
        {
            return text;
        }

        var escaped = new StringBuilder(text.Length * 2);
        foreach (var unit in Encoding.UTF8.GetBytes(text))
        {
            _ = Unreserved.Contains((char)unit) ? escaped.Append((char)unit) : escaped.Append('%').Append(unit.ToString("X2", null));
        }

        return escaped.ToString();
    }
}
