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
    /// <param name="queue">Threads that may wait for a place, ≥ 0; models queue their own calls.</param>
    public InferenceWorkers(int workers, int queue = 1024)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(queue);
        places = new SemaphoreSlim(workers, workers);
        this.queue = queue;
        Count = workers;
    }

    /// <summary>Calls inside native code at a time.</summary>
    public int Count { get; }

    /// <summary>One place per processor, for models that are given no workers of their own.</summary>
    public static InferenceWorkers Shared { get; } = new(Environment.ProcessorCount);

    /// <summary>Calls that wait for a place at this moment.</summary>
    public int Waiting => Volatile.Read(ref waiting);

    public void Dispose() => places.Dispose();

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Unavailable"/> when the queue is full.</exception>
    internal Place Enter(CancellationToken cancel)
    {
        if (!TryEnter(out var place))
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

            place = new Place(places);
        }

        return place;
    }

    /// <summary>Takes a place that is free.</summary>
    internal bool TryEnter(out Place place)
    {
        var free = places.Wait(0, CancellationToken.None);
        place = free ? new Place(places) : default;
        return free;
    }

    /// <summary>Waits for a place on behalf of a model's own queue, whatever waits already.</summary>
    internal async ValueTask<Place> EnterAsync()
    {
        if (!TryEnter(out var place))
        {
            Interlocked.Increment(ref waiting);
            await places.WaitAsync();
            Interlocked.Decrement(ref waiting);
            place = new Place(places);
        }

        return place;
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
