namespace Slipway.Platform.Features.Online;

public static class OnlineRows
{
    /// <summary>
    /// One row per key, the newest: no store may be asked to touch a row twice at once. In the order of the keys: two writers of the
    /// same entities queue instead of blocking each other, and the pages of an index are touched once each.
    /// </summary>
    public static OnlineRow[] Winners(IReadOnlyList<OnlineRow> rows)
    {
        var winners = new Dictionary<byte[], OnlineRow>(rows.Count, KeyBytes.Comparer);
        foreach (var row in rows)
        {
            if (!winners.TryGetValue(row.Key, out var held)
                || (row.EventTimeUs, row.CreatedUs).CompareTo((held.EventTimeUs, held.CreatedUs)) >= 0)
            {
                winners[row.Key] = row;
            }
        }

        var sorted = winners.Values.ToArray();
        Array.Sort(sorted, static (a, b) => a.Key.AsSpan().SequenceCompareTo(b.Key));
        return sorted;
    }
}
