using Slipway.Platform.Foundation.Filters;
using Slipway.TestKit;

namespace Slipway.Tests.Foundation.Filters;

public abstract class FilterSqlContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private static readonly FilterGrammar Grammar = new(new FilterEntity(
        ["attribute"],
        [new FilterKey("name", FilterType.Text, [.. FilterOperators.TextOrNull, FilterOperator.In, FilterOperator.NotIn]), new FilterKey("size", FilterType.Number, FilterOperators.Numeric)]));

    [Theory]
    [InlineData("name LIKE 'Ab%'", "Abc")]
    [InlineData("name LIKE 'ab%'", "abd")]
    [InlineData("name LIKE 'a*%'", "a*c")]
    [InlineData("name LIKE '%[%'", "x[y")]
    [InlineData("name LIKE '%\\%'", "b\\c")]
    [InlineData("name LIKE 'é_'", "éz")]
    [InlineData("name ILIKE 'AB%'", "Abc,abd")]
    [InlineData("name ILIKE 'É_'", "")]
    [InlineData("name = 'abc'", "")]
    [InlineData("name != 'Abc'", "a*c,abd,b\\c,x[y,éz")]
    [InlineData("name IN ('Abc', 'éz', 'nobody')", "Abc,éz")]
    [InlineData("name NOT IN ('Abc', 'abd', 'éz')", "a*c,b\\c,x[y")]
    [InlineData("name IS NULL", "-")]
    [InlineData("size > 9007199254740990", "éz")]
    [InlineData("size > 1.5 AND size < 3.5", "a*c,abd")]
    [InlineData("size = 1 OR (size = 2 AND name = 'abd')", "Abc,abd")]
    public async Task A_comparison_means_the_same_on_both_engines(string filter, string expected)
    {
        await Db.ExecuteAsync("create table things (name text, size bigint not null)", null, Cancel);
        (string? Name, long Size)[] rows = [("Abc", 1), ("abd", 2), ("a*c", 3), ("x[y", 4), ("b\\c", 5), ("éz", 9007199254740991), (null, 0)];
        foreach (var (name, size) in rows)
        {
            await Db.ExecuteAsync("insert into things values (cast(@name as text), @size)", c => c.With("name", name).With("size", size), Cancel);
        }

        var sql = new FilterSql(Db.Engine);
        var condition = FilterSql.Of(Grammar.Parse(filter)!, comparison => sql.Compare(comparison.Key, comparison));
        var found = await Db.QueryAsync(
            $"select coalesce(name, '-') from things where {condition}", sql.BindTo, row => row.GetString(0), Cancel);

        Assert.Equal(expected, string.Join(',', found.Order(StringComparer.Ordinal)));
    }
}

public sealed class SqliteFilterSqlTests() : FilterSqlContract(null);

public sealed class PostgresFilterSqlTests(PostgresServer postgres) : FilterSqlContract(postgres);
