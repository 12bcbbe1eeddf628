using System.Collections;
using System.Runtime.InteropServices;

namespace Slipway.Core.Windows;

/// <summary>
/// The events of one key that are not beyond correction: those whose boundary the watermark has not reached, and those that allowed
/// lateness keeps. A boundary's events are summed up sorted, so that the order in which they came cannot show in the last bits of a sum.
/// </summary>
/// <param name="inputs">Each event carries a value for each; NaN stands for null.</param>
internal sealed class KeyEvents(EventInputs inputs)
{
    private readonly List<long> times = [];
    private readonly List<double> values = [];

    public IReadOnlyList<long> Times => times;

    public IReadOnlyList<double> Values => values;

    public void Add(long time, ReadOnlySpan<double> eventValues)
    {
        times.Add(time);
        foreach (var value in eventValues)
        {
            values.Add(value + 0.0); // turns −0 into 0, which sort as equals
        }
    }

    /// <summary>The time of the first after a time; <see cref="long.MaxValue"/> when there is none.</summary>
    public long EarliestAfter(long time)
    {
        var earliest = long.MaxValue;
        foreach (var one in times)
        {
            earliest = one > time && one < earliest ? one : earliest;
        }

        return earliest;
    }

    /// <summary>The numbers of the events in (after, until], in the order of (time, values).</summary>
    public int[] Between(long after, long until)
    {
        var (found, at) = (new List<int>(), new List<long>());
        for (var i = 0; i < times.Count; i++)
        {
            if (times[i] > after && times[i] <= until)
            {
                found.Add(i);
                at.Add(times[i]);
            }
        }

        var (sorted, keys) = (found.ToArray(), at.ToArray());
        Array.Sort(keys, sorted);
        for (int start = 0, end; start < keys.Length; start = end)
        {
            end = start + 1;
            while (end < keys.Length && keys[end] == keys[start])
            {
                end++;
            }

            if (end - start > 1)
            {
                sorted.AsSpan(start, end - start).Sort(ByValues);
            }
        }

        return sorted;
    }

    public ReadOnlySpan<double> ValuesOf(int number) =>
        CollectionsMarshal.AsSpan(values).Slice(number * inputs.Count, inputs.Count);

    public void DropUntil(long time)
    {
        var kept = 0;
        for (var i = 0; i < times.Count; i++)
        {
            if (times[i] <= time)
            {
                continue;
            }

            times[kept] = times[i];
            for (var k = 0; k < inputs.Count; k++)
            {
                values[(kept * inputs.Count) + k] = values[(i * inputs.Count) + k];
            }

            kept++;
        }

        times.RemoveRange(kept, times.Count - kept);
        values.RemoveRange(kept * inputs.Count, values.Count - (kept * inputs.Count));
    }

    /// <summary>Sets a bit for every id of an input that an event holds.</summary>
    public void Mark(int input, BitArray live)
    {
        for (var at = input; at < values.Count; at += inputs.Count)
        {
            if (!double.IsNaN(values[at]))
            {
                live[(int)values[at]] = true;
            }
        }
    }

    /// <summary>Ids differ with the order of arrival, so events are told apart by what the ids stand for.</summary>
    private int ByValues(int a, int b)
    {
        var left = ValuesOf(a);
        var right = ValuesOf(b);
        for (var i = 0; i < left.Length; i++)
        {
            var order = inputs.Ids[i] is { } ids && !double.IsNaN(left[i]) && !double.IsNaN(right[i])
                ? ids.Compare(left[i], right[i])
                : left[i].CompareTo(right[i]);
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }
}
