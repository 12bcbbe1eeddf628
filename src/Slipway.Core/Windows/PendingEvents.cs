namespace Slipway.Core.Windows;

/// <summary>
/// The events of one key whose boundary the watermark has not reached. They are summed up only when it has, sorted, so that the
/// order in which they came cannot show in the last bits of a sum.
/// </summary>
/// <param name="inputs">How many values each event carries; NaN stands for null.</param>
internal sealed class PendingEvents(int inputs)
{
    private readonly List<long> times = [];
    private readonly List<double> values = [];

    public int Count => times.Count;

    /// <summary>The time of the first; <see cref="long.MaxValue"/> when there is none.</summary>
    public long Earliest { get; private set; } = long.MaxValue;

    public IReadOnlyList<long> Times => times;

    public IReadOnlyList<double> Values => values;

    public void Add(long time, ReadOnlySpan<double> eventValues)
    {
        times.Add(time);
        Earliest = Math.Min(Earliest, time);
        foreach (var value in eventValues)
        {
            values.Add(value + 0.0); // turns −0 into 0, which sort as equals
        }
    }

    /// <summary>Removes the events up to a time, in the order of (time, values).</summary>
    public (long Time, double[] Values)[] TakeUntil(long time)
    {
        var taken = new List<(long Time, double[] Values)>();
        var kept = 0;
        Earliest = long.MaxValue;
        for (var i = 0; i < times.Count; i++)
        {
            var at = i * inputs;
            if (times[i] <= time)
            {
                taken.Add((times[i], [.. values.GetRange(at, inputs)]));
                continue;
            }

            times[kept] = times[i];
            Earliest = Math.Min(Earliest, times[i]);
            for (var k = 0; k < inputs; k++)
            {
                values[(kept * inputs) + k] = values[at + k];
            }

            kept++;
        }

        times.RemoveRange(kept, times.Count - kept);
        values.RemoveRange(kept * inputs, values.Count - (kept * inputs));
        var sorted = taken.ToArray();
        Array.Sort(sorted, Order);
        return sorted;
    }

    private static int Order((long Time, double[] Values) a, (long Time, double[] Values) b) =>
        a.Time != b.Time ? a.Time.CompareTo(b.Time) : a.Values.AsSpan().SequenceCompareTo(b.Values);
}
