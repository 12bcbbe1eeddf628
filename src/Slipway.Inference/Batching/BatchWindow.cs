using System.Diagnostics;

namespace Slipway.Inference.Batching;

/// <summary>
/// Learns from a model's load whether a request that could run at once should rather wait for company behind what the thread
/// pool has in line. It goes by trial: now and then one request waits, and what has gathered by its turn tells how many more are
/// about. Where nobody else comes the trials get rare, so that a lone caller does not notice them.
/// </summary>
/// <remarks>Fields are torn between threads without harm: a lost sample is made up for by the next.</remarks>
internal sealed class BatchWindow
{
    private const double Rate = 1 / 16.0;
    private const int ShortestPause = 16;
    private const int LongestPause = 1024;

    // An estimate of what it costs a request to go through the queue: two hand-overs between threads.
    private static readonly double HandOver = 2e-6 * Stopwatch.Frequency;

    private double company = 1, alone, shared;
    private int pause = ShortestPause, arrivals;

    /// <summary>Whether requests come close enough together, and sharing has not been seen to save less than it costs.</summary>
    public bool Pays => company > 1.5 && (alone == 0 || shared == 0 || alone - shared > HandOver);

    /// <summary>Whether the request that arrives now waits for company.</summary>
    public bool Gathers() => Pays || Interlocked.Increment(ref arrivals) % pause == 0;

    /// <summary>What had come together by the time that a request's turn came.</summary>
    public void Gathered(int requests)
    {
        company += Rate * (requests - company);
        pause = requests > 1 ? ShortestPause : Math.Min(pause * 2, LongestPause);
    }

    /// <param name="ticks">Timestamp ticks of one native call with everything around it.</param>
    public void Executed(int requests, long ticks)
    {
        ref var cost = ref (requests == 1 ? ref alone : ref shared);
        var each = (double)ticks / requests;
        cost = cost == 0 ? each : cost + (Rate * (each - cost));
    }

    /// <summary>How long the requests that wait will take over so many places, at the pace seen so far.</summary>
    public TimeSpan Backlog(int waiting, int places) =>
        TimeSpan.FromSeconds(waiting * Math.Max(shared, shared == 0 ? alone : 0) / Stopwatch.Frequency / places);
}
