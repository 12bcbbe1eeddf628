namespace Slipway.Core.Windows;

/// <summary>
/// The sum of the buckets in one window as it moves. Time is cut into blocks of the window's length, at multiples of it; a window meets
/// at most two, and is the suffix sum of the older and the prefix sum of the newer (van Herk 1992; Gil and Werman 1993). Nothing is
/// subtracted, so nothing drifts, a step costs three merges at most, and the value is a function of the boundary and of the events in
/// the window alone: not of watermarks, restarts or corrections on the way there.
/// </summary>
/// <param name="length">Of the window, in hops.</param>
/// <param name="slide">Distance of its boundaries, in hops.</param>
/// <param name="summed">The inputs that it sums up.</param>
/// <param name="counted">The code slots that it counts.</param>
internal sealed class WindowFold(long length, long slide, int[] summed, (int Slot, CodeKind Kind)[] counted)
{
    private readonly Summary[] prefix = new Summary[summed.Length];
    private IRunningCodes[] running = [.. counted.Select(c => RunningCodes.Of(c.Kind))];
    private Summary[] suffixes = [];
    private int suffixBase;
    private int start;
    private int middle;
    private int entered;
    private long block = long.MinValue;

    /// <summary>Number of the oldest bucket that it still needs.</summary>
    public int Start => start;

    /// <summary>The next boundary at which a bucket enters or leaves; <see cref="long.MaxValue"/> when none will.</summary>
    public long NextChange(Buckets buckets)
    {
        var enters = entered < buckets.End ? EntryOf(buckets.Hop(entered)) : long.MaxValue;
        var leaves = start < entered ? EntryOf(buckets.Hop(start)) + length : long.MaxValue;
        return Math.Min(enters, leaves);
    }

    /// <summary>Moves on to a boundary. None at which a bucket enters may be passed over.</summary>
    public void MoveTo(Buckets buckets, long hop)
    {
        hop = Floor(hop, slide);
        for (; start < entered && EntryOf(buckets.Hop(start)) + length <= hop; start++)
        {
            Remove(buckets, start);
        }

        var now = Hops.FloorDiv(hop - 1, length);
        if (now != block)
        {
            block = now;
            middle = entered;
            Array.Clear(prefix);
            SumUpSuffixes(buckets);
        }

        for (; entered < buckets.End && EntryOf(buckets.Hop(entered)) <= hop; entered++)
        {
            Enter(buckets, entered);
        }
    }

    /// <summary>Computes everything anew, as it is at a boundary.</summary>
    public void Reset(Buckets buckets, long hop)
    {
        // The buckets that were counted may be gone, so their codes cannot be taken back.
        running = [.. counted.Select(c => RunningCodes.Of(c.Kind))];
        hop = Floor(hop, slide);
        block = Hops.FloorDiv(hop - 1, length);
        start = middle = buckets.Find(hop - length + 1);
        while (middle < buckets.End && EntryOf(buckets.Hop(middle)) <= block * length)
        {
            Count(buckets, middle++);
        }

        Array.Clear(prefix);
        SumUpSuffixes(buckets);
        for (entered = middle; entered < buckets.End && EntryOf(buckets.Hop(entered)) <= hop; entered++)
        {
            Enter(buckets, entered);
        }
    }

    /// <param name="input">An index into the inputs that it sums up.</param>
    public Summary Value(int input) => start < middle
        ? Summary.Merge(suffixes[((start - suffixBase) * summed.Length) + input], prefix[input])
        : prefix[input];

    /// <param name="slot">An index into the slots that it counts.</param>
    public double Value(int slot, double quantile) => running[slot].Value(quantile);

    private void SumUpSuffixes(Buckets buckets)
    {
        suffixBase = start;
        var size = (middle - start) * summed.Length;
        suffixes = suffixes.Length >= size ? suffixes : new Summary[Math.Max(size, suffixes.Length * 2)];
        for (var bucket = middle - 1; bucket >= start; bucket--)
        {
            for (var i = 0; i < summed.Length; i++)
            {
                var at = ((bucket - start) * summed.Length) + i;
                var own = buckets.At(bucket, summed[i]);
                suffixes[at] = bucket == middle - 1 ? own : Summary.Merge(own, suffixes[at + summed.Length]);
            }
        }
    }

    private void Enter(Buckets buckets, int bucket)
    {
        for (var i = 0; i < summed.Length; i++)
        {
            prefix[i] = Summary.Merge(prefix[i], buckets.At(bucket, summed[i]));
        }

        Count(buckets, bucket);
    }

    private void Count(Buckets buckets, int bucket)
    {
        for (var i = 0; i < running.Length; i++)
        {
            running[i].Add(buckets.CodesAt(bucket, counted[i].Slot));
        }
    }

    private void Remove(Buckets buckets, int bucket)
    {
        for (var i = 0; i < running.Length; i++)
        {
            running[i].Remove(buckets.CodesAt(bucket, counted[i].Slot));
        }
    }

    /// <summary>The first of its own boundaries that covers a bucket.</summary>
    private long EntryOf(long hop) => -Floor(-hop, slide);

    private static long Floor(long value, long unit) => unit == 1 ? value : Hops.FloorDiv(value, unit) * unit;
}
