using System.Diagnostics;

namespace Slipway.Inference;

/// <summary>Times one request at a model from its arrival to its disposal, when it counts as failed unless it succeeded.</summary>
internal struct RequestClock(InferenceCounters counters) : IDisposable
{
    private readonly long arrived = Stopwatch.GetTimestamp();
    private long waited;
    private bool succeeded;

    /// <summary>The wait for a place ended at the timestamp.</summary>
    public void Entered(long timestamp) => waited = timestamp - arrived;

    public void Succeeded() => succeeded = true;

    public readonly void Dispose()
    {
        var took = Stopwatch.GetTimestamp() - arrived;
        if (succeeded)
        {
            counters.Succeeded(waited, took);
        }
        else
        {
            counters.Failed(took);
        }
    }
}
