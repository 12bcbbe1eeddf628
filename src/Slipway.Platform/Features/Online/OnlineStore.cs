using System.Collections.Concurrent;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Features.Online;

/// <summary>
/// The newest row per entity and view. The greatest (event time, created time) wins, then the last write; in a batch, between
/// transactions and between processes alike. On SQLite, where one process owns the file, whole views are held in memory and
/// kept in step with every commit; on PostgreSQL each read asks the database, since other processes write too.
/// </summary>
public sealed class OnlineStore(Db db, OnlineStoreOptions options)
{
    private const int LoadPage = 20_000;

    private readonly ConcurrentDictionary<string, CachedView> cached = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> tooLarge = new(StringComparer.Ordinal);
    private long ticket;

    /// <param name="view">The key of the view's version, such as <c>airport_arrivals@2</c>: rows of two versions never mix.</param>
    public Task WriteAsync(string view, IReadOnlyList<OnlineRow> rows, CancellationToken cancel) =>
        db.WriteAsync(session => WriteAsync(session, view, rows, cancel), cancel);

    /// <summary>The same within the caller's transaction; readers see it when that commits.</summary>
    public async Task WriteAsync(DbSession session, string view, IReadOnlyList<OnlineRow> rows, CancellationToken cancel)
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

    /// <returns>Per key the row, or null where there is none or the key is missing.</returns>
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

    /// <summary>Removes an entity from a view for good; a later write of it, of whatever event time, counts again.</summary>
    /// <returns>False when there was nothing to remove.</returns>
    public Task<bool> DeleteAsync(string view, byte[] key, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            Interlocked.Increment(ref ticket);
            var deleted = await OnlineTable.DeleteAsync(session, view, key, cancel);
            session.OnCommitted(() => cached.TryRemove(view, out _));
            return deleted > 0;
        },
        cancel);

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
