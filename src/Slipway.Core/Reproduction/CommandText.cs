using System.Text;
using Slipway.Core.Errors;

namespace Slipway.Core.Reproduction;

/// <summary>A command as one line of text and as its words, in the quoting that a POSIX shell and people share.</summary>
public static class CommandText
{
    /// <summary>Quotes the words that need it, with single quotes.</summary>
    public static string Join(IEnumerable<string> words) => string.Join(' ', words.Select(Quote));

    /// <summary>
    /// The words of a line: spaces part them; single quotes keep everything, double quotes all but <c>\"</c>, <c>\\</c>,
    /// <c>\$</c> and <c>\`</c>. Nothing is expanded.
    /// </summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when a quote is left open.</exception>
    public static IReadOnlyList<string> Split(string line)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var (started, quote) = (false, '\0');
        for (var i = 0; i < line.Length; i++)
        {
            var c = line[i];
            if (quote == '\0' && char.IsWhiteSpace(c))
            {
                if (started)
                {
                    words.Add(word.ToString());
                    word.Clear();
                }

                started = false;
                continue;
            }

            started = true;
            if (c == quote)
            {
                quote = '\0';
            }
            else if (quote == '\0' && c is '\'' or '"')
            {
                quote = c;
            }
            else if (c == '\\' && i + 1 < line.Length && (quote == '\0' || (quote == '"' && line[i + 1] is '"' or '\\' or '$' or '`')))
            {
                word.Append(line[++i]);
            }
            else
            {
                word.Append(c);
            }
        }

        if (quote != '\0')
        {
            throw SlipwayException.Invalid($"The command has a {quote} that is not closed: {line}");
        }

        if (started)
        {
            words.Add(word.ToString());
        }

        return words;
    }

    private static string Quote(string word) =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/' or ':' or '=' or ',' or '+' or '@' or '%' or '*')
            ? word
            : "'" + word.Replace("'", @"'\''", StringComparison.Ordinal) + "'";
}
