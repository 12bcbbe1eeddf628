using System.Collections;

namespace Slipway.Core.Windows;

/// <summary>
/// The non-empty hops of one key, oldest first, each with a <see cref="Summary"/> per input and the <see cref="Codes"/> of those that are
/// counted. A bucket keeps its number when older ones are dropped.
/// </summary>
internal sealed class Buckets(EventInputs inputs)
{
    private readonly List<long> hops = [];
    private readonly List<Summary> summaries = [];
    private readonly List<Codes> codes = [];
    private int dead;

    /// <summary>Number of the oldest bucket that is still here.</summary>
    public int First { get; private set; }

    /// <summary>One past the number of the newest.</summary>
    public int End => First + hops.Count - dead;

    public long Hop(int bucket) => hops[bucket - First + dead];

    public Summary At(int bucket, int input) => summaries[((bucket - First + dead) * inputs.Count) + input];

    public Codes CodesAt(int bucket, int slot) => codes[((bucket - First + dead) * inputs.Codes.Count) + slot];

    public void Push(long hop, ReadOnlySpan<Summary> ofInputs, ReadOnlySpan<Codes> ofSlots)
    {
        hops.Add(hop);
        foreach (var summary in ofInputs)
        {
            summaries.Add(summary);
        }

        foreach (var slot in ofSlots)
        {
            codes.Add(slot);
        }
    }

    /// <summary>The number of the first bucket at or after a hop.</summary>
    public int Find(long hop)
    {
        var (low, high) = (First, End);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            (low, high) = Hop(middle) < hop ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    public void DropBefore(int bucket)
    {
        dead += bucket - First;
        First = bucket;
        if (dead > hops.Count / 2)
        {
            Remove(0, dead);
            dead = 0;
        }
    }

    public void DropFrom(int bucket) => Remove(bucket - First + dead, End - bucket);

    private void Remove(int at, int count)
    {
        hops.RemoveRange(at, count);
        summaries.RemoveRange(at * inputs.Count, count * inputs.Count);
        codes.RemoveRange(at * inputs.Codes.Count, count * inputs.Codes.Count);
    }

    /// <summary>Sets a bit for every id of an input that a bucket still holds.</summary>
    public void Mark(int input, BitArray live)
    {
        for (var bucket = First; bucket < End; bucket++)
        {
            if (At(bucket, input) is { Count: > 0 } summary)
            {
                live[(int)summary.First] = live[(int)summary.Last] = true;
            }

            for (var slot = 0; slot < inputs.Codes.Count; slot++)
            {
                if (inputs.Codes[slot].Input != input)
                {
                    continue;
                }

                foreach (var code in CodesAt(bucket, slot).Values)
                {
                    live[(int)BitConverter.Int64BitsToDouble(code)] = true;
                }
            }
        }
    }
}
