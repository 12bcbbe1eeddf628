using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Filters;

namespace Slipway.Tests.Foundation.Filters;

public sealed class FilterGrammarTests
{
    private static readonly FilterGrammar Runs = new(
        new FilterEntity(
            ["attribute", "attributes", "attr", "run"],
            [
                new FilterKey("status", FilterType.Text, FilterOperators.Text),
                new FilterKey("run_name", FilterType.Text, FilterOperators.Text, "run name", "Run name"),
                new FilterKey("run_id", FilterType.Text, FilterOperators.TextOrList),
                new FilterKey("start_time", FilterType.Number, FilterOperators.Numeric, "created", "Created"),
            ]),
        new FilterEntity(["metric", "metrics"], [], new FilterKey("", FilterType.Number, FilterOperators.Numeric)),
        new FilterEntity(["tag", "tags"], [], new FilterKey("", FilterType.Text, FilterOperators.TextOrNull)));

    [Fact]
    public void A_filter_is_comparisons_joined_by_and()
    {
        var parts = Assert.IsType<AllOf>(Runs.Parse("metrics.acc >= 0.9 and tags.team = 'ml' AND status != \"FAILED\"")).Parts;

        Assert.Collection(
            parts,
            p => AssertComparison(p, "metric", "acc", FilterOperator.GreaterOrEqual, 0.9),
            p => AssertComparison(p, "tag", "team", FilterOperator.Equal, "ml"),
            p => AssertComparison(p, "attribute", "status", FilterOperator.NotEqual, "FAILED"));
    }

    [Theory]
    [InlineData("metrics.`my metric` > 1", "my metric")]
    [InlineData("metrics.\"a/b c\" > 1", "a/b c")]
    [InlineData("metrics.train/loss>1", "train/loss")]
    [InlineData("metric.mlflow.a.b > 1", "mlflow.a.b")]
    [InlineData("METRICS.x > 1", "x")]
    public void A_key_with_odd_characters_stands_in_backticks_or_quotes(string filter, string key) =>
        Assert.Equal(key, Assert.IsType<Comparison>(Runs.Parse(filter)).Key);

    [Fact]
    public void A_key_has_the_name_it_is_an_alias_of()
    {
        Assert.Equal("run_name", Assert.IsType<Comparison>(Runs.Parse("attributes.`Run name` LIKE '%x%'")).Key);
        Assert.Equal("start_time", Assert.IsType<Comparison>(Runs.Parse("created > 5")).Key);
    }

    [Fact]
    public void And_binds_closer_than_or_and_parentheses_closest()
    {
        var either = Assert.IsType<AnyOf>(Runs.Parse("metrics.a > 1 OR metrics.b > 1 AND metrics.c > 1"));
        Assert.IsType<Comparison>(either.Parts[0]);
        Assert.IsType<AllOf>(either.Parts[1]);

        var both = Assert.IsType<AllOf>(Runs.Parse("(metrics.a > 1 OR metrics.b > 1) AND metrics.c > 1"));
        Assert.IsType<AnyOf>(both.Parts[0]);
    }

    [Fact]
    public void Lists_and_null_checks_are_comparisons_too()
    {
        Assert.Equal(["a", "b"], Assert.IsType<Comparison>(Runs.Parse("run_id IN ('a', \"b\")")).Texts);
        Assert.Equal(FilterOperator.NotIn, Assert.IsType<Comparison>(Runs.Parse("run_id not in ('a')")).Operator);
        Assert.Equal(FilterOperator.IsNotNull, Assert.IsType<Comparison>(Runs.Parse("tags.x IS NOT NULL")).Operator);
        Assert.Equal(FilterOperator.IsNull, Assert.IsType<Comparison>(Runs.Parse("tags.x is null")).Operator);
    }

    [Fact]
    public void An_empty_filter_is_none()
    {
        Assert.Null(Runs.Parse(null));
        Assert.Null(Runs.Parse("  "));
    }

