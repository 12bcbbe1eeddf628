using System.Diagnostics;

namespace Slipway.Inference.Batching;

/// <summary>Points in time as timestamps of <see cref="Stopwatch"/>.</summary>
internal static class Deadlines
{
    public const long Never = long.MaxValue;

    // A timer takes no longer span.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(49);

    public static long After(long timestamp, TimeSpan span) =>
        span < Longest ? timestamp + (long)(span.TotalSeconds * Stopwatch.Frequency) : Never;

    /// <summary>What a timer is given to ring after the span.</summary>
    public static TimeSpan Due(TimeSpan span) =>
        span <= TimeSpan.Zero ? TimeSpan.Zero : span < Longest ? span : Timeout.InfiniteTimeSpan;
}
