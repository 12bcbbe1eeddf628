using System.Data.Common;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Database;
using Slipway.TestKit;

namespace Slipway.Tests.Foundation;

public abstract class DatabaseContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    protected override Task PrepareAsync() =>
        Db.ExecuteAsync("create table notes (id text collate \"C\" primary key, n bigint)".Replace(
            " collate \"C\"", Db.Engine == DbEngine.Sqlite ? "" : " collate \"C\"", StringComparison.Ordinal), null, Cancel);

    private Task AddAsync(DbSession session, string id, long? n = null) => session.ExecuteAsync(
        "insert into notes (id, n) values (@id, cast(@n as bigint))", c => c.With("id", id).With("n", n), Cancel);

    private Task<List<string>> IdsAsync() => Db.QueryAsync("select id from notes order by id", null, row => row.GetString(0), Cancel);

    [Fact]
    public async Task A_transaction_that_throws_leaves_nothing()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => Db.WriteAsync(
            async session =>
            {
                await AddAsync(session, "a");
                throw new InvalidOperationException("half-way");
            },
            Cancel));
        Assert.Empty(await IdsAsync());
    }

    [Fact]
    public async Task What_waits_for_the_commit_runs_after_it_and_never_after_a_rollback()
    {
        var seen = new List<string>();
        await Db.WriteAsync(
            async session =>
            {
                session.OnCommitted(() => seen.Add("committed"));
                await AddAsync(session, "a");
                Assert.Empty(seen);
            },
            Cancel);
        await Assert.ThrowsAsync<InvalidOperationException>(() => Db.WriteAsync(
            session =>
            {
                session.OnCommitted(() => seen.Add("rolled back"));
                throw new InvalidOperationException();
            },
            Cancel));
        Assert.Equal(["committed"], seen);
    }

    [Fact]
    public async Task Text_is_ordered_by_bytes_on_every_engine()
    {
        foreach (var id in new[] { "b", "A", "ä", "a", "B", "_" })
        {
            await Db.WriteAsync(session => AddAsync(session, id), Cancel);
        }

        Assert.Equal(["A", "B", "_", "a", "b", "ä"], await IdsAsync());
    }

    [Fact]
    public async Task A_taken_key_is_told_apart_from_other_failures()
    {
        await Db.WriteAsync(session => AddAsync(session, "a"), Cancel);
        var failure = await Assert.ThrowsAnyAsync<DbException>(() => Db.WriteAsync(session => AddAsync(session, "a"), Cancel));
        Assert.True(DbErrors.IsDuplicate(failure));
    }

    [Fact]
    public async Task Writers_at_the_same_time_all_succeed()
    {
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Db.WriteAsync(session => AddAsync(session, $"{i:000}", i), Cancel)));
        Assert.Equal(200, (await IdsAsync()).Count);
    }

    [Fact]
    public async Task Null_stays_null()
    {
        await Db.WriteAsync(session => AddAsync(session, "a"), Cancel);
        var n = await Db.FirstAsync("select n from notes", null, row => row.Long(0), Cancel);
        Assert.Null(n);
    }

    [Fact]
    public async Task A_second_process_sees_what_was_committed()
    {
        await Db.WriteAsync(session => AddAsync(session, "a"), Cancel);
        await using var other = OpenAgain();
        Assert.Equal(1, await other.FirstAsync("select count(*) from notes", null, row => row.GetInt64(0), Cancel));
    }
}

public sealed class DatabaseOnSqlite() : DatabaseContract(null);

public sealed class DatabaseOnPostgres(PostgresServer postgres) : DatabaseContract(postgres);

public sealed class BrokenDatabaseTests
{
    [Fact]
    public async Task A_file_that_is_not_a_database_is_named_as_such()
    {
        using var folder = new TempFolder();
        await using var db = Db.OpenSqlite(folder.WriteText("slipway.db", new string('x', 5000)));
        var error = await Assert.ThrowsAsync<SlipwayException>(
            () => db.FirstAsync("select 1", null, row => row.GetInt64(0), TestContext.Current.CancellationToken));
        Assert.Equal(ErrorKind.Unavailable, error.Kind);
        Assert.Contains("corrupt or not a SQLite database", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_unavailable()
    {
        await using var db = Db.OpenPostgres("Host=127.0.0.1;Port=1;Username=nobody;Timeout=2");
        var error = await Assert.ThrowsAsync<SlipwayException>(
            () => db.FirstAsync("select 1", null, row => row.GetInt64(0), TestContext.Current.CancellationToken));
        Assert.Equal(ErrorKind.Unavailable, error.Kind);
        Assert.Contains("PostgreSQL cannot be reached", error.Message, StringComparison.Ordinal);
    }
}
