using System.Collections.Concurrent;
using System.Globalization;
using Slipway.Core.Errors;

namespace Slipway.Platform.Serving;

/// <summary>
/// Lets a caller's request into an endpoint if its limits leave room: requests at a time, and a token bucket that fills by
/// <see cref="EndpointLimits.RequestsPerSecond"/>. Counted in this process.
/// </summary>
internal sealed class Admission(ServingMetrics metrics, TimeProvider time)
{
    /// <summary>Callers beyond which those are forgotten that have nothing running and full buckets.</summary>
    private const int Crowd = 10_000;

    private readonly ConcurrentDictionary<(string Endpoint, string Caller), Caller> callers = [];

    /// <summary>The request, let in; its disposal frees its slot.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.TooManyRequests"/> naming the limit.</exception>
    public Slot Enter(Endpoint endpoint, string? caller)
    {
        var limits = endpoint.Options.Limits;
        if (limits is { MaxConcurrent: null, RequestsPerSecond: null })
        {
            return default;
        }

        if (callers.Count > Crowd)
        {
            Forget();
        }

        var state = callers.GetOrAdd((endpoint.Name, caller ?? ""), _ => new Caller());
        lock (state)
        {
            if (limits.MaxConcurrent is { } most && state.Running >= most)
            {
                throw Refused(endpoint.Name, "concurrency", null,
                    $"Endpoint '{endpoint.Name}' answers {most} requests of a caller at a time.");
            }

            if (limits.RequestsPerSecond is { } rate && state.Wait(rate, limits.Burst ?? Math.Max(1, (int)rate), time) is { } wait)
            {
                throw Refused(endpoint.Name, "rate", wait, string.Create(CultureInfo.InvariantCulture,
                    $"Endpoint '{endpoint.Name}' takes {rate} requests a second of a caller; the next in {wait.TotalSeconds:0.###} s."));
            }

            state.Running++;
        }

        return new Slot(state);
    }

    private SlipwayException Refused(string endpoint, string reason, TimeSpan? wait, string message)
    {
        metrics.Limited(endpoint, reason);
        return new SlipwayException(ErrorKind.TooManyRequests, message) { RetryAfter = wait };
    }

    private void Forget()
    {
        foreach (var (key, caller) in callers)
        {
            if (caller.IsIdle(time))
            {
                callers.TryRemove(key, out _);
            }
        }
    }

    internal readonly struct Slot(Caller? caller) : IDisposable
    {
        public void Dispose() => caller?.Leave();
    }

    internal sealed class Caller
    {
        private double tokens = double.NaN;
        private long filled;
        private TimeSpan fullIn;

        public int Running { get; set; }

        /// <summary>Takes a token.</summary>
        /// <returns>How long until there is one; null when there was.</returns>
        public TimeSpan? Wait(double rate, int burst, TimeProvider time)
        {
            var now = time.GetTimestamp();
            tokens = double.IsNaN(tokens) ? burst : Math.Min(burst, tokens + (time.GetElapsedTime(filled, now).TotalSeconds * rate));
            filled = now;
            if (tokens < 1)
            {
                return TimeSpan.FromSeconds((1 - tokens) / rate);
            }

            tokens--;
            fullIn = TimeSpan.FromSeconds((burst - tokens) / rate);
            return null;
        }

        public bool IsIdle(TimeProvider time)
        {
            lock (this)
            {
                return Running == 0 && time.GetElapsedTime(filled) > fullIn;
            }
        }

        public void Leave()
        {
            lock (this)
            {
                Running--;
            }
        }
    }
}
