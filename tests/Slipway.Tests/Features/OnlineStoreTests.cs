using Slipway.Cluster;
using Slipway.Core.Data;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Foundation.Database;
using Slipway.TestKit;

[assembly: AssemblyFixture(typeof(RedisServer))]

namespace Slipway.Tests.Features;

/// <summary>A contract that holds wherever online rows are kept.</summary>
public abstract class OnEveryOnlineStore(PostgresServer? postgres, RedisServer? redis) : OnBothEngines(postgres)
{
    private readonly List<RedisOnlineStore> opened = [];
    private RedisAddress? address;

    protected override async Task PrepareAsync() => address = redis is null ? null : RedisAddress.Parse(await redis.AddressAsync(Cancel));

    /// <summary>The store as a process that starts now has it.</summary>
    protected IOnlineStore Open(Db? db = null)
    {
        if (address is null)
        {
            return new SqlOnlineStore(db ?? Db, new OnlineStoreOptions());
        }

        opened.Add(new RedisOnlineStore(address, db ?? Db, new RedisOnlineOptions(), TimeProvider.System));
        return opened[^1];
    }

    protected override async Task CleanUpAsync()
    {
        foreach (var store in opened)
        {
            await store.DisposeAsync();
        }
    }

    protected static OnlineRow Row(string key, long eventTime, long created, byte value) =>
        new(Keys(key).ToArray(0), eventTime, created, [value]);

    protected static EntityKeys Keys(params string?[] keys) => EntityKeys.Of([Column.String("id", keys)], keys.Length);

    protected static async Task<byte?[]> ReadAsync(OnlineStore from, params string?[] keys) =>
        [.. (await from.ReadAsync("v@1", Keys(keys), Cancel)).Select(e => e?.Bytes[0])];
}

public abstract class OnlineStoreContract(PostgresServer? postgres, RedisServer? redis) : OnEveryOnlineStore(postgres, redis)
{
    private OnlineStore store = null!;

