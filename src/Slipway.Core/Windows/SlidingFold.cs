namespace Slipway.Core.Windows;

/// <summary>
/// The sum of the buckets in one window as it slides: a suffix sum for each older bucket and one running sum of the newer ones, the
/// queue of two stacks. Nothing is ever subtracted, so nothing drifts; a step costs O(1) merges, amortised.
/// </summary>
/// <param name="length">Of the window, in hops.</param>
internal sealed class SlidingFold(long length, int inputs)
{
    private readonly Summary[] newer = new Summary[inputs];
    private Summary[] suffixes = [];
    private int suffixBase;

    /// <summary>Number of the oldest bucket inside.</summary>
    public int Start { get; private set; }

    /// <summary>Number of the first bucket that the running sum holds; those before it have suffix sums.</summary>
    public int Split { get; private set; }

    /// <summary>The first boundary at which the oldest bucket is outside; <see cref="long.MaxValue"/> when there is none inside.</summary>
    public long Expiry(Buckets buckets) => Start < buckets.End ? buckets.Hop(Start) + length : long.MaxValue;

    /// <summary>Takes in the bucket that was just pushed.</summary>
    public void Enter(Buckets buckets) => Run(buckets, buckets.End - 1);

    /// <summary>Lets go of the buckets that the window ending at the hop does not cover.</summary>
    public void Expire(Buckets buckets, long hop)
    {
        while (Start < buckets.End && buckets.Hop(Start) + length <= hop)
        {
            Start++;
        }

        if (Start > Split)
        {
            Restore(buckets, Start, buckets.End);
        }
    }

    public Summary Value(int input) =>
        Start < Split ? Summary.Merge(suffixes[((Start - suffixBase) * inputs) + input], newer[input]) : newer[input];

    /// <summary>Computes the sums anew, for the buckets from <paramref name="start"/> on.</summary>
    public void Restore(Buckets buckets, int start, int split)
    {
        (Start, Split, suffixBase) = (start, split, start);
        var size = (split - start) * inputs;
        suffixes = suffixes.Length >= size ? suffixes : new Summary[Math.Max(size, suffixes.Length * 2)];
        for (var bucket = split - 1; bucket >= start; bucket--)
        {
            for (var input = 0; input < inputs; input++)
            {
                var at = ((bucket - start) * inputs) + input;
                var own = buckets.At(bucket, input);
                suffixes[at] = bucket == split - 1 ? own : Summary.Merge(own, suffixes[at + inputs]);
            }
        }

        Array.Clear(newer);
        for (var bucket = split; bucket < buckets.End; bucket++)
        {
            Run(buckets, bucket);
        }
    }

    private void Run(Buckets buckets, int bucket)
    {
        for (var input = 0; input < inputs; input++)
        {
            newer[input] = Summary.Merge(newer[input], buckets.At(bucket, input));
        }
    }
}
