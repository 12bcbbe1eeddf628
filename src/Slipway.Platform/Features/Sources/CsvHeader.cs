using System.IO.Compression;
using System.Text;
using Slipway.Core.Errors;

namespace Slipway.Platform.Features.Sources;

/// <summary>The names in the first record of a CSV file. DuckDB's own guess may take a later line for it when a row is malformed.</summary>
internal static class CsvHeader
{
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the file is empty, or a name is missing or stands twice.</exception>
    public static IReadOnlyList<string> Read(string file)
    {
        using var stream = File.OpenRead(file);
        using Stream plain = file.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(stream, CompressionMode.Decompress) : stream;
        using var reader = new StreamReader(plain, new UTF8Encoding(false, throwOnInvalidBytes: false), detectEncodingFromByteOrderMarks: true);
        var names = Record(reader);
        if (names is [""])
        {
            throw SlipwayException.Invalid($"'{file}' is empty; a CSV file begins with the names of its columns.");
        }

        var problem = names.Contains("") ? "has a column without a name"
            : names.GroupBy(name => name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(same => same.Count() > 1) is { } twice
                ? $"has two columns called '{twice.Key}'" : null;
        return problem is null ? names : throw SlipwayException.Invalid($"'{file}' {problem}; its first line names {string.Join(", ", names)}.");
    }

    private static List<string> Record(StreamReader reader)
    {
        var names = new List<string>();
        var name = new StringBuilder();
        var quoted = false;
        while (reader.Read() is >= 0 and var next)
        {
            var c = (char)next;
            if (quoted ? c == '"' && reader.Peek() != '"' : c == '"')
            {
                quoted = !quoted;
            }
            else if (!quoted && c is '\r' or '\n' && !quoted)
            {
                break;
            }
            else if (!quoted && c == ',')
            {
                names.Add(name.ToString());
                name.Clear();
            }
            else
            {
                // Inside quotes, two quotes stand for one.
                _ = quoted && c == '"' ? reader.Read() : 0;
                name.Append(c);
            }
        }

        names.Add(name.ToString());
        return names;
    }
}
