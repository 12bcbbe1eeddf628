namespace Slipway.Core.Windows;

/// <summary>What a window remembers of the values of one input; two of them merge into that of both, the older first.</summary>
/// <param name="SquaredDeviations">Σ(x − mean)², merged after Chan, Golub and LeVeque (1979), so that large means do no harm.</param>
internal readonly record struct Summary(
    long Count, double Sum, double SquaredDeviations, double Min, double Max, double First, double Last)
{
    public static Summary Of(double value) => new(1, value, 0, value, value, value, value);

    public static Summary Merge(in Summary older, in Summary newer)
    {
        if (older.Count == 0)
        {
            return newer;
        }

        if (newer.Count == 0)
        {
            return older;
        }

        var count = older.Count + newer.Count;
        var distance = (newer.Sum / newer.Count) - (older.Sum / older.Count);
        return new(
            count,
            older.Sum + newer.Sum,
            older.SquaredDeviations + newer.SquaredDeviations + (distance * distance * older.Count * newer.Count / count),
            Math.Min(older.Min, newer.Min),
            Math.Max(older.Max, newer.Max),
            older.First,
            newer.Last);
    }

    /// <summary>NaN where the function has no value.</summary>
    public double Value(AggregateFunction function) => function switch
    {
        AggregateFunction.Count => Count,
        _ when Count == 0 => double.NaN,
        AggregateFunction.Sum => Sum,
        AggregateFunction.Mean or AggregateFunction.Share => Sum / Count,
        AggregateFunction.Min => Min,
        AggregateFunction.Max => Max,
        AggregateFunction.First => First,
        AggregateFunction.Last => Last,
        AggregateFunction.Stddev => Count < 2 ? double.NaN : Math.Sqrt(SquaredDeviations / (Count - 1)),
        _ => throw new ArgumentOutOfRangeException(nameof(function), function, null),
    };
}
