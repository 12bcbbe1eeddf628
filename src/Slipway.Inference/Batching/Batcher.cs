using System.Diagnostics;
using Slipway.Core.Errors;

namespace Slipway.Inference.Batching;

/// <summary>
/// Brings the calls of one model to its native session. A call that finds a free place and nobody waiting runs at once, on its
/// caller's thread. The others wait in a bounded queue, and what has gathered there by the time a place is theirs shares a native
/// call. No place stays idle while calls wait, but for the time that the thread pool needs for what it has in line.
/// </summary>
/// <param name="mayShare">Whether the model's rows can share a native call under the mode.</param>
internal sealed class Batcher<TCall>(
    string model, IBatchEngine<TCall> engine, InferenceWorkers workers, InferenceCounters counters, Func<BatchingMode, bool> mayShare)
    : IThreadPoolWorkItem
{
    private readonly Lock gate = new();
    private readonly RequestQueue<TCall> queue = new();
    private readonly BatchWindow window = new();
    private bool scheduled;

    public int Waiting => queue.Count;

    /// <summary>Runs the call, now or when its turn comes; the answer is in the call then.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Unavailable"/> when the queue is full or its time ran out there;
    /// <see cref="ErrorKind.Timeout"/> when it ran out in the native call; what the model says of the call otherwise.</exception>
    public async ValueTask RunAsync(TCall call, CallOptions options, CancellationToken cancel)
    {
        var request = new RequestClock(counters);
        try
        {
            if (queue.Count == 0 && !Gathers(engine.Rows(call), options.Batching) && workers.TryEnter(out var place))
            {
                RunAtOnce(call, options, place);
            }
            else
            {
                var pending = new Pending<TCall>(call, engine.Rows(call), options);
                await WaitAsync(pending, cancel);
                request.Entered(pending.Taken);
            }

            request.Succeeded();
        }
        finally
        {
            request.Dispose();
        }
    }

    void IThreadPoolWorkItem.Execute() => _ = RunNextAsync();

    private bool Gathers(int rows, BatchingOptions options) =>
        options.Mode != BatchingMode.Off && rows * 2L <= options.MaxBatchSize && window.Gathers() && mayShare(options.Mode);

    private void RunAtOnce(TCall call, CallOptions options, InferenceWorkers.Place place)
    {
        using (place)
        {
            var started = Stopwatch.GetTimestamp();
            try
            {
                engine.Run([call], Deadlines.After(started, options.Timeout));
            }
            catch (SlipwayException failure) when (failure.Kind == ErrorKind.Timeout)
            {
                counters.RanOutOfTime();
                throw;
            }

            window.Executed(1, Stopwatch.GetTimestamp() - started);
        }
    }

    private async ValueTask WaitAsync(Pending<TCall> pending, CancellationToken cancel)
    {
        Add(pending);
        await using var timer = new Timer(_ => Expire(pending), null, Deadlines.Due(pending.Options.Timeout), Timeout.InfiniteTimeSpan);
        await using var leaving = cancel.UnsafeRegister(_ => Cancel(pending, cancel), null);
        await pending.Done.Task;
    }

    private void Add(Pending<TCall> pending)
    {
        bool schedule, late;
        lock (gate)
        {
            if (queue.Count >= pending.Options.MaxQueue)
            {
                counters.RefusedAsFull();
                throw Refusals.QueueFull(model, pending.Options.MaxQueue, window.Backlog(queue.Count, workers.Count));
            }

            late = queue.Count > 0 && Deadlines.After(queue.OldestArrival, pending.Options.Batching.MaxDelay) < pending.Arrived;
            queue.Add(pending);
            schedule = !scheduled;
            scheduled = true;
        }

        if (schedule)
        {
            // Behind what is in line already: requests on their way to this model among it.
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        if (late && workers.TryEnter(out var place))
        {
            RunNext(place, asScheduled: false);
        }
    }

    /// <remarks>Whatever goes wrong belongs to a call and is told to its caller.</remarks>
    private async Task RunNextAsync() => RunNext(await workers.EnterAsync(), asScheduled: true);

    private void RunNext(InferenceWorkers.Place place, bool asScheduled)
    {
        using (place)
        {
            var batch = Take(asScheduled);
            if (batch.Count > 0)
            {
                window.Gathered(batch.Count);
                Run(batch);
            }
        }
    }

    private List<Pending<TCall>> Take(bool asScheduled)
    {
        List<Pending<TCall>> batch;
        bool more;
        mayShare(BatchingMode.Auto); // found out by trial the first time, which must not happen inside the lock
        lock (gate)
        {
            batch = queue.Take(engine, mayShare);
            more = asScheduled && queue.Count > 0;
            scheduled = asScheduled ? more : scheduled;
        }

        if (more)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        var now = Stopwatch.GetTimestamp();
        batch.Where(pending => pending.Deadline <= now).ToList().ForEach(Expire);
        batch.RemoveAll(pending => !pending.IsWanted);
        batch.ForEach(pending => pending.Taken = now);
        return batch;
    }

    private void Run(List<Pending<TCall>> batch)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            engine.Run([.. batch.Select(pending => pending.Call)], batch.Max(pending => pending.Deadline));
            window.Executed(batch.Count, Stopwatch.GetTimestamp() - started);
            batch.ForEach(pending => pending.Done.TrySetResult());
        }
        catch (Exception) when (batch.Count > 1)
        {
            // One of them spoiled it for all; alone, only that one fails.
            batch.Where(pending => pending.IsWanted).ToList().ForEach(pending => Run([pending]));
        }
        catch (Exception failure)
        {
            batch[0].Done.TrySetException(failure);
        }
    }

    private void Cancel(Pending<TCall> pending, CancellationToken cancel)
    {
        Remove(pending);
        pending.Done.TrySetCanceled(cancel);
    }

    private void Expire(Pending<TCall> pending)
    {
        Remove(pending);
        if (pending.Done.TrySetException(Refusals.TimedOut(waiting: pending.Taken == 0)))
        {
            counters.RanOutOfTime();
        }
    }

    private void Remove(Pending<TCall> pending)
    {
        lock (gate)
        {
            queue.Remove(pending);
        }
    }
}
