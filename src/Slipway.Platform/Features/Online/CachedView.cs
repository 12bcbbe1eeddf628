using System.Collections.Concurrent;

namespace Slipway.Platform.Features.Online;

/// <summary>All rows of one view in memory. What it does not hold, the database does not hold.</summary>
/// <param name="loadedAt">The ticket of the last write that the load has seen; earlier ones that report late change nothing.</param>
internal sealed class CachedView(long loadedAt)
{
    /// <summary>What a row costs beyond its own bytes: three objects and a place in the table.</summary>
    private const int RowOverheadBytes = 200;

    private readonly ConcurrentDictionary<byte[], Held> rows = new(KeyBytes.Comparer);
    private long bytes;

    public long Bytes => Interlocked.Read(ref bytes);

    public void Read(EntityKeys keys, OnlineEntry?[] found)
    {
        var lookup = rows.GetAlternateLookup<ReadOnlySpan<byte>>();
        for (var i = 0; i < found.Length; i++)
        {
            if (!keys.IsMissing(i) && lookup.TryGetValue(keys[i], out var held))
            {
                found[i] = held.Entry;
            }
        }
    }

    /// <summary>Applies a committed write. The order in which commits report does not matter: newer wins, then the later ticket.</summary>
    public void Apply(long ticket, byte[] key, OnlineEntry entry)
    {
        if (ticket <= loadedAt)
        {
            return;
        }

        Put(ticket, key, entry);
    }

    public void Load(byte[] key, OnlineEntry entry) => Put(loadedAt, key, entry);

    private void Put(long ticket, byte[] key, OnlineEntry entry)
    {
        var offered = new Held(entry, ticket);
        while (true)
        {
            if (!rows.TryGetValue(key, out var held))
            {
                if (rows.TryAdd(key, offered))
                {
                    Interlocked.Add(ref bytes, key.Length + entry.Bytes.Length + RowOverheadBytes);
                    return;
                }
            }
            else if (!offered.Beats(held) || rows.TryUpdate(key, offered, held))
            {
                return;
            }
        }
    }

    private sealed record Held(OnlineEntry Entry, long Ticket)
    {
        public bool Beats(Held other) => (Entry.EventTimeUs, Entry.CreatedUs, Ticket)
            .CompareTo((other.Entry.EventTimeUs, other.Entry.CreatedUs, other.Ticket)) >= 0;
    }
}
