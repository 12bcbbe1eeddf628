namespace Slipway.Core.Expressions;

internal enum TokenKind
{
    Integer,
    Float,
    Text,
    Name,

    /// <summary>A word with a meaning of its own: and, or, not, is, in, between, null, true, false. Held in lower case.</summary>
    Word,
    Symbol,
    End,
}

/// <param name="Text">The content: unescaped for strings and quoted names.</param>
/// <param name="Position">1-based column of the first character.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Position)
{
    public bool Is(string text) => Kind is TokenKind.Symbol or TokenKind.Word && Text == text;

    public override string ToString() => Kind == TokenKind.End ? "the end" : $"'{Text}'";
}
