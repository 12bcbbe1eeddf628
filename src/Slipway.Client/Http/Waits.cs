using System.Net.Http.Headers;

namespace Slipway.Client.Http;

internal static class Waits
{
    /// <summary>
    /// What the server asks for, or first · 2^(attempt − 2), at most the longest, spread by ± 20 % so that clients which failed
    /// together do not come back together.
    /// </summary>
    /// <param name="attempt">The one that is waited for, from 2.</param>
    public static TimeSpan Before(int attempt, RetryConditionHeaderValue? asked, SlipwayClientOptions options)
    {
        var wait = asked switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - options.Time.GetUtcNow(),
            _ => options.FirstWait * Math.Pow(2, Math.Min(attempt - 2, 20)) * Spread(attempt),
        };
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait < options.LongestWait ? wait : options.LongestWait;
    }

    private static double Spread(int attempt) => 0.8 + (0.4 * ((uint)HashCode.Combine(Environment.ProcessId, attempt) % 1000 / 1000.0));
}
