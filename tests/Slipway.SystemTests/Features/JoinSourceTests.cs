using Npgsql;

namespace Slipway.SystemTests.Features;

/// <summary>Where the rows of <c>slipway features join</c> may come from.</summary>
public sealed class JoinSourceTests(PostgresServer postgres) : IDisposable
{
    private const string Entities = "item,event_timestamp\n007,2024-01-02T12:00:00Z\n8,2024-01-02T12:00:00Z\n";

    private readonly JoinFolder folder = new();

    public void Dispose() => folder.Dispose();

    private void Define(string source) => folder.Write("features.yaml", $$"""
        entities:
          - {name: item, join_keys: [{name: item, type: string}]}
        feature_views:
          - {name: prices, kind: batch, entities: [item], source: {{source}}, features: [{name: price, type: float64}]}
        """);

    [Theory]
    [InlineData("{path: prices}")]
    [InlineData("{path: \"prices/day=*/*/*.parquet\"}")]
    public async Task Partitioned_folders_and_patterns_are_one_source_whose_folders_are_columns(string source)
    {
        Define(source);
        await folder.ParquetAsync("prices/day=1/item=007/b.parquet", "select timestamp '2024-01-01 10:00' as event_timestamp, 1.0::float as price");
        await folder.ParquetAsync("prices/day=1/item=007/a.parquet", "select timestamp '2024-01-01 10:00' as event_timestamp, 2.0::float as price");
        await folder.ParquetAsync("prices/day=2/item=8/a.parquet", "select timestamp '2024-01-02 10:00' as event_timestamp, 3.0::float as price");

        var lines = await folder.JoinAsync(Entities, "--features", "prices:price");

        // Files arrive in the order of their names, so of the tie in 007 b wins.
        Assert.Equal(["007,2024-01-02T12:00:00Z,1.0", "8,2024-01-02T12:00:00Z,3.0"], lines[1..]);
    }

    [Fact]
    public async Task A_table_or_query_of_PostgreSQL_is_a_source_whose_secret_is_in_the_environment()
    {
        var connect = await postgres.CreateDatabaseAsync(TestContext.Current.CancellationToken);
        await using (var connection = new NpgsqlConnection(connect))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var create = new NpgsqlCommand(
                """
                create schema shop;
                create table shop.prices (item text, event_timestamp timestamptz, price numeric(10, 2), seen point);
                insert into shop.prices values ('007', '2024-01-02 13:00+02', 1.25, null), ('007', '2024-01-02 12:00:00.000001+00', 9, null),
                    ('8', '2024-01-01 00:00+00', null, null), (null, '2024-01-01 00:00+00', 5, null)
                """,
                connection);
            await create.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var secret = new Dictionary<string, string> { ["SLIPWAY_POSTGRES_WAREHOUSE"] = connect };
        folder.Write("entities.csv", Entities);
        string[] join = ["--entities", "entities.csv", "--features", "prices:price", "--out", "out.csv"];

        Define("{postgres: warehouse, table: shop.prices}");
        var table = await folder.RunAsync(secret, join);
        Assert.Equal(("", 0), (table.Errors, table.ExitCode));
        Assert.Equal("item,event_timestamp,price\n007,2024-01-02T12:00:00Z,1.25\n8,2024-01-02T12:00:00Z,\n", folder.Read("out.csv"));

        Define("{postgres: warehouse, sql: \"select item, event_timestamp, price * 2 as price from shop.prices\"}");
        await folder.RunAsync(secret, join);
        Assert.Equal("item,event_timestamp,price\n007,2024-01-02T12:00:00Z,2.5\n8,2024-01-02T12:00:00Z,\n", folder.Read("out.csv"));

        var unset = await folder.RunAsync(null, join);
        Assert.Equal(
            "slipway: features.yaml:4:59: The source on the PostgreSQL connection 'warehouse' needs the environment variable SLIPWAY_POSTGRES_WAREHOUSE "
            + "with its connection string.", Assert.Single(unset.ErrorLines));

        Define("{postgres: warehouse, table: nowhere}");
        var refused = await folder.RunAsync(secret, join);
        Assert.Equal("slipway: features.yaml:4:59: PostgreSQL (warehouse) refused: relation \"nowhere\" does not exist", Assert.Single(refused.ErrorLines));
    }
}
