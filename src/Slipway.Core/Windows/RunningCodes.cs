namespace Slipway.Core.Windows;

/// <summary>
/// The codes in one window as buckets enter and leave. Counts are whole numbers, so taking back is exact, and the state is a function of
/// what the window holds alone.
/// </summary>
internal interface IRunningCodes
{
    void Add(Codes codes);

    void Remove(Codes codes);

    /// <param name="quantile">Of a quantile; meaningless for the others.</param>
    /// <returns>NaN where there is no value.</returns>
    double Value(double quantile);
}

internal static class RunningCodes
{
    public static IRunningCodes Of(CodeKind kind) => kind switch
    {
        CodeKind.Distinct => new RunningDistinct(),
        CodeKind.DistinctApprox => new RunningHyperLogLog(),
        _ => new RunningQuantile(),
    };
}

internal sealed class RunningDistinct : IRunningCodes
{
    private readonly Dictionary<long, int> buckets = [];

    public void Add(Codes codes)
    {
        foreach (var code in codes.Values)
        {
            buckets[code] = buckets.GetValueOrDefault(code) + 1;
        }
    }

    public void Remove(Codes codes)
    {
        foreach (var code in codes.Values)
        {
            var left = buckets[code] - 1;
            if (left == 0)
            {
                buckets.Remove(code);
            }
            else
            {
                buckets[code] = left;
            }
        }
    }

    public double Value(double quantile) => buckets.Count;
}

/// <summary>Of each register the ranks that buckets contribute, the greatest in front of mind.</summary>
internal sealed class RunningHyperLogLog : IRunningCodes
{
    private readonly Dictionary<long, int> buckets = [];
    private readonly Dictionary<int, int> greatest = [];
    private readonly int[] registersByRank = new int[HyperLogLog.MaxRank + 1];

    public RunningHyperLogLog() => registersByRank[0] = HyperLogLog.Registers;

    public void Add(Codes codes)
    {
        foreach (var code in codes.Values)
        {
            buckets[code] = buckets.GetValueOrDefault(code) + 1;
            var (register, rank) = (HyperLogLog.Register(code), HyperLogLog.Rank(code));
            var before = greatest.GetValueOrDefault(register);
            if (rank > before)
            {
                Move(register, before, rank);
            }
        }
    }

    public void Remove(Codes codes)
    {
        foreach (var code in codes.Values)
        {
            var left = buckets[code] - 1;
            if (left > 0)
            {
                buckets[code] = left;
                continue;
            }

            buckets.Remove(code);
            var (register, rank) = (HyperLogLog.Register(code), HyperLogLog.Rank(code));
            if (rank == greatest[register])
            {
                var next = rank - 1;
                while (next > 0 && !buckets.ContainsKey(code - rank + next))
                {
                    next--;
                }

                Move(register, rank, next);
            }
        }
    }

    public double Value(double quantile) => Math.Round(HyperLogLog.Estimate(registersByRank));

    private void Move(int register, int from, int to)
    {
        registersByRank[from]--;
        registersByRank[to]++;
        if (to == 0)
        {
            greatest.Remove(register);
        }
        else
        {
            greatest[register] = to;
        }
    }
}

internal sealed class RunningQuantile : IRunningCodes
{
    private readonly SortedList<long, long> values = [];
    private long count;

    public void Add(Codes codes)
    {
        for (var i = 0; i < codes.Values.Length; i++)
        {
            values[codes.Values[i]] = values.GetValueOrDefault(codes.Values[i]) + codes.Counts[i];
            count += codes.Counts[i];
        }
    }

    public void Remove(Codes codes)
    {
        for (var i = 0; i < codes.Values.Length; i++)
        {
            var at = values.IndexOfKey(codes.Values[i]);
            var left = values.GetValueAtIndex(at) - codes.Counts[i];
            count -= codes.Counts[i];
            if (left == 0)
            {
                values.RemoveAt(at);
            }
            else
            {
                values.SetValueAtIndex(at, left);
            }
        }
    }

    public double Value(double quantile)
    {
        var rank = Math.Max(1, (long)Math.Ceiling(quantile * count));
        for (var i = 0; i < values.Count; i++)
        {
            rank -= values.GetValueAtIndex(i);
            if (rank <= 0)
            {
                return QuantileBins.ValueOf(values.GetKeyAtIndex(i));
            }
        }

        return double.NaN;
    }
}
