using Npgsql;

namespace Slipway.Tests.TestKit;

public sealed class PostgresServerTests(PostgresServer postgres)
{
    [Fact]
    public async Task Each_test_gets_its_own_empty_database()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var first = NpgsqlDataSource.Create(await postgres.CreateDatabaseAsync(cancel));
        await using var second = NpgsqlDataSource.Create(await postgres.CreateDatabaseAsync(cancel));

        await using (var create = first.CreateCommand("create table t (x int)"))
        {
            await create.ExecuteNonQueryAsync(cancel);
        }

        await using var count = second.CreateCommand("select count(*) from pg_tables where schemaname = 'public'");
        Assert.Equal(0L, await count.ExecuteScalarAsync(cancel));
    }

    [Fact]
    public async Task Its_text_order_is_a_language_and_not_byte_order()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var source = NpgsqlDataSource.Create(await postgres.CreateDatabaseAsync(cancel));

        await using var order = source.CreateCommand("select string_agg(x, '' order by x) from (values ('B'), ('a')) t(x)");
        Assert.Equal("aB", await order.ExecuteScalarAsync(cancel));
    }
}
