namespace Slipway.Core.Windows;

/// <summary>
/// The non-empty hops of one key, oldest first, each with a <see cref="Summary"/> per input. A bucket keeps its number when older ones
/// are dropped.
/// </summary>
internal sealed class Buckets(int inputs)
{
    private readonly List<long> hops = [];
    private readonly List<Summary> summaries = [];

    /// <summary>Number of the oldest bucket that is still here.</summary>
    public int First { get; private set; }

    /// <summary>One past the number of the newest.</summary>
    public int End => First + hops.Count - dead;

    private int dead;

    public long Hop(int bucket) => hops[bucket - First + dead];

    public Summary At(int bucket, int input) => summaries[((bucket - First + dead) * inputs) + input];

    public void Push(long hop, ReadOnlySpan<Summary> ofInputs)
    {
        hops.Add(hop);
        foreach (var summary in ofInputs)
        {
            summaries.Add(summary);
        }
    }

    public void DropBefore(int bucket)
    {
        dead += bucket - First;
        First = bucket;
        if (dead > hops.Count / 2)
        {
            hops.RemoveRange(0, dead);
            summaries.RemoveRange(0, dead * inputs);
            dead = 0;
        }
    }
}
