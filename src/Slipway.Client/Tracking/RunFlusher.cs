using System.Threading.Channels;
using Slipway.Core.Errors;

namespace Slipway.Client.Tracking;

/// <summary>Sends what a <see cref="RunBuffer"/> holds: at each interval, when a batch is full, and when it is told to.</summary>
internal sealed class RunFlusher : IAsyncDisposable
{
    private readonly RunClient runs;
    private readonly string runId;
    private readonly SlipwayClientOptions options;
    private readonly RunBuffer buffer;
    private readonly Channel<bool> full = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly SemaphoreSlim sending = new(1);
    private readonly CancellationTokenSource stop = new();
    private readonly Task loop;
    private readonly List<SlipwayException> refused = [];

    /// <summary>Set when the server takes nothing for this run any more.</summary>
    private volatile SlipwayException? over;

    public RunFlusher(RunClient runs, string runId, SlipwayClientOptions options)
    {
        this.runs = runs;
        this.runId = runId;
        this.options = options;
        buffer = new RunBuffer(options.MaxPending);
        loop = Task.Run(RunAsync);
    }

    public void Add(MetricPoint point) => Added(() => buffer.Add(point));

    public void AddParam(string key, string value) => Added(() => buffer.AddParam(key, value));

    public void SetTag(string key, string value) => Added(() => buffer.SetTag(key, value));

    /// <exception cref="SlipwayException">What was refused since the last call, or why the rest is still here.</exception>
    public async Task FlushAsync(CancellationToken cancel)
    {
        await SendAllAsync(cancel);
        lock (refused)
        {
            if (refused.Count > 0)
            {
                var (first, count) = (refused[0], refused.Count);
                refused.Clear();
                throw count == 1 ? first : new SlipwayException(first.Kind, $"{count} values were refused; the first: {first.Message}", first);
            }
        }
    }

    /// <exception cref="SlipwayException">As <see cref="FlushAsync"/>, naming how many values are lost.</exception>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await loop;
        try
        {
            await FlushAsync(CancellationToken.None);
        }
        catch (SlipwayException failure) when (buffer.Count > 0)
        {
            throw new SlipwayException(failure.Kind, $"{buffer.Count} values of run {runId} could not be stored: {failure.Message}", failure);
        }
        finally
        {
            stop.Dispose();
            sending.Dispose();
        }
    }

    private void Added(Func<int> add)
    {
        if (over is { } end)
        {
            throw new SlipwayException(end.Kind, end.Message, end);
        }

        if (add() >= LogBatch.MaxEntities)
        {
            full.Writer.TryWrite(true);
        }
    }

    private async Task RunAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
            await Task.WhenAny(Task.Delay(options.FlushInterval, options.Time, either.Token), full.Reader.WaitToReadAsync(either.Token).AsTask());
            await either.CancelAsync();
            full.Reader.TryRead(out _);
            try
            {
                await SendAllAsync(stop.Token);
            }
            catch (Exception failure) when (failure is SlipwayException or OperationCanceledException)
            {
                // The values are still in the buffer; the next round, or the end, sends them or says so.
            }
        }
    }

    /// <summary>One at a time, so that batches go out in order and none twice.</summary>
    private async Task SendAllAsync(CancellationToken cancel)
    {
        await sending.WaitAsync(cancel);
        try
        {
            while (buffer.Peek() is { } batch)
            {
                if (over is { } end)
                {
                    throw new SlipwayException(end.Kind, end.Message, end);
                }

                await SendAsync(batch, cancel);
                buffer.Drop(batch);
            }
        }
        finally
        {
            sending.Release();
        }
    }

    /// <summary>Returns when each value of the batch is stored or refused.</summary>
    private async Task SendAsync(LogBatch batch, CancellationToken cancel)
    {
        try
        {
            await runs.LogBatchAsync(runId, batch, cancel);
        }
        catch (SlipwayException refusal) when (refusal.Kind is ErrorKind.Invalid or ErrorKind.Conflict or ErrorKind.TooLarge)
        {
            if (batch.Halves() is var (first, second))
            {
                await SendAsync(first, cancel);
                await SendAsync(second, cancel);
                return;
            }

            lock (refused)
            {
                refused.Add(refusal);
            }
        }
        catch (SlipwayException end) when (end.Kind is ErrorKind.NotFound or ErrorKind.Forbidden or ErrorKind.Unauthenticated or ErrorKind.FailedPrecondition)
        {
            over = end;
            throw;
        }
    }
}
