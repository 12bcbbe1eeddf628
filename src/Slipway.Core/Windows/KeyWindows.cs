namespace Slipway.Core.Windows;

/// <summary>All windows of one key: what is pending, what is summed up, and what changes next.</summary>
internal sealed class KeyWindows
{
    private readonly int inputs;
    private readonly long hopMicros;

    /// <param name="lengths">Of the windows, in hops.</param>
    public KeyWindows(int inputs, long hopMicros, IReadOnlyList<long> lengths)
    {
        this.inputs = inputs;
        this.hopMicros = hopMicros;
        Pending = new PendingEvents(inputs);
        Buckets = new Buckets(inputs);
        Windows = [.. lengths.Select(length => new SlidingFold(length, inputs))];
    }

    public PendingEvents Pending { get; }

    public Buckets Buckets { get; }

    public SlidingFold[] Windows { get; }

    /// <summary>The first boundary at which anything enters or leaves; <see cref="long.MaxValue"/> when nothing will.</summary>
    public long NextChange
    {
        get
        {
            var hop = Pending.Count == 0 ? long.MaxValue : WindowAggregator.BoundaryOf(Pending.Earliest, hopMicros);
            foreach (var window in Windows)
            {
                hop = Math.Min(hop, window.Expiry(Buckets));
            }

            return hop;
        }
    }

    /// <summary>Moves to a boundary, in hops since the epoch, and reports each on the way at which an event entered or left a window.</summary>
    /// <param name="changed">Called with the boundary while <see cref="Windows"/> hold the values at it.</param>
    public void Advance(long until, Action<long> changed)
    {
        var entering = new Queue<(long Hop, Summary[] Summaries)>(Pending.Count == 0 ? [] : Summarise(until));
        while (true)
        {
            var hop = entering.TryPeek(out var next) ? next.Hop : long.MaxValue;
            foreach (var window in Windows)
            {
                hop = Math.Min(hop, window.Expiry(Buckets));
            }

            if (hop > until)
            {
                return;
            }

            if (next.Hop == hop && next.Summaries is not null)
            {
                Enter(entering.Dequeue());
            }

            Expire(hop);
            changed(hop);
        }
    }

    private void Enter((long Hop, Summary[] Summaries) bucket)
    {
        Buckets.Push(bucket.Hop, bucket.Summaries);
        foreach (var window in Windows)
        {
            window.Enter(Buckets);
        }
    }

    private void Expire(long hop)
    {
        var oldest = Buckets.End;
        foreach (var window in Windows)
        {
            window.Expire(Buckets, hop);
            oldest = Math.Min(oldest, window.Start);
        }

        Buckets.DropBefore(oldest);
    }

    private IEnumerable<(long Hop, Summary[] Summaries)> Summarise(long until)
    {
        (long Hop, Summary[] Summaries)? open = null;
        foreach (var (time, values) in Pending.TakeUntil(until * hopMicros))
        {
            var hop = WindowAggregator.BoundaryOf(time, hopMicros);
            if (open is { } full && full.Hop != hop)
            {
                yield return full;
                open = null;
            }

            open ??= (hop, new Summary[inputs]);
            for (var i = 0; i < inputs; i++)
            {
                if (!double.IsNaN(values[i]))
                {
                    open.Value.Summaries[i] = Summary.Merge(open.Value.Summaries[i], Summary.Of(values[i]));
                }
            }
        }

        if (open is { } last)
        {
            yield return last;
        }
    }
}
