namespace Slipway.Core.Windows;

/// <summary>Time in hops since the epoch.</summary>
internal static class Hops
{
    /// <summary>The number of the first boundary at or after a time.</summary>
    public static long BoundaryOf(long time, long hopMicros) => -FloorDiv(-time, hopMicros);

    public static long FloorDiv(long a, long b) => (a / b) - (a % b < 0 ? 1 : 0);
}
