using Slipway.Core.Errors;

namespace Slipway.Platform.Foundation.Filters;

internal enum TokenKind
{
    /// <summary>A bare word: a keyword, or an identifier with its dots.</summary>
    Word,

    /// <summary>Text between quotes or backticks.</summary>
    Quoted,
    Number,

    /// <summary>A comparison, a parenthesis or a comma.</summary>
    Symbol,
    End,
}

/// <param name="Text">Without its quotes.</param>
/// <param name="Position">Of its first character, from 1.</param>
/// <param name="Quote">The quote it stood in, or NUL.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Position, char Quote = '\0')
{
    public string Shown => Kind switch
    {
        TokenKind.Quoted => $"{Quote}{Text}{Quote}",
        TokenKind.End => "the end",
        _ => $"'{Text}'",
    };

    public bool Is(string word) => Kind is TokenKind.Word or TokenKind.Symbol && Text.Equals(word, StringComparison.OrdinalIgnoreCase);
}

/// <summary>Splits a filter into its tokens.</summary>
internal static class FilterTokens
{
    public static List<Token> Of(string text)
    {
        var tokens = new List<Token>();
        var at = 0;
        while (true)
        {
            while (at < text.Length && char.IsWhiteSpace(text[at]))
            {
                at++;
            }

            if (at == text.Length)
            {
                tokens.Add(new Token(TokenKind.End, "", at + 1));
                return tokens;
            }

            var token = Next(text, at, out var length);
            tokens.Add(token);
            at += length;
        }
    }

    private static Token Next(string text, int at, out int length)
    {
        var first = text[at];
        if (first is '\'' or '"' or '`')
        {
            var end = text.IndexOf(first, at + 1);
            length = end - at + 1;
            return end > 0
                ? new Token(TokenKind.Quoted, text[(at + 1)..end], at + 1, first)
                : throw SlipwayException.Invalid($"Invalid clause(s) in filter string: the quote {first} at character {at + 1} is not closed.");
        }

        if (char.IsAsciiDigit(first) || (first is '-' or '+' or '.' && at + 1 < text.Length && (char.IsAsciiDigit(text[at + 1]) || text[at + 1] == '.')))
        {
            length = Run(text, at, c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '+');
            return new Token(TokenKind.Number, text.Substring(at, length), at + 1);
        }

        if (char.IsLetter(first) || first == '_')
        {
            length = Run(text, at, c => char.IsLetterOrDigit(c) || c is '_' or '.' or '-' or '/' or ':');
            return new Token(TokenKind.Word, text.Substring(at, length), at + 1);
        }

        length = at + 1 < text.Length && text.Substring(at, 2) is "!=" or "<=" or ">=" or "<>" ? 2 : 1;
        var symbol = text.Substring(at, length);
        return symbol is "=" or "!=" or "<" or "<=" or ">" or ">=" or "(" or ")" or ","
            ? new Token(TokenKind.Symbol, symbol, at + 1)
            : throw SlipwayException.Invalid($"Invalid clause(s) in filter string: '{symbol}' at character {at + 1}.");
    }

    private static int Run(string text, int at, Func<char, bool> belongs)
    {
        var end = at + 1;
        while (end < text.Length && belongs(text[end]))
        {
            end++;
        }

        return end - at;
    }
}
