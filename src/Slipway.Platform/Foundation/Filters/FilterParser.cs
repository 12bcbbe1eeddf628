using Slipway.Core.Errors;

namespace Slipway.Platform.Foundation.Filters;

/// <summary>
/// Recursive descent: <c>any := all (OR all)*</c>, <c>all := part (AND part)*</c>, <c>part := '(' any ')' | comparison</c>.
/// </summary>
internal sealed class FilterParser(FilterGrammar grammar, List<Token> tokens)
{
    private const int MaxDepth = 20;
    private int at;
    private int depth;
    private int comparisons;

    private Token Current => tokens[at];

    public Filter Parse()
    {
        var filter = Any();
        return Current.Kind == TokenKind.End ? filter : throw Unexpected("AND, OR or the end");
    }

    public Ordering ParseOrder(string clause)
    {
        var (entity, key) = Identifier();
        var descending = Current.Is("desc");
        if (descending || Current.Is("asc"))
        {
            at++;
        }

        return Current.Kind == TokenKind.End
            ? new Ordering(entity.Name, key.Name, key.Type, descending)
            : throw SlipwayException.Invalid(
                $"Invalid order_by clause '{clause}'. Could not be parsed: {Current.Shown} at character {Current.Position}; expected ASC, DESC or the end.");
    }

    private Filter Any()
    {
        var parts = new List<Filter> { All() };
        while (Current.Is("or"))
        {
            at++;
            parts.Add(All());
        }

        return parts.Count == 1 ? parts[0] : new AnyOf(parts);
    }

    private Filter All()
    {
        var parts = new List<Filter> { Part() };
        while (Current.Is("and"))
        {
            at++;
            parts.Add(Part());
        }

        return parts.Count == 1 ? parts[0] : new AllOf(parts);
    }

    private Filter Part()
    {
        if (!Current.Is("("))
        {
            return Comparison();
        }

        if (++depth > MaxDepth)
        {
            throw SlipwayException.Invalid($"Invalid clause(s) in filter string: parentheses nest at most {MaxDepth} deep; character {Current.Position} goes deeper.");
        }

        at++;
        var inner = Any();
        Expect(")");
        depth--;
        return inner;
    }

    private Comparison Comparison()
    {
        if (++comparisons > FilterGrammar.MaxComparisons)
        {
            throw SlipwayException.Invalid($"A filter holds at most {FilterGrammar.MaxComparisons} comparisons; character {Current.Position} starts another.");
        }

        var (entity, key) = Identifier();
        var operatorAt = Current;
        var op = Operator();
        return FilterGrammar.Compare(entity, key, operatorAt, op, op switch
        {
            FilterOperator.IsNull or FilterOperator.IsNotNull => [],
            FilterOperator.In or FilterOperator.NotIn => List(),
            _ => [Value()],
        });
    }

    private (FilterEntity Entity, FilterKey Key) Identifier()
    {
        var identifier = Current;
        if (identifier.Kind is not (TokenKind.Word or TokenKind.Quoted) || identifier.Quote == '\'')
        {
            throw Unexpected("a key such as metrics.accuracy");
        }

        at++;
        if (identifier.Kind != TokenKind.Word || !identifier.Text.EndsWith('.'))
        {
            return grammar.Resolve(identifier, null);
        }

        if (Current.Kind != TokenKind.Quoted || Current.Quote == '\'')
        {
            throw Unexpected($"a key after '{identifier.Text}'");
        }

        return grammar.Resolve(identifier, tokens[at++]);
    }

    private FilterOperator Operator()
    {
        var token = Current;
        at++;
        switch (token.Text.ToLowerInvariant())
        {
            case "=" when token.Kind == TokenKind.Symbol: return FilterOperator.Equal;
            case "!=" when token.Kind == TokenKind.Symbol: return FilterOperator.NotEqual;
            case "<" when token.Kind == TokenKind.Symbol: return FilterOperator.Less;
            case "<=" when token.Kind == TokenKind.Symbol: return FilterOperator.LessOrEqual;
            case ">" when token.Kind == TokenKind.Symbol: return FilterOperator.Greater;
            case ">=" when token.Kind == TokenKind.Symbol: return FilterOperator.GreaterOrEqual;
            case "like" when token.Kind == TokenKind.Word: return FilterOperator.Like;
            case "ilike" when token.Kind == TokenKind.Word: return FilterOperator.ILike;
            case "in" when token.Kind == TokenKind.Word: return FilterOperator.In;
            case "not" when token.Kind == TokenKind.Word:
                Expect("in");
                return FilterOperator.NotIn;
            case "is" when token.Kind == TokenKind.Word:
                var not = Current.Is("not");
                at += not ? 1 : 0;
                Expect("null");
                return not ? FilterOperator.IsNotNull : FilterOperator.IsNull;
            default:
                at--;
                throw token.Kind == TokenKind.End
                    ? SlipwayException.Invalid($"Invalid comparison clause. Expected 3 tokens found 1: a comparison is missing at character {token.Position}.")
                    : Unexpected("a comparison such as = or >");
        }
    }

    private Token Value()
    {
        if (Current.Kind == TokenKind.End)
        {
            throw SlipwayException.Invalid($"Invalid comparison clause. Expected 3 tokens found 2: a value is missing at character {Current.Position}.");
        }

        return Current.Kind is TokenKind.Quoted or TokenKind.Number or TokenKind.Word ? tokens[at++] : throw Unexpected("a value");
    }

    private List<Token> List()
    {
        Expect("(");
        if (Current.Is(")"))
        {
            throw SlipwayException.Invalid($"While parsing a list in the query, expected a non-empty list of string values, got none at character {Current.Position}.");
        }

        var values = new List<Token> { Value() };
        while (Current.Is(","))
        {
            at++;
            values.Add(Value());
        }

        Expect(")");
        return values;
    }

    private void Expect(string word)
    {
        if (!Current.Is(word))
        {
            throw Unexpected($"'{word}'");
        }

        at++;
    }

    private SlipwayException Unexpected(string expected) => SlipwayException.Invalid(
        $"Invalid clause(s) in filter string: {Current.Shown} at character {Current.Position}; expected {expected}.");
}