    protected override async Task PrepareAsync()
    {
        await base.PrepareAsync();
        store = new OnlineStore(Open());
    }

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
        Assert.Equal([2, 2], (await new OnlineStore(Open()).ReadAsync("v@1", key, Cancel)).Select(e => e?.Bytes[0]));
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
        Assert.Equal([6], await ReadAsync(new OnlineStore(Open()), "a"));
    }

    [Fact]
    public async Task Another_process_cannot_put_an_older_row_over_a_newer_one()
    {
        await using var other = OpenAgain();
        await store.WriteAsync("v@1", [Row("a", 9, 1, 1)], Cancel);
        await new OnlineStore(Open(other)).WriteAsync("v@1", [Row("a", 8, 5, 2), Row("b", 1, 1, 3)], Cancel);
        Assert.Equal([1, 3], await ReadAsync(store, "a", "b"));
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
    public async Task A_deletion_up_to_a_time_leaves_a_later_row()
    {
        const long huge = (1L << 53) + 1;
        await store.WriteAsync("v@1", [Row("a", 9, 1, 1), Row("b", huge, 1, 2), Row("c", -7, 1, 3)], Cancel);
        await ReadAsync(store, "a");
        Assert.False(await store.DeleteAsync("v@1", Keys("a").ToArray(0), 8, Cancel));
        Assert.False(await store.DeleteAsync("v@1", Keys("b").ToArray(0), huge - 1, Cancel));
        Assert.False(await store.DeleteAsync("v@1", Keys("c").ToArray(0), -8, Cancel));
        Assert.False(await store.DeleteAsync("v@1", Keys("d").ToArray(0), 8, Cancel));
        Assert.Equal([1, 2, 3], await ReadAsync(store, "a", "b", "c"));

        Assert.True(await store.DeleteAsync("v@1", Keys("a").ToArray(0), 9, Cancel));
        Assert.True(await store.DeleteAsync("v@1", Keys("b").ToArray(0), huge, Cancel));
        Assert.True(await store.DeleteAsync("v@1", Keys("c").ToArray(0), 0, Cancel));
        Assert.Equal([null, null, null], await ReadAsync(store, "a", "b", "c"));
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
        Assert.Equal([199], await ReadAsync(new OnlineStore(Open()), "a"));
    }

    [Fact]
    public async Task Times_of_any_size_are_compared_exactly()
    {
        // Beyond 2^53 a double holds only every second number; negative times are before 1970.
        const long huge = (1L << 53) + 1;
        await store.WriteAsync("v@1", [Row("a", huge, -5, 1), Row("b", -7, 1, 1), Row("c", 0, long.MinValue, 1), Row("d", -1, 0, 1)], Cancel);
        await store.WriteAsync("v@1", [Row("a", huge - 1, 9, 2), Row("b", -8, 1, 2), Row("c", 0, -1, 2), Row("d", 0, long.MinValue, 2)], Cancel);
        Assert.Equal([1, 1, 2, 2], await ReadAsync(store, "a", "b", "c", "d"));
        await store.WriteAsync("v@1", [Row("a", huge, -4, 3), Row("b", -6, 1, 3), Row("c", 0, long.MinValue, 3)], Cancel);
        Assert.Equal([3, 3, 2, 2], await ReadAsync(store, "a", "b", "c", "d"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_the_order_the_batches_and_the_process_the_newest_stays(int seed)
    {
        await using var other = OpenAgain();
        var (random, second) = (new Random(seed), new OnlineStore(Open(other)));
        var rows = Enumerable.Range(0, 200).Select(i => Row($"k{i % 10}", random.Next(5), i, (byte)i)).ToArray();
        var expected = rows.GroupBy(row => row.Key, KeyBytes.Comparer)
            .ToDictionary(g => g.Key, g => g.MaxBy(row => (row.EventTimeUs, row.CreatedUs))!.Bytes[0], KeyBytes.Comparer);
        random.Shuffle(rows);
        foreach (var batch in rows.Chunk(17))
        {
            await (random.Next(2) == 0 ? store : second).WriteAsync("v@1", batch, Cancel);
        }

        foreach (var (key, value) in expected)
        {
            Assert.Equal(value, (await new OnlineStore(Open()).ReadAsync("v@1", EntityKeys.Of([key]), Cancel))[0]!.Bytes[0]);
        }
    }

    [Fact]
    public async Task A_large_batch_is_written_whole()
    {
        var rows = Enumerable.Range(0, 60_000).Select(i => Row($"{i % 30_000}", i, 1, (byte)(i / 30_000))).ToArray();
        await store.WriteAsync("v@1", rows, Cancel);
        var found = await store.ReadAsync("v@1", Keys([.. Enumerable.Range(0, 30_001).Select(i => $"{i}")]), Cancel);
        Assert.Equal(30_000, found.Count(entry => entry is { Bytes: [1] }));
        Assert.Null(found[30_000]);
    }

    [Fact]
    public async Task A_position_is_kept_with_its_rows_and_not_when_it_fails()
    {
        await store.WriteAsync([new OnlineWrite("v@1", [Row("a", 1, 1, 1)])], session => MarkAsync(session, "first"), Cancel);
        await Assert.ThrowsAsync<InvalidOperationException>(() => store.WriteAsync(
            [new OnlineWrite("v@1", [Row("a", 2, 1, 2)])],
            async session =>
            {
                await MarkAsync(session, "second");
                throw new InvalidOperationException("the rest failed");
            },
            Cancel));
        Assert.Equal(["first"], await Db.QueryAsync("select view from feature_watermarks", null, row => row.GetString(0), Cancel));

        // Who could not say how far it came says all of it again.
        await store.WriteAsync([new OnlineWrite("v@1", [Row("a", 2, 1, 2)])], session => MarkAsync(session, "second"), Cancel);
        Assert.Equal([2], await ReadAsync(store, "a"));
    }

    [Fact]
    public async Task Keys_are_those_of_one_view_and_hold_any_bytes()
    {
        await store.WriteAsync("v@1", [Row("a*", 1, 1, 1), Row("b\0[x]", 1, 1, 1), Row("", 1, 1, 1)], Cancel);
        await store.WriteAsync("v@11", [Row("c", 1, 1, 1)], Cancel);
        await store.WriteAsync("w[v]*@1", [Row("d", 1, 1, 1)], Cancel);
        Assert.Equal(["", "a*", "b\0[x]"], await TextsAsync("v@1"));
        Assert.Equal(["d"], await TextsAsync("w[v]*@1"));
        Assert.Equal(2, await store.DeleteAsync("v@1", [Keys("a*").ToArray(0), Keys("").ToArray(0), Keys("z").ToArray(0)], Cancel));
        Assert.Equal(["b\0[x]"], await TextsAsync("v@1"));
        Assert.Equal(["c"], await TextsAsync("v@11"));
    }

    private async Task<IEnumerable<string>> TextsAsync(string view) =>
        (await store.KeysAsync(view, Cancel).ToListAsync(Cancel)).Select(key => System.Text.Encoding.UTF8.GetString(key.AsSpan(5)))
        .Order(StringComparer.Ordinal);

    private static Task MarkAsync(DbSession session, string name) => session.ExecuteAsync(
        "insert into feature_watermarks (view, watermark_us, changed_ms) values (@name, 1, 1)", c => c.With("name", name), Cancel);
}

/// <summary>What the metadata database gives beyond the contract: rows and position in one transaction, and a cache in front.</summary>
public abstract class SqlOnlineStoreContract(PostgresServer? postgres) : OnlineStoreContract(postgres, null)
{
    [Fact]
    public async Task A_transaction_that_fails_leaves_no_trace_in_database_or_memory()
    {
        var store = new OnlineStore(Open());
        await store.WriteAsync("v@1", [Row("a", 1, 1, 1)], Cancel);
        Assert.Equal([1], await ReadAsync(store, "a"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => store.WriteAsync(
            [new OnlineWrite("v@1", [Row("a", 2, 1, 2)])], _ => throw new InvalidOperationException("the rest failed"), Cancel));
        await Assert.ThrowsAsync<InvalidOperationException>(() => store.WriteAsync(
            [new OnlineWrite("v@1", [Row("a", 2, 1, 2)])],
            session =>
            {
                session.BeforeCommit(() => throw new InvalidOperationException("the rest failed"));
                return Task.CompletedTask;
            },
            Cancel));
        Assert.Equal([1], await ReadAsync(store, "a"));
        Assert.Equal([1], await ReadAsync(new OnlineStore(Open()), "a"));
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
}

public sealed class OnlineStoreOnSqlite() : SqlOnlineStoreContract(null);

public sealed class OnlineStoreOnPostgres(PostgresServer postgres) : SqlOnlineStoreContract(postgres);

public sealed class OnlineStoreOnRedis(RedisServer redis) : OnlineStoreContract(null, redis);
