using System.Globalization;
using Slipway.Core.Errors;

namespace Slipway.Platform.Foundation.Filters;

/// <summary>
/// The search language of one kind of object, after MLflow's (<c>metrics.acc > 0.9 AND tags.team = 'ml'</c>), with OR and
/// parentheses beyond it. What it refuses, it refuses naming the token and where it stands.
/// </summary>
/// <param name="bare">The entity of a key without a prefix.</param>
/// <param name="others">The other entities.</param>
public sealed class FilterGrammar(FilterEntity bare, params FilterEntity[] others)
{
    public const int MaxLength = 20_000;
    public const int MaxComparisons = 100;

    /// <returns>Null for an empty filter, which every row meets.</returns>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/></exception>
    public Filter? Parse(string? filter)
    {
        Limit.Text("A filter", filter, MaxLength);
        return string.IsNullOrWhiteSpace(filter) ? null : new FilterParser(this, FilterTokens.Of(filter)).Parse();
    }

    /// <param name="orderBy">Such as <c>metrics.`my loss` DESC</c>; ascending where it does not say.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/>, also for a key that is named twice.</exception>
    public IReadOnlyList<Ordering> ParseOrder(IReadOnlyList<string> orderBy)
    {
        Limit.Range("The number of order_by clauses", orderBy.Count, 0, 20);
        var orders = new List<Ordering>();
        foreach (var clause in orderBy)
        {
            Limit.Name("An order_by clause", clause, 1000);
            var order = new FilterParser(this, FilterTokens.Of(clause)).ParseOrder(clause);
            if (orders.Any(o => o.Entity == order.Entity && o.Key == order.Key))
            {
                throw SlipwayException.Invalid($"`order_by` contains duplicate fields: '{order.Key}' is there twice.");
            }

            orders.Add(order);
        }

        return orders;
    }

    /// <param name="identifier">A word with or without a prefix, or a key in quotes.</param>
    internal (FilterEntity Entity, FilterKey Key) Resolve(Token identifier, Token? quotedKey)
    {
        var (prefix, key) = Split(identifier, quotedKey);
        var entity = prefix is null ? bare : others.Prepend(bare).FirstOrDefault(e => e.Prefixes.Contains(prefix, StringComparer.OrdinalIgnoreCase))
            ?? throw SlipwayException.Invalid(
                $"Invalid entity type '{prefix}' at character {identifier.Position}. Valid values are [{Names(others.Prepend(bare).SelectMany(e => e.Prefixes))}].");
        return (entity, entity.Find(key) ?? throw SlipwayException.Invalid(
            $"Invalid {entity.Name} key '{key}' specified at character {identifier.Position}. Valid keys are [{Names(entity.Keys.Select(k => k.Name))}]."));
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for an operator or a value that the key does not take.</exception>
    internal static Comparison Compare(FilterEntity entity, FilterKey key, Token at, FilterOperator op, IReadOnlyList<Token> values)
    {
        if (!key.Operators.Contains(op))
        {
            throw SlipwayException.Invalid(
                $"Invalid comparator '{FilterOperators.Symbol(op)}' for {entity.Name} '{key.Name}' at character {at.Position}. "
                + $"Valid comparators are [{Names(key.Operators.Select(FilterOperators.Symbol))}].");
        }

        if (key.Type == FilterType.Number)
        {
            return new Comparison(entity.Name, key.Name, key.Type, op, [], NumberOf(entity, key, values[0]));
        }

        foreach (var value in values)
        {
            if (value.Kind != TokenKind.Quoted || value.Quote == '`')
            {
                throw SlipwayException.Invalid(
                    $"Expected a quoted string value for {entity.Name} '{key.Name}' (e.g. 'my-value'). Got {value.Shown} at character {value.Position}.");
            }
        }

        return new Comparison(entity.Name, key.Name, key.Type, op, [.. values.Select(v => v.Text)], 0);
    }

    private static double NumberOf(FilterEntity entity, FilterKey key, Token value)
    {
        if (value.Kind == TokenKind.Number
            && double.TryParse(value.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
        {
            return number;
        }

        var what = entity.Any is null ? $"numeric attribute: {key.Name}" : entity.Name;
        throw SlipwayException.Invalid($"Expected numeric value type for {what}. Found {value.Shown} at character {value.Position}.");
    }

    private static (string? Prefix, string Key) Split(Token identifier, Token? quotedKey)
    {
        if (identifier.Kind == TokenKind.Quoted)
        {
            return (null, identifier.Text);
        }

        if (quotedKey is { } quoted)
        {
            return (identifier.Text[..^1], quoted.Text);
        }

        var dot = identifier.Text.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? (null, identifier.Text) : (identifier.Text[..dot], identifier.Text[(dot + 1)..]);
    }

    private static string Names(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"'{name}'"));
}
