using Slipway.Core.Errors;

namespace Slipway.Inference;

/// <summary>
/// Places for native inference. Only so many threads are ever inside native code, however many requests arrive, so the
/// thread pool keeps threads for everything else; the rest wait without a thread, and beyond the queue's limit are refused.
/// </summary>
/// <remarks>A place that is free is taken on the caller's thread: no hop, nothing allocated.</remarks>
public sealed class InferenceWorkers : IDisposable
{
    private readonly SemaphoreSlim places;
    private readonly int queue;
    private int waiting;

    /// <param name="workers">Calls inside native code at a time, ≥ 1.</param>
    /// <param name="queue">Calls that may wait for a place, ≥ 0.</param>
    public InferenceWorkers(int workers, int queue = 1024)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(queue);
        places = new SemaphoreSlim(workers, workers);
        this.queue = queue;
    }

    /// <summary>One place per processor, for models that are given no workers of their own.</summary>
    public static InferenceWorkers Shared { get; } = new(Environment.ProcessorCount);

    /// <summary>Calls that wait for a place at this moment.</summary>
    public int Waiting => Volatile.Read(ref waiting);

    public void Dispose() => places.Dispose();

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Unavailable"/> when the queue is full.</exception>
    internal Place Enter(CancellationToken cancel)
    {
        if (!places.Wait(0, CancellationToken.None))
        {
            Queue();
            try
            {
                places.Wait(cancel);
            }
            finally
            {
                Interlocked.Decrement(ref waiting);
            }
        }

        return new Place(places);
    }

    /// <inheritdoc cref="Enter"/>
    internal ValueTask<Place> EnterAsync(CancellationToken cancel) => places.Wait(0, CancellationToken.None)
        ? ValueTask.FromResult(new Place(places))
        : WaitAsync(cancel);

    private async ValueTask<Place> WaitAsync(CancellationToken cancel)
    {
        Queue();
        try
        {
            await places.WaitAsync(cancel);
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
        }

        return new Place(places);
    }

    private void Queue()
    {
        if (Interlocked.Increment(ref waiting) > queue)
        {
            Interlocked.Decrement(ref waiting);
            throw new SlipwayException(ErrorKind.Unavailable, $"Exceeds maximum queue size: {queue} predictions are waiting.");
        }
    }

    internal readonly struct Place(SemaphoreSlim places) : IDisposable
    {
        public void Dispose() => places.Release();
    }
}
