using System.Diagnostics;

namespace Slipway.Inference.Batching;

/// <summary>A call that waits for a place, or for the native call that it shares.</summary>
internal sealed class Pending<TCall>(TCall call, int rows, CallOptions options)
{
    public TCall Call { get; } = call;

    public int Rows { get; } = rows;

    public CallOptions Options { get; } = options;

    public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public long Arrived { get; } = Stopwatch.GetTimestamp();

    public long Deadline => Deadlines.After(Arrived, Options.Timeout);

    /// <summary>When it left the queue to be run; 0 before.</summary>
    public long Taken { get; set; }

    /// <summary>Whether its caller still waits for it.</summary>
    public bool IsWanted => !Done.Task.IsCompleted;

    /// <summary>The list that it is in; null when it is in none.</summary>
    public LinkedListNode<Pending<TCall>>? Place { get; set; }
}
