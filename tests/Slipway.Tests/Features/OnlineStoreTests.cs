using Slipway.Core.Data;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Foundation.Database;
using Slipway.TestKit;

namespace Slipway.Tests.Features;

public abstract class OnlineStoreContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private OnlineStore store = null!;

    protected override Task PrepareAsync()
    {
        store = new OnlineStore(Db, new OnlineStoreOptions());
        return Task.CompletedTask;
    }

    private static OnlineRow Row(string key, long eventTime, long created, byte value) =>
        new(Keys(key).ToArray(0), eventTime, created, [value]);

    private static EntityKeys Keys(params string?[] keys) => EntityKeys.Of([Column.String("id", keys)], keys.Length);

    private async Task<byte?[]> ReadAsync(OnlineStore from, params string?[] keys) =>
        [.. (await from.ReadAsync("v@1", Keys(keys), Cancel)).Select(e => e?.Bytes[0])];

    [Fact]
    public async Task What_was_written_is_read_and_what_was_not_is_missing()
    {
        await store.WriteAsync("v@1", [Row("ORD", 10, 1, 7), Row("DEN", 11, 1, 8)], Cancel);
        Assert.Equal([8, null, 7, null], await ReadAsync(store, "DEN", "XXX", "ORD", null));
        var entry = (await store.ReadAsync("v@1", Keys("ORD"), Cancel))[0]!;
        Assert.Equal((10, 1), (entry.EventTimeUs, entry.CreatedUs));
        Assert.Null((await store.ReadAsync("v@2", Keys("ORD"), Cancel))[0]);
    }

    [Fact]
    public async Task A_view_without_an_entity_has_one_row()
    {
        var key = EntityKeys.Of([], 2);
        await store.WriteAsync("v@1", [new OnlineRow(key.ToArray(0), 1, 1, [1])], Cancel);
        await store.WriteAsync("v@1", [new OnlineRow(key.ToArray(1), 2, 1, [2])], Cancel);
        Assert.Equal([2, 2], (await store.ReadAsync("v@1", key, Cancel)).Select(e => e?.Bytes[0]));
        Assert.Equal([2, 2], (await new OnlineStore(Db, new OnlineStoreOptions { CacheMegabytes = 0 }).ReadAsync("v@1", key, Cancel)).Select(e => e?.Bytes[0]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_newest_event_wins_then_the_newest_computed_then_the_last_written(bool oneBatch)
    {
        OnlineRow[] rows = [Row("a", 5, 1, 1), Row("a", 9, 1, 2), Row("a", 9, 3, 3), Row("a", 9, 2, 4), Row("a", 8, 9, 5), Row("a", 9, 3, 6)];
        await ReadAsync(store, "a");
        if (oneBatch)
        {
            await store.WriteAsync("v@1", rows, Cancel);
        }
        else
        {
            foreach (var row in rows)
            {
                await store.WriteAsync("v@1", [row], Cancel);
            }
        }

        Assert.Equal([6], await ReadAsync(store, "a"));
        Assert.Equal([6], await ReadAsync(new OnlineStore(Db, new OnlineStoreOptions()), "a"));
    }

    [Fact]
    public async Task Another_process_cannot_put_an_older_row_over_a_newer_one()
    {
        await using var other = OpenAgain();
        await store.WriteAsync("v@1", [Row("a", 9, 1, 1)], Cancel);
        await new OnlineStore(other, new OnlineStoreOptions()).WriteAsync("v@1", [Row("a", 8, 5, 2), Row("b", 1, 1, 3)], Cancel);
        Assert.Equal([1, 3], await ReadAsync(store, "a", "b"));
    }

    [Fact]
    public async Task A_transaction_that_fails_leaves_no_trace_in_database_or_memory()
    {
        await store.WriteAsync("v@1", [Row("a", 1, 1, 1)], Cancel);
        Assert.Equal([1], await ReadAsync(store, "a"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Db.WriteAsync(
            async session =>
            {
                await store.WriteAsync(session, "v@1", [Row("a", 2, 1, 2)], Cancel);
                throw new InvalidOperationException("the rest failed");
            },
            Cancel));
        Assert.Equal([1], await ReadAsync(store, "a"));
        Assert.Equal([1], await ReadAsync(new OnlineStore(Db, new OnlineStoreOptions()), "a"));
    }

    [Fact]
    public async Task A_deleted_entity_is_gone_until_it_is_written_again()
    {
        await store.WriteAsync("v@1", [Row("a", 9, 1, 1), Row("b", 9, 1, 2)], Cancel);
        await ReadAsync(store, "a");
        Assert.True(await store.DeleteAsync("v@1", Keys("a").ToArray(0), Cancel));
        Assert.False(await store.DeleteAsync("v@1", Keys("a").ToArray(0), Cancel));
        Assert.Equal([null, 2], await ReadAsync(store, "a", "b"));
        await store.WriteAsync("v@1", [Row("a", 3, 1, 3)], Cancel);
        Assert.Equal([3, 2], await ReadAsync(store, "a", "b"));
    }

    [Fact]
    public async Task A_view_larger_than_the_memory_given_is_read_from_the_database()
    {
        var small = new OnlineStore(Db, new OnlineStoreOptions { CacheMegabytes = 0 });
        await small.WriteAsync("v@1", [Row("a", 1, 1, 1)], Cancel);
        Assert.Equal([1, null], await ReadAsync(small, "a", "b"));
        await small.WriteAsync("v@1", [Row("b", 1, 1, 2)], Cancel);
        Assert.Equal([1, 2, 1], await ReadAsync(small, "a", "b", "a"));
    }

    [Fact]
    public async Task Writers_and_readers_at_the_same_time_end_with_the_newest()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(w => Task.Run(
            async () =>
            {
                for (var i = 0; i < 25; i++)
                {
                    await store.WriteAsync("v@1", [Row("a", (i * 8) + w, 1, (byte)((i * 8) + w))], Cancel);
                    await ReadAsync(store, "a");
                }
            },
            Cancel)));
        Assert.Equal([199], await ReadAsync(store, "a"));
        Assert.Equal([199], await ReadAsync(new OnlineStore(Db, new OnlineStoreOptions()), "a"));
    }
}

public sealed class OnlineStoreOnSqlite() : OnlineStoreContract(null);

public sealed class OnlineStoreOnPostgres(PostgresServer postgres) : OnlineStoreContract(postgres);
