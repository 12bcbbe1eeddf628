namespace Slipway.Platform.Foundation.Filters;

public enum FilterOperator
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,

    /// <summary>% any text, _ any one character; upper and lower case differ.</summary>
    Like,

    /// <summary>The same, where A to Z equal a to z.</summary>
    ILike,
    In,
    NotIn,
    IsNull,
    IsNotNull,
}

public enum FilterType
{
    Text,
    Number,
}

/// <summary>A condition on the rows of a search: comparisons joined by AND, OR and parentheses.</summary>
public abstract record Filter
{
    private protected Filter()
    {
    }
}

public sealed record AllOf(IReadOnlyList<Filter> Parts) : Filter;

public sealed record AnyOf(IReadOnlyList<Filter> Parts) : Filter;

/// <param name="Entity">The canonical name, such as <c>metric</c>.</param>
/// <param name="Key">Such as a metric's key; for an attribute its canonical name.</param>
/// <param name="Texts">What is compared with, for text; several for a list, none for IS NULL.</param>
/// <param name="Number">What is compared with, for numbers.</param>
public sealed record Comparison(
    string Entity, string Key, FilterType Type, FilterOperator Operator, IReadOnlyList<string> Texts, double Number) : Filter
{
    public string Text => Texts[0];
}

/// <param name="Entity">The canonical name, such as <c>metric</c>.</param>
public sealed record Ordering(string Entity, string Key, FilterType Type, bool Descending);

/// <summary>What a key of an entity may be compared by.</summary>
/// <param name="Name">Canonical.</param>
/// <param name="Aliases">Other names of it.</param>
public sealed record FilterKey(string Name, FilterType Type, IReadOnlyList<FilterOperator> Operators, params string[] Aliases);

/// <summary>A kind of thing that a filter names, such as <c>metrics.accuracy</c> or <c>attributes.status</c>.</summary>
/// <param name="Prefixes">What it is called in a filter; the first is the canonical name.</param>
/// <param name="Keys">The keys there are; empty where any key may be meant.</param>
/// <param name="Any">The rule of a key that is not listed, null where there is none.</param>
public sealed record FilterEntity(IReadOnlyList<string> Prefixes, IReadOnlyList<FilterKey> Keys, FilterKey? Any = null)
{
    public string Name => Prefixes[0];

    internal FilterKey? Find(string key) =>
        Keys.FirstOrDefault(k => k.Name == key || k.Aliases.Contains(key, StringComparer.Ordinal)) ?? (Any is null ? null : Any with { Name = key });
}

/// <summary>The operators that kinds of keys usually take.</summary>
public static class FilterOperators
{
    public static IReadOnlyList<FilterOperator> Numeric { get; } =
        [FilterOperator.Greater, FilterOperator.GreaterOrEqual, FilterOperator.NotEqual, FilterOperator.Equal, FilterOperator.Less, FilterOperator.LessOrEqual];

    public static IReadOnlyList<FilterOperator> Text { get; } =
        [FilterOperator.Equal, FilterOperator.NotEqual, FilterOperator.Like, FilterOperator.ILike];

    public static IReadOnlyList<FilterOperator> TextOrNull { get; } = [.. Text, FilterOperator.IsNull, FilterOperator.IsNotNull];

    public static IReadOnlyList<FilterOperator> TextOrList { get; } = [.. Text, FilterOperator.In, FilterOperator.NotIn];

    internal static string Symbol(FilterOperator op) => op switch
    {
        FilterOperator.Equal => "=",
        FilterOperator.NotEqual => "!=",
        FilterOperator.Less => "<",
        FilterOperator.LessOrEqual => "<=",
        FilterOperator.Greater => ">",
        FilterOperator.GreaterOrEqual => ">=",
        FilterOperator.Like => "LIKE",
        FilterOperator.ILike => "ILIKE",
        FilterOperator.In => "IN",
        FilterOperator.NotIn => "NOT IN",
        FilterOperator.IsNull => "IS NULL",
        _ => "IS NOT NULL",
    };
}
