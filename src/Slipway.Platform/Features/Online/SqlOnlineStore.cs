using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Features.Online;

/// <summary>
/// The rows in the metadata database. On SQLite, where one process owns the file, whole views are held in memory and kept in step
/// with every commit; on PostgreSQL each read asks the database, since other processes write too.
/// </summary>
public sealed class SqlOnlineStore(Db db, OnlineStoreOptions options) : IOnlineStore
{
    private const int LoadPage = 20_000;

    private readonly ConcurrentDictionary<string, CachedView> cached = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> tooLarge = new(StringComparer.Ordinal);
    private long ticket;

    public Task WriteAsync(IReadOnlyList<OnlineWrite> writes, Func<DbSession, Task>? position, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            // First: where another has come further already, the rows need not be written to find out.
            await (position?.Invoke(session) ?? Task.CompletedTask);
            foreach (var (view, rows) in writes)
            {
                await WriteAsync(session, view, rows, cancel);
            }
        },
        cancel);

    public ValueTask<OnlineEntry?[]> ReadAsync(string view, EntityKeys keys, CancellationToken cancel)
    {
        if (!cached.TryGetValue(view, out var rows))
        {
            return new ValueTask<OnlineEntry?[]>(ReadThroughAsync(view, keys, cancel));
        }

        var found = new OnlineEntry?[keys.Count];
        rows.Read(keys, found);
        return ValueTask.FromResult(found);
    }

    public Task<int> DeleteAsync(string view, IReadOnlyList<byte[]> keys, CancellationToken cancel) =>
        DeleteAsync(view, keys, long.MaxValue, cancel);

    public async Task<bool> DeleteAsync(string view, byte[] key, long upToUs, CancellationToken cancel) =>
        await DeleteAsync(view, [key], upToUs, cancel) > 0;

    private Task<int> DeleteAsync(string view, IReadOnlyList<byte[]> keys, long upToUs, CancellationToken cancel) => keys.Count == 0
        ? Task.FromResult(0)
        : db.WriteAsync(
            async session =>
            {
                var deleted = 0;
                Interlocked.Increment(ref ticket);
                foreach (var key in keys)
                {
                    deleted += await OnlineTable.DeleteAsync(session, view, key, upToUs, cancel);
                }

                session.OnCommitted(() => cached.TryRemove(view, out _));
                return deleted;
            },
            cancel);

    public async IAsyncEnumerable<byte[]> KeysAsync(string view, [EnumeratorCancellation] CancellationToken cancel)
    {
        byte[]? after = null;
        List<byte[]> page;
        do
        {
            var from = after;
            page = await db.ReadAsync(session => OnlineTable.KeysAsync(session, view, from, LoadPage, cancel), cancel);
            foreach (var key in page)
            {
                yield return key;
            }

            after = page.Count > 0 ? page[^1] : null;
        }
        while (page.Count == LoadPage);
    }

    private async Task WriteAsync(DbSession session, string view, IReadOnlyList<OnlineRow> rows, CancellationToken cancel)
    {
        if (rows.Count == 0)
        {
            return;
        }

        // Taken inside the transaction: on SQLite these are serial, so tickets are in the order of the commits.
        var mine = Interlocked.Increment(ref ticket);
        await OnlineTable.WriteAsync(session, view, rows, cancel);
        session.OnCommitted(() => Apply(mine, view, rows));
    }

    private async Task<OnlineEntry?[]> ReadThroughAsync(string view, EntityKeys keys, CancellationToken cancel)
    {
        if (db.Engine == DbEngine.Sqlite && !tooLarge.ContainsKey(view)
            && await db.WriteAsync(session => LoadAsync(session, view, cancel), cancel) is { } rows)
        {
            var held = new OnlineEntry?[keys.Count];
            rows.Read(keys, held);
            return held;
        }

        var distinct = Enumerable.Range(0, keys.Count).Where(i => !keys.IsMissing(i)).Select(keys.ToArray)
            .Distinct(KeyBytes.Comparer).ToArray();
        var stored = await db.ReadAsync(session => FindAsync(session, view, distinct, cancel), cancel);
        return [.. Enumerable.Range(0, keys.Count).Select(i => keys.IsMissing(i) ? null : stored.GetValueOrDefault(keys.ToArray(i)))];
    }

    private static async Task<Dictionary<byte[], OnlineEntry>> FindAsync(
        DbSession session, string view, byte[][] keys, CancellationToken cancel)
    {
        var found = new Dictionary<byte[], OnlineEntry>(keys.Length, KeyBytes.Comparer);
        if (session.Engine == DbEngine.Postgres)
        {
            foreach (var (key, entry) in await OnlineTable.ReadAsync(session, view, keys, cancel))
            {
                found[key] = entry;
            }

            return found;
        }

        // SQLite has no array parameters, and pays no round trip for a statement each.
        foreach (var key in keys)
        {
            if (await OnlineTable.FindAsync(session, view, key, cancel) is { } entry)
            {
                found[key] = entry;
            }
        }

        return found;
    }

    /// <summary>Reads the view inside a write transaction, which keeps all other writes out until the copy is published.</summary>
    private async Task<CachedView?> LoadAsync(DbSession session, string view, CancellationToken cancel)
    {
        if (cached.TryGetValue(view, out var already))
        {
            return already;
        }

        var budget = ((long)options.CacheMegabytes << 20) - cached.Values.Sum(v => v.Bytes);
        var loaded = new CachedView(Interlocked.Read(ref ticket));
        List<(byte[] Key, OnlineEntry Entry)> page;
        byte[]? after = null;
        do
        {
            page = await OnlineTable.PageAsync(session, view, after, LoadPage, cancel);
            foreach (var (key, entry) in page)
            {
                loaded.Load(key, entry);
            }

            if (loaded.Bytes > budget)
            {
                tooLarge[view] = true;
                return null;
            }

            after = page.Count > 0 ? page[^1].Key : null;
        }
        while (page.Count == LoadPage);

        return cached[view] = loaded;
    }

    private void Apply(long mine, string view, IReadOnlyList<OnlineRow> rows)
    {
        if (!cached.TryGetValue(view, out var held))
        {
            return;
        }

        foreach (var row in rows)
        {
            held.Apply(mine, row.Key, new OnlineEntry(row.EventTimeUs, row.CreatedUs, row.Bytes));
        }

        if (cached.Values.Sum(v => v.Bytes) > (long)options.CacheMegabytes << 20)
        {
            tooLarge[view] = true;
            cached.TryRemove(view, out _);
        }
    }
}
