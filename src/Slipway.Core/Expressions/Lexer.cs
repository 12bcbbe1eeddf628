using System.Text;

namespace Slipway.Core.Expressions;

/// <summary>Cuts an expression into tokens; the last is always <see cref="TokenKind.End"/>.</summary>
internal sealed class Lexer(string text)
{
    private static readonly HashSet<string> Words = new(StringComparer.OrdinalIgnoreCase)
    {
        "and", "or", "not", "is", "in", "between", "null", "true", "false",
    };

    private static readonly string[] Symbols = ["<=", ">=", "<>", "!=", "==", "||", "+", "-", "*", "/", "%", "(", ")", ",", "=", "<", ">"];

    private int at;

    public List<Token> Tokens()
    {
        var tokens = new List<Token>();
        do
        {
            tokens.Add(Next());
        }
        while (tokens[^1].Kind != TokenKind.End);
        return tokens;
    }

    private Token Next()
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
        {
            at++;
        }

        if (at == text.Length)
        {
            return new Token(TokenKind.End, "", at + 1);
        }

        var c = text[at];
        if (char.IsAsciiDigit(c) || (c == '.' && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1])))
        {
            return Number();
        }

        return c switch
        {
            '\'' => Quoted('\'', TokenKind.Text),
            '"' => Quoted('"', TokenKind.Name),
            _ when char.IsLetter(c) || c == '_' => Word(),
            _ => Symbol(),
        };
    }

    private Token Number()
    {
        var start = at;
        SkipDigits();
        var isFloat = at < text.Length && text[at] == '.';
        if (isFloat)
        {
            at++;
            SkipDigits();
        }

        if (at < text.Length && text[at] is 'e' or 'E')
        {
            isFloat = true;
            at++;
            if (at < text.Length && text[at] is '+' or '-')
            {
                at++;
            }

            SkipDigits();
        }

        return new Token(isFloat ? TokenKind.Float : TokenKind.Integer, text[start..at], start + 1);
    }

    private void SkipDigits()
    {
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            at++;
        }
    }

    private Token Word()
    {
        var start = at;
        while (at < text.Length && (char.IsLetterOrDigit(text[at]) || text[at] == '_'))
        {
            at++;
        }

        var word = text[start..at];
        return Words.Contains(word)
            ? new Token(TokenKind.Word, word.ToLowerInvariant(), start + 1)
            : new Token(TokenKind.Name, word, start + 1);
    }

    /// <summary>A quote inside is written twice, as in SQL.</summary>
    private Token Quoted(char quote, TokenKind kind)
    {
        var start = at++;
        var content = new StringBuilder();
        while (at < text.Length)
        {
            var c = text[at++];
            if (c != quote)
            {
                content.Append(c);
            }
            else if (at < text.Length && text[at] == quote)
            {
                content.Append(quote);
                at++;
            }
            else
            {
                return new Token(kind, content.ToString(), start + 1);
            }
        }

        throw ExpressionError.At(text, start + 1, $"the {quote} that opens here is never closed.");
    }

    private Token Symbol()
    {
        foreach (var symbol in Symbols)
        {
            if (string.CompareOrdinal(text, at, symbol, 0, symbol.Length) == 0)
            {
                at += symbol.Length;
                return new Token(TokenKind.Symbol, symbol, at - symbol.Length + 1);
            }
        }

        throw ExpressionError.At(text, at + 1, $"'{text[at]}' has no meaning here.");
    }
}
