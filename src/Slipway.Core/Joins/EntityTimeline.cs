using Slipway.Core.Data;

namespace Slipway.Core.Joins;

/// <summary>
/// The entity rows of a point-in-time join, by key and then by time: what each of its views is matched against. Rows whose key or time
/// is null have no place. Views that are joined by the same columns share one, at once too: it never changes.
/// </summary>
public sealed class EntityTimeline
{
    private readonly KeyIndex index;
    private readonly bool keyed;
    private readonly int[] starts;
    private readonly int[] rows;
    private readonly long[] times;

    /// <param name="keys">The join keys in the entity rows, one column per component; none for a view without an entity.</param>
    /// <param name="eventTimestamps">t of every entity row.</param>
    public EntityTimeline(IReadOnlyList<Column> keys, Column eventTimestamps)
    {
        keyed = keys.Count > 0;
        EntityRows = eventTimestamps.Length;
        index = new KeyIndex([.. keys.Select(k => new ColumnSchema(k.Name, k.Type))]);
        var ids = keyed ? index.Add(keys) : new int[EntityRows];
        for (var row = 0; row < EntityRows; row++)
        {
            ids[row] = eventTimestamps.IsNull(row) ? -1 : ids[row];
        }

        (starts, rows) = Group(ids, index.Count);
        times = new long[rows.Length];
        for (var slot = 0; slot < rows.Length; slot++)
        {
            times[slot] = eventTimestamps.Longs[rows[slot]];
        }

        for (var id = 0; id < index.Count; id++)
        {
            times.AsSpan(starts[id], starts[id + 1] - starts[id]).Sort(rows.AsSpan(starts[id], starts[id + 1] - starts[id]));
        }
    }

    public int EntityRows { get; }

    /// <summary>How many places there are: one for each entity row that can match anything.</summary>
    public int Slots => rows.Length;

    internal int Keys => index.Count;

    /// <summary>Places by time: those of key i are [Starts[i], Starts[i + 1]).</summary>
    internal ReadOnlySpan<int> Starts => starts;

    internal ReadOnlySpan<long> Times => times;

    /// <summary>The entity row at each place.</summary>
    internal ReadOnlySpan<int> Rows => rows;

    /// <summary>Per row of a portion the number of its key; -1 where no entity row has it.</summary>
    internal void Find(IReadOnlyList<ColumnChunk> keys, Span<int> ids)
    {
        if (keyed)
        {
            index.Find(keys, ids);
        }
        else
        {
            ids.Clear();
        }
    }

    /// <returns>The first place of a key with t ≥ time; the end of its places when there is none.</returns>
    internal int FirstAtOrAfter(int key, long time)
    {
        var (low, high) = (starts[key], starts[key + 1]);
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
}
