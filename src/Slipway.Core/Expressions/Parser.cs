using System.Globalization;
using Slipway.Core.Data;

namespace Slipway.Core.Expressions;

/// <summary>
/// Precedence climbing over the grammar, loosest first:
/// or · and · not · comparison, is [not] null, [not] in (…), [not] between … and … · || · + − · * / % · unary −.
/// </summary>
internal sealed class Parser(string text)
{
    /// <summary>Levels of nesting; beyond it the evaluation could exhaust the stack, and DuckDB refuses 1000.</summary>
    internal const int MaxDepth = 200;

    private const int NotLevel = 3;
    private const int ComparisonLevel = 4;
    private const int UnaryLevel = 8;

    private static readonly Dictionary<string, int> Levels = new()
    {
        ["or"] = 1,
        ["and"] = 2,
        ["="] = ComparisonLevel,
        ["=="] = ComparisonLevel,
        ["!="] = ComparisonLevel,
        ["<>"] = ComparisonLevel,
        ["<"] = ComparisonLevel,
        ["<="] = ComparisonLevel,
        [">"] = ComparisonLevel,
        [">="] = ComparisonLevel,
        ["is"] = ComparisonLevel,
        ["in"] = ComparisonLevel,
        ["between"] = ComparisonLevel,
        ["not"] = ComparisonLevel,
        ["||"] = 5,
        ["+"] = 6,
        ["-"] = 6,
        ["*"] = 7,
        ["/"] = 7,
        ["%"] = 7,
    };

    private readonly List<Token> tokens = new Lexer(text).Tokens();
    private int at;
    private int nesting;

    private Token Current => tokens[at];

    public Syntax Parse()
    {
        var syntax = Expression(0);
        return Current.Kind == TokenKind.End ? syntax : throw Expected("an operator or the end");
    }

    private Syntax Expression(int level)
    {
        if (++nesting > MaxDepth)
        {
            throw TooDeep(Current.Position);
        }

        var left = Operand();
        while (Current.Kind is TokenKind.Symbol or TokenKind.Word
            && Levels.TryGetValue(Current.Text, out var next) && next > level)
        {
            left = Operator(left, next);
        }

        nesting--;
        return left;
    }

    private Syntax Operator(Syntax left, int level)
    {
        var token = Take();
        switch (token.Text)
        {
            case "is":
                var negated = TryTake("not");
                Require("null");
                return Negate(negated, New(token, "is null", left));
            case "not" when TryTake("between"):
                return Negate(true, Between(token, left));
            case "not":
                Require("in");
                return Negate(true, New(token, "in", [left, .. ArgumentList()]));
            case "between":
                return Between(token, left);
            case "in":
                return New(token, "in", [left, .. ArgumentList()]);
            default:
                var name = token.Text switch { "==" => "=", "<>" => "!=", _ => token.Text };
                return New(token, name, left, Expression(level));
        }

        Syntax Negate(bool negate, Syntax syntax) => negate ? New(token, "not", syntax) : syntax;
    }

    /// <summary>Both ends included.</summary>
    private Call Between(Token token, Syntax value)
    {
        var least = Expression(ComparisonLevel);
        Require("and");
        var most = Expression(ComparisonLevel);
        return New(token, "between", value, least, most);
    }

    /// <summary>case when … then … [when …] [else …] end; the words are reserved in this place only.</summary>
    private Call Case(Token token)
    {
        var arguments = new List<Syntax>();
        while (TryTakeName("when"))
        {
            arguments.Add(Expression(0));
            RequireName("then");
            arguments.Add(Expression(0));
        }

        arguments.Add(TryTakeName("else") ? Expression(0) : new Literal(token.Position, null, null));
        RequireName("end");
        return New(token, "case", arguments);
    }

    private Syntax Operand()
    {
        var token = Take();
        return token.Kind switch
        {
            TokenKind.Integer => Integer(token),
            TokenKind.Float => Float(token),
            TokenKind.Text => new Literal(token.Position, DataType.String, token.Text),
            TokenKind.Name when Current.Is("(") => New(token, token.Text.ToLowerInvariant(), [.. ArgumentList()]),
            TokenKind.Name when IsName(token, "case") && IsName(Current, "when") => Case(token),
            TokenKind.Name => new Reference(token.Position, token.Text),
            _ => token.Text switch
            {
                "null" => new Literal(token.Position, null, null),
                "true" or "false" => new Literal(token.Position, DataType.Bool, token.Text == "true"),
                "not" => New(token, "not", Expression(NotLevel)),
                "-" => New(token, "negate", Expression(UnaryLevel)),
                "(" when token.Kind == TokenKind.Symbol => Parenthesised(),
                _ => throw ExpressionError.At(text, token.Position, $"expected a value, found {token}."),
            },
        };
    }

    private Syntax Parenthesised()
    {
        var inner = Expression(0);
        Require(")");
        return inner;
    }

    private List<Syntax> ArgumentList()
    {
        Require("(");
        var arguments = new List<Syntax>();
        if (TryTake(")"))
        {
            return arguments;
        }

        do
        {
            arguments.Add(Expression(0));
        }
        while (TryTake(","));
        Require(")");
        return arguments;
    }

    private Literal Integer(Token token) =>
        long.TryParse(token.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? new Literal(token.Position, DataType.Int64, value)
            : throw ExpressionError.At(text, token.Position, $"{token.Text} does not fit into 64 bits.");

    private Literal Float(Token token) =>
        double.TryParse(token.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
            ? new Literal(token.Position, DataType.Float64, value)
            : throw ExpressionError.At(text, token.Position, $"{token} is not a finite number.");

    private Call New(Token token, string function, params IReadOnlyList<Syntax> arguments)
    {
        var depth = 1 + arguments.Select(a => a.Depth).DefaultIfEmpty(0).Max();
        return depth <= MaxDepth ? new Call(token.Position, function, arguments, depth) : throw TooDeep(token.Position);
    }

    private Token Take() => Current.Kind == TokenKind.End ? Current : tokens[at++];

    private bool TryTake(string text)
    {
        if (!Current.Is(text))
        {
            return false;
        }

        at++;
        return true;
    }

    private static bool IsName(Token token, string name) =>
        token.Kind == TokenKind.Name && token.Text.Equals(name, StringComparison.OrdinalIgnoreCase);

    private bool TryTakeName(string name)
    {
        var found = IsName(Current, name);
        at += found ? 1 : 0;
        return found;
    }

    private void RequireName(string name)
    {
        if (!TryTakeName(name))
        {
            throw Expected($"'{name}'");
        }
    }

    private void Require(string text)
    {
        if (!TryTake(text))
        {
            throw Expected($"'{text}'");
        }
    }

    private Errors.SlipwayException Expected(string what) =>
        ExpressionError.At(text, Current.Position, $"expected {what}, found {Current}.");

    private Errors.SlipwayException TooDeep(int position) =>
        ExpressionError.At(text, position, $"nested deeper than {MaxDepth} levels.");
}
