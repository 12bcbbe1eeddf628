using Slipway.Core.Data;

namespace Slipway.Core.Joins;

/// <summary>
/// Finds, for every entity row at its time t, the feature row that was known then: keys equal, event time ≤ t and ≥ t − TTL, with the
/// created filter created time ≤ t; of those the greatest (event time, created time with nulls lowest, arrival).
/// </summary>
/// <remarks>
/// Only the entity rows are kept and sorted. A feature row may serve exactly those of its key with t ≥ max(event time, created time
/// where filtered), so a binary search finds the first of them and the row competes there; at the end the best is carried forward along
/// each key. If the winner is too old for the TTL, every other candidate is older still. O((e + f)·log e) time, O(e) memory for
/// e entity and f feature rows, which may come in chunks and in any order.
/// </remarks>
public sealed class PointInTimeMatcher
{
    private readonly KeyIndex index;
    private readonly bool keyed;
    private readonly int[] starts;
    private readonly int[] rows;
    private readonly long[] times;
    private readonly Candidate[] best;
    private readonly int entityRows;
    private readonly bool createdFilter;
    private int arrived;

    /// <param name="keys">The join keys in the entity rows, one column per component; none for a view without an entity.</param>
    /// <param name="eventTimestamps">t of every entity row; where it is null, nothing matches.</param>
    public PointInTimeMatcher(IReadOnlyList<Column> keys, Column eventTimestamps, bool createdFilter)
    {
        this.createdFilter = createdFilter;
        keyed = keys.Count > 0;
        entityRows = eventTimestamps.Length;
        index = new KeyIndex([.. keys.Select(k => new ColumnSchema(k.Name, k.Type))]);
        var ids = keyed ? index.Add(keys) : new int[entityRows];
        for (var row = 0; row < entityRows; row++)
        {
            ids[row] = eventTimestamps.IsNull(row) ? -1 : ids[row];
        }

        (starts, rows) = Group(ids, index.Count);
        times = [.. rows.Select(row => eventTimestamps.Longs[row])];
        for (var id = 0; id < index.Count; id++)
        {
            times.AsSpan(starts[id], starts[id + 1] - starts[id]).Sort(rows.AsSpan(starts[id], starts[id + 1] - starts[id]));
        }

        best = new Candidate[rows.Length];
        Array.Fill(best, Candidate.None);
    }

    /// <summary>Lets the next feature rows compete. They are numbered in the order of arrival, over all calls.</summary>
    /// <param name="keys">The same components as the entity rows have, in the same order.</param>
    /// <param name="created">Null where the view has no created time; the created filter then does not apply.</param>
    public void Add(IReadOnlyList<Column> keys, Column eventTimestamps, Column? created)
    {
        var ids = keyed ? index.Find(keys) : null;
        var events = eventTimestamps.Longs;
        var createdTimes = created?.Longs;
        var mayBeNull = eventTimestamps.HasNulls;
        for (var row = 0; row < events.Length; row++)
        {
            var id = ids is null ? 0 : ids[row];
            if (id >= 0 && !(mayBeNull && eventTimestamps.IsNull(row)))
            {
                var knownAt = createdTimes is null || created!.IsNull(row) ? long.MinValue : createdTimes[row];
                Compete(id, new Candidate(events[row], knownAt, arrived + row), created is not null);
            }
        }

        arrived += events.Length;
    }

    /// <summary>Per entity row the number of the winning feature row, or -1.</summary>
    /// <param name="ttl">Oldest age at t, inclusive; null or zero for no limit.</param>
    public int[] Winners(TimeSpan? ttl)
    {
        var limit = ttl is { Ticks: > 0 } t ? (ulong)t.Ticks / TimeSpan.TicksPerMicrosecond : ulong.MaxValue;
        var winners = new int[entityRows];
        Array.Fill(winners, -1);
        for (var id = 0; id + 1 < starts.Length; id++)
        {
            var carried = Candidate.None;
            for (var slot = starts[id]; slot < starts[id + 1]; slot++)
            {
                carried = best[slot].Beats(carried) ? best[slot] : carried;

                // Exact even where the signed difference overflows, as the event is never after t.
                var age = unchecked((ulong)times[slot] - (ulong)carried.EventTime);
                winners[rows[slot]] = carried.Row >= 0 && age <= limit ? carried.Row : -1;
            }
        }

        return winners;
    }

    private void Compete(int id, Candidate candidate, bool hasCreated)
    {
        var usableFrom = candidate.EventTime;
        if (createdFilter && hasCreated)
        {
            if (candidate.Created == long.MinValue)
            {
                return;
            }

            usableFrom = Math.Max(usableFrom, candidate.Created);
        }

        var slot = FirstAtOrAfter(starts[id], starts[id + 1], usableFrom);
        if (slot < starts[id + 1] && candidate.Beats(best[slot]))
        {
            best[slot] = candidate;
        }
    }

    private int FirstAtOrAfter(int low, int high, long time)
    {
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (times[middle] < time)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    /// <summary>Rows by id, in order of arrival within each: those of id i stand at [starts[i], starts[i + 1]).</summary>
    private static (int[] Starts, int[] Rows) Group(int[] ids, int count)
    {
        var starts = new int[count + 1];
        foreach (var id in ids)
        {
            if (id >= 0)
            {
                starts[id + 1]++;
            }
        }

        for (var id = 0; id < count; id++)
        {
            starts[id + 1] += starts[id];
        }

        var next = starts.AsSpan(0, count).ToArray();
        var rows = new int[starts[count]];
        for (var row = 0; row < ids.Length; row++)
        {
            if (ids[row] >= 0)
            {
                rows[next[ids[row]]++] = row;
            }
        }

        return (starts, rows);
    }

    /// <param name="Created"><see cref="long.MinValue"/> for null, below every time there is.</param>
    private readonly record struct Candidate(long EventTime, long Created, int Row)
    {
        public static Candidate None { get; } = new(long.MinValue, long.MinValue, -1);

        public bool Beats(Candidate other) => EventTime != other.EventTime ? EventTime > other.EventTime
            : Created != other.Created ? Created > other.Created
            : Row > other.Row;
    }
}
