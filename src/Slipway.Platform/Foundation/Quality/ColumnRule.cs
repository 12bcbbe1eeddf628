using System.Globalization;
using Slipway.Core.Data;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Foundation.Quality;

/// <summary>What the values of one column must be.</summary>
/// <param name="Min">Smallest value, inclusive: a number, or a time as ISO 8601.</param>
/// <param name="Max">Largest value, inclusive.</param>
/// <param name="Pattern">A regular expression (RE2) that the whole text must match.</param>
/// <param name="Allowed">The only values there may be; empty: any.</param>
public sealed record ColumnRule(
    string Name, DataType Type, bool Nullable, string? Min, string? Max, string? Pattern, IReadOnlyList<string> Allowed)
{
    /// <summary>Null when all that is written fits the column's type; else the value that does not.</summary>
    internal string? Misfit() => new[] { Min, Max }.Concat(Allowed).OfType<string>().FirstOrDefault(text => !IsLiteral(text));

    /// <summary>Each part of the rule as a condition in DuckDB's SQL that a good row meets.</summary>
    internal IEnumerable<RowTest> Tests()
    {
        var column = Sql.Name(Name);
        if (!Nullable)
        {
            yield return new RowTest($"{Name}.null", $"{column} is not null");
        }

        if (Min is not null || Max is not null)
        {
            var low = Min is null ? "true" : $"{column} >= {Literal(Min)}";
            var high = Max is null ? "true" : $"{column} <= {Literal(Max)}";
            yield return new RowTest($"{Name}.range", $"{column} is null or ({low} and {high})");
        }

        if (Pattern is not null)
        {
            yield return new RowTest($"{Name}.pattern", $"{column} is null or regexp_full_match({column}, {Sql.Text(Pattern)})");
        }

        if (Allowed.Count > 0)
        {
            yield return new RowTest($"{Name}.allowed", $"{column} is null or {column} in ({string.Join(", ", Allowed.Select(Literal))})");
        }
    }

    private bool IsLiteral(string text) => Type switch
    {
        DataType.String => true,
        DataType.Bool => text is "true" or "false",
        DataType.Timestamp => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _),
        _ => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number),
    };

    private string Literal(string text) => Type switch
    {
        DataType.String => Sql.Text(text),
        DataType.Timestamp =>
            $"make_timestamp({Microseconds.From(DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal))})",
        _ => text,
    };
}

/// <param name="Rule">Such as <c>delay.range</c> or <c>unique(date, origin)</c>.</param>
/// <param name="Condition">Holds for a good row; null counts as broken.</param>
internal sealed record RowTest(string Rule, string Condition)
{
    /// <summary>Of rows that are equal in these columns the first is good.</summary>
    /// <param name="order">The column that says which is first.</param>
    public static RowTest Unique(IReadOnlyList<string> columns, string order) => new(
        $"unique({string.Join(", ", columns)})",
        $"row_number() over (partition by {string.Join(", ", columns.Select(Sql.Name))} order by {order}) = 1");

    /// <summary>The test's name as SQL text where a row breaks it, else null.</summary>
    public string Broken(string value) => $"case when not coalesce(({Condition}), false) then {value} end";
}
