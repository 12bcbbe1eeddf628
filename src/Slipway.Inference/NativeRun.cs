using Microsoft.ML.OnnxRuntime;
using Slipway.Inference.Batching;

namespace Slipway.Inference;

/// <summary>A native call that can be stopped between two operators of the graph; used again by later calls.</summary>
internal sealed class NativeRun : IDisposable
{
    private readonly Lock gate = new();
    private long deadline = Deadlines.Never;
    private bool taken;

    public RunOptions Options { get; } = new();

    /// <summary>Whether it was stopped because its deadline had passed.</summary>
    public bool WasStopped { get; private set; }

    /// <returns>False when another call has it.</returns>
    public bool TryTake(long until)
    {
        lock (gate)
        {
            if (taken)
            {
                return false;
            }

            (taken, deadline) = (true, until);
            return true;
        }
    }

    /// <summary>Leaves it to the next call.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            (taken, deadline) = (false, Deadlines.Never);
            if (WasStopped)
            {
                WasStopped = Options.Terminate = false;
            }
        }
    }

    public void StopIfLate(long now)
    {
        lock (gate)
        {
            if (taken && now > deadline)
            {
                WasStopped = Options.Terminate = true;
            }
        }
    }
}
