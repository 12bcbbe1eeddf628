namespace Slipway.Platform.Tracking;

/// <summary>
/// A metric point as it is stored: SQLite turns a bound NaN into NULL, and JSON has no infinities, so those are a kind.
/// The order is the one that decides which point is the latest: step, then time, then value, with NaN above everything so
/// that a run which diverged shows it.
/// </summary>
/// <param name="Kind">0 a finite value; -1, 1 and 2 minus infinity, infinity and NaN.</param>
internal readonly record struct MetricRow(string Key, long Step, long TimestampMs, int Kind, double Value) : IComparable<MetricRow>
{
    public static MetricRow Of(MetricPoint point)
    {
        var kind = point.Value switch
        {
            double.NaN => 2,
            double.PositiveInfinity => 1,
            double.NegativeInfinity => -1,
            _ => 0,
        };
        return new MetricRow(point.Key, point.Step, point.TimestampMs, kind, kind == 0 ? point.Value : 0);
    }

    public MetricPoint ToPoint() => new(Key, Kind switch
    {
        2 => double.NaN,
        1 => double.PositiveInfinity,
        -1 => double.NegativeInfinity,
        _ => Value,
    }, TimestampMs, Step);

    public int CompareTo(MetricRow other)
    {
        var key = string.CompareOrdinal(Key, other.Key);
        return key != 0 ? key : (Step, TimestampMs, Kind, Value).CompareTo((other.Step, other.TimestampMs, other.Kind, other.Value));
    }
}