    [Theory]
    [InlineData("metrics.a > 'x'", "Expected numeric value type for metric. Found 'x' at character 13.")]
    [InlineData("start_time > 'x'", "Expected numeric value type for numeric attribute: start_time. Found 'x' at character 14.")]
    [InlineData("metrics.a > 1e999", "Expected numeric value type for metric. Found '1e999' at character 13.")]
    [InlineData("tags.a = x", "Expected a quoted string value for tag 'a' (e.g. 'my-value'). Got 'x' at character 10.")]
    [InlineData("tags.a = 5", "Expected a quoted string value for tag 'a' (e.g. 'my-value'). Got '5' at character 10.")]
    [InlineData("foo.a = 'x'", "Invalid entity type 'foo' at character 1. Valid values are ['attribute', 'attributes', 'attr', 'run', 'metric', 'metrics', 'tag', 'tags'].")]
    [InlineData("colour = 'x'", "Invalid attribute key 'colour' specified at character 1. Valid keys are ['status', 'run_name', 'run_id', 'start_time'].")]
    [InlineData("metrics.a LIKE 'x'", "Invalid comparator 'LIKE' for metric 'a' at character 11. Valid comparators are ['>', '>=', '!=', '=', '<', '<='].")]
    [InlineData("metrics.a >", "Invalid comparison clause. Expected 3 tokens found 2: a value is missing at character 12.")]
    [InlineData("metrics.a", "Invalid comparison clause. Expected 3 tokens found 1: a comparison is missing at character 10.")]
    [InlineData("metrics.a > 1 metrics.b > 2", "Invalid clause(s) in filter string: 'metrics.b' at character 15; expected AND, OR or the end.")]
    [InlineData("metrics.a > 1 AND", "Invalid clause(s) in filter string: the end at character 18; expected a key such as metrics.accuracy.")]
    [InlineData("tags.a = 'x", "Invalid clause(s) in filter string: the quote ' at character 10 is not closed.")]
    [InlineData("(metrics.a > 1", "Invalid clause(s) in filter string: the end at character 15; expected ')'.")]
    [InlineData("metrics.a ; 1", "Invalid clause(s) in filter string: ';' at character 11.")]
    [InlineData("run_id IN ()", "While parsing a list in the query, expected a non-empty list of string values, got none at character 12.")]
    public void A_refusal_names_the_token_and_where_it_stands(string filter, string message)
    {
        var error = Assert.Throws<SlipwayException>(() => Runs.Parse(filter));

        Assert.Equal(message, error.Message);
        Assert.Equal(ErrorKind.Invalid, error.Kind);
    }

    [Fact]
    public void A_filter_is_bounded_in_comparisons_and_depth()
    {
        var many = string.Join(" AND ", Enumerable.Repeat("metrics.a > 1", FilterGrammar.MaxComparisons + 1));
        Assert.Contains("at most 100 comparisons", Assert.Throws<SlipwayException>(() => Runs.Parse(many)).Message, StringComparison.Ordinal);

        var deep = new string('(', 10_000) + "metrics.a > 1";
        Assert.Contains("at most 20 deep", Assert.Throws<SlipwayException>(() => Runs.Parse(deep)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_order_is_ascending_unless_it_says_otherwise()
    {
        Assert.Equal(
            [new Ordering("metric", "a b", FilterType.Number, true), new Ordering("attribute", "start_time", FilterType.Number, false)],
            Runs.ParseOrder(["metrics.`a b` DESC", "Created"]));
    }

    [Theory]
    [InlineData("start_time sideways", "Invalid order_by clause 'start_time sideways'. Could not be parsed: 'sideways' at character 12; expected ASC, DESC or the end.")]
    [InlineData("foo.bar", "Invalid entity type 'foo' at character 1.")]
    public void An_order_that_is_none_is_refused(string clause, string message) =>
        Assert.StartsWith(message, Assert.Throws<SlipwayException>(() => Runs.ParseOrder([clause])).Message, StringComparison.Ordinal);

    [Fact]
    public void An_order_names_a_key_once() =>
        Assert.Contains(
            "duplicate fields", Assert.Throws<SlipwayException>(() => Runs.ParseOrder(["start_time", "Created DESC"])).Message, StringComparison.Ordinal);

    private static void AssertComparison(Filter filter, string entity, string key, FilterOperator op, double number)
    {
        var c = Assert.IsType<Comparison>(filter);
        Assert.Equal((entity, key, op, number), (c.Entity, c.Key, c.Operator, c.Number));
    }

    private static void AssertComparison(Filter filter, string entity, string key, FilterOperator op, string text)
    {
        var c = Assert.IsType<Comparison>(filter);
        Assert.Equal((entity, key, op, text), (c.Entity, c.Key, c.Operator, c.Text));
    }
}
