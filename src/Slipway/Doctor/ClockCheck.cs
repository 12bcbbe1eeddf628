using System.Globalization;
using Slipway.Configuration;

namespace Slipway.Doctor;

/// <summary>Event times, leases and point-in-time joins stand on the clock: its year must make sense and it must run evenly.</summary>
internal static class ClockCheck
{
    private static readonly TimeSpan Watched = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LargestJump = TimeSpan.FromMilliseconds(50);

    public static Task<Finding> RunAsync(SlipwayOptions options, CancellationToken cancel) => RunAsync(TimeProvider.System, cancel);

    internal static async Task<Finding> RunAsync(TimeProvider time, CancellationToken cancel)
    {
        var (wall, ticks) = (time.GetUtcNow(), time.GetTimestamp());
        await Task.Delay(Watched, time, cancel);
        var steady = time.GetElapsedTime(ticks);
        var now = time.GetUtcNow();
        return Judge(now, time.LocalTimeZone.GetUtcOffset(now), (now - wall) - steady);
    }

    /// <param name="jump">How much further the wall clock went than the steady clock in the same while.</param>
    internal static Finding Judge(DateTimeOffset now, TimeSpan offset, TimeSpan jump)
    {
        var found = string.Create(CultureInfo.InvariantCulture, $"{now.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, local offset {(offset < TimeSpan.Zero ? "-" : "+")}{offset:hh\\:mm}");
        if (now.Year is < 2025 or > 2100)
        {
            return Finding.Fail($"{found}: the year cannot be right", "set the system clock, for example by NTP");
        }

        return jump.Duration() > LargestJump
            ? Finding.Warn(
                string.Create(CultureInfo.InvariantCulture, $"{found}: the clock jumped by {jump.TotalMilliseconds:0} ms while it was watched"),
                "let one time service slew the clock instead of stepping it")
            : Finding.Ok(found);
    }
}
