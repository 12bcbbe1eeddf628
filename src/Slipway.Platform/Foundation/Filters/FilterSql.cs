using System.Globalization;
using System.Text;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Foundation.Filters;

/// <summary>
/// Writes comparisons as SQL that means the same on both engines: LIKE tells upper from lower case and has no escape
/// character, ILIKE takes A to Z for a to z and no other letters.
/// </summary>
/// <remarks>SQLite's LIKE ignores case, so LIKE is GLOB there; PostgreSQL's ILIKE follows the locale, so it is given "C".</remarks>
public sealed class FilterSql(DbEngine engine)
{
    private readonly List<(string Name, object Value)> values = [];

    /// <summary>Gives a value a parameter of its own.</summary>
    /// <returns>The parameter, with its @.</returns>
    public string Bind(object value)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"f{values.Count}");
        values.Add((name, value));
        return $"@{name}";
    }

    public void BindTo(DbParameters parameters)
    {
        foreach (var (name, value) in values)
        {
            parameters.With(name, value);
        }
    }

    /// <param name="condition">The SQL of one comparison.</param>
    public static string Of(Filter filter, Func<Comparison, string> condition) => filter switch
    {
        AllOf all => $"({string.Join(" and ", all.Parts.Select(part => Of(part, condition)))})",
        AnyOf any => $"({string.Join(" or ", any.Parts.Select(part => Of(part, condition)))})",
        Comparison one => condition(one),
        _ => throw new ArgumentOutOfRangeException(nameof(filter), filter, "This kind of filter has no SQL."),
    };

    /// <summary>A comparison of a column or expression with the values of the comparison.</summary>
    /// <param name="column">SQL; NULL meets nothing but IS NULL.</param>
    public string Compare(string column, Comparison c) => c.Operator switch
    {
        FilterOperator.IsNull => $"{column} is null",
        FilterOperator.IsNotNull => $"{column} is not null",
        FilterOperator.In => $"{column} in ({string.Join(", ", c.Texts.Select(text => Bind(text)))})",
        FilterOperator.NotIn => $"{column} not in ({string.Join(", ", c.Texts.Select(text => Bind(text)))})",
        FilterOperator.Like when engine == DbEngine.Sqlite => $"{column} glob {Bind(Glob(c.Text))}",
        FilterOperator.Like => $"{column} like {Bind(c.Text)} escape ''",
        FilterOperator.ILike when engine == DbEngine.Sqlite => $"{column} like {Bind(c.Text)}",
        FilterOperator.ILike => $"{column} collate \"C\" ilike {Bind(c.Text)} escape ''",
        _ => $"{column} {FilterOperators.Symbol(c.Operator)} {Bind(c.Type == FilterType.Text ? c.Text : Exact(c.Number))}",
    };

    /// <summary>A whole number stays one, so that a column of integers is compared without rounding.</summary>
    private static object Exact(double number) =>
        number == Math.Truncate(number) && Math.Abs(number) < 1L << 53 ? (long)number : number;

    private static string Glob(string like)
    {
        var glob = new StringBuilder(like.Length + 8);
        foreach (var c in like)
        {
            _ = c switch
            {
                '%' => glob.Append('*'),
                '_' => glob.Append('?'),
                '*' or '?' or '[' => glob.Append('[').Append(c).Append(']'),
                _ => glob.Append(c),
            };
        }

        return glob.ToString();
    }
}
