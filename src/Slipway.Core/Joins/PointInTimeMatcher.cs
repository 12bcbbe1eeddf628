using Slipway.Core.Data;

namespace Slipway.Core.Joins;

/// <summary>A feature row that is ahead at a place of the timeline: better than all that came before it.</summary>
/// <param name="Row">Within the portion that was added.</param>
public readonly record struct Lead(int Row, int Slot);

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
    private const int PortionRows = 4096;

    private readonly EntityTimeline timeline;
    private readonly bool createdFilter;
    private readonly Candidate[] best;
    private readonly List<Lead> leads = [];
    private int[] ids = [];
    private long arrived;

    /// <param name="createdFilter">Use only rows written by t, in views that have a created time.</param>
    public PointInTimeMatcher(EntityTimeline timeline, bool createdFilter)
    {
        this.timeline = timeline;
        this.createdFilter = createdFilter;
        best = new Candidate[timeline.Slots];
        Array.Fill(best, Candidate.None);
    }

    /// <summary>Lets the next feature rows compete. They are numbered in the order of arrival, over all calls.</summary>
    /// <param name="keys">The same components as the entity rows have, in the same order.</param>
    /// <param name="created">Null where the view has no created time; the created filter then does not apply.</param>
    /// <returns>Those of the rows that are ahead now, in their order; valid until the next call.</returns>
    public IReadOnlyList<Lead> Add(IReadOnlyList<ColumnChunk> keys, ColumnChunk eventTimestamps, ColumnChunk? created)
    {
        leads.Clear();
        var events = eventTimestamps.Longs;
        if (ids.Length < events.Length)
        {
            ids = new int[events.Length];
        }

        timeline.Find(keys, ids.AsSpan(0, events.Length));
        for (var row = 0; row < events.Length; row++)
        {
            if (ids[row] >= 0 && !eventTimestamps.IsNull(row))
            {
                var knownAt = created is null || created.IsNull(row) ? long.MinValue : created.Longs[row];
                Compete(ids[row], row, new Candidate(events[row], knownAt, arrived + row), created is not null);
            }
        }

        arrived += events.Length;
        return leads;
    }

    /// <inheritdoc cref="Add(IReadOnlyList{ColumnChunk}, ColumnChunk, ColumnChunk?)"/>
    public void Add(IReadOnlyList<Column> keys, Column eventTimestamps, Column? created)
    {
        Column[] columns = [eventTimestamps, .. created is null ? keys : keys.Prepend(created)];
        var chunks = Array.ConvertAll(columns, column => new ColumnChunk(column.Name, column.Type));
        for (var start = 0; start < eventTimestamps.Length; start += PortionRows)
        {
            for (var i = 0; i < chunks.Length; i++)
            {
                chunks[i].Fill(columns[i], start, Math.Min(PortionRows, eventTimestamps.Length - start));
            }

            Add(chunks[(created is null ? 1 : 2)..], chunks[0], created is null ? null : chunks[1]);
        }
    }

    /// <summary>Per entity row the number of the winning feature row, or -1.</summary>
    /// <param name="ttl">Oldest age at t, inclusive; null or zero for no limit.</param>
    public int[] Winners(TimeSpan? ttl) => Array.ConvertAll(WinningSlots(ttl), slot => slot < 0 ? -1 : (int)best[slot].Row);

    /// <summary>Per entity row the place whose last <see cref="Lead"/> is the winner, or -1.</summary>
    /// <inheritdoc cref="Winners"/>
    public int[] WinningSlots(TimeSpan? ttl)
    {
        var limit = ttl is { Ticks: > 0 } t ? (ulong)t.Ticks / TimeSpan.TicksPerMicrosecond : ulong.MaxValue;
        var starts = timeline.Starts;
        var times = timeline.Times;
        var rows = timeline.Rows;
        var winners = new int[timeline.EntityRows];
        Array.Fill(winners, -1);
        for (var key = 0; key < timeline.Keys; key++)
        {
            var carried = -1;
            for (var slot = starts[key]; slot < starts[key + 1]; slot++)
            {
                carried = best[slot].Row >= 0 && (carried < 0 || best[slot].Beats(best[carried])) ? slot : carried;

                // Exact even where the signed difference overflows, as the event is never after t.
                winners[rows[slot]] = carried >= 0 && unchecked((ulong)times[slot] - (ulong)best[carried].EventTime) <= limit ? carried : -1;
            }
        }

        return winners;
    }

    private void Compete(int key, int row, Candidate candidate, bool hasCreated)
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

        var slot = timeline.FirstAtOrAfter(key, usableFrom);
        if (slot < timeline.Starts[key + 1] && candidate.Beats(best[slot]))
        {
            best[slot] = candidate;
            leads.Add(new Lead(row, slot));
        }
    }

    /// <param name="Created"><see cref="long.MinValue"/> for null, below every time there is.</param>
    private readonly record struct Candidate(long EventTime, long Created, long Row)
    {
        public static Candidate None { get; } = new(long.MinValue, long.MinValue, -1);

        public bool Beats(Candidate other) => EventTime != other.EventTime ? EventTime > other.EventTime
            : Created != other.Created ? Created > other.Created
            : Row > other.Row;
    }
}
