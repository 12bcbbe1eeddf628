using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Serving.Rollouts;

namespace Slipway.Platform.Serving.Predictions;

/// <summary>
/// Takes predictions from the request path and writes them in batches, one transaction each. What nobody waits for gathers
/// for a moment; as soon as somebody waits, everything gathered so far is committed (group commit). Stopping writes what
/// was accepted.
/// </summary>
public sealed partial class PredictionLog : BackgroundService
{
    private const int Attempts = 5;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(200);

    private readonly Channel<Item> channel = Channel.CreateUnbounded<Item>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Db db;
    private readonly PredictionLogOptions options;
    private readonly ServingMetrics metrics;
    private readonly CanaryTrigger canaries;
    private readonly TimeProvider time;
    private readonly ILogger<PredictionLog> log;
    private readonly SemaphoreSlim hurry = new(0);
    private long waitingRows;
    private long droppedRows;

    internal PredictionLog(
        Db db, PredictionLogOptions options, ServingMetrics metrics, CanaryTrigger canaries, TimeProvider time, ILogger<PredictionLog> log)
    {
        this.db = db;
        this.options = options;
        this.metrics = metrics;
        this.canaries = canaries;
        this.time = time;
        this.log = log;
    }

    /// <summary>Predictions of this process that were answered and not logged.</summary>
    public long Dropped => Interlocked.Read(ref droppedRows);

    /// <summary>Returns when everything that was accepted before is committed.</summary>
    public Task FlushAsync(CancellationToken cancel) => WriteDurablyAsync(new LogEntry("", 0, [], [], IsCanary: false), cancel);

    /// <summary>Never waits: beyond the capacity the entry is dropped and counted.</summary>
    internal void Write(LogEntry entry)
    {
        var waiting = Interlocked.Add(ref waitingRows, entry.Rows);
        if (waiting > options.CapacityRows || !channel.Writer.TryWrite(new Item(entry, null)))
        {
            Interlocked.Add(ref waitingRows, -entry.Rows);
            Drop(entry.Endpoint, entry.Rows);
        }
        else if (waiting >= options.BatchRows)
        {
            Hurry();
        }
    }

    /// <summary>Returns when the entry is committed. Waiting bounds itself: a caller has one entry at a time here.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Unavailable"/> when it cannot be written.</exception>
    internal Task WriteDurablyAsync(LogEntry entry, CancellationToken cancel)
    {
        var committed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Add(ref waitingRows, entry.Rows);
        if (!channel.Writer.TryWrite(new Item(entry, committed)))
        {
            Interlocked.Add(ref waitingRows, -entry.Rows);
            throw new SlipwayException(ErrorKind.Unavailable, "The server is stopping; the prediction was not logged.");
        }

        Hurry();
        return committed.Task.WaitAsync(cancel);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        channel.Writer.TryComplete();
        Hurry();
        if (ExecuteTask is { } loop)
        {
            // Past the time for stopping, what is left is lost with the process; the host says so.
            await loop.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await base.StopAsync(cancellationToken);
    }

    public override void Dispose()
    {
        hurry.Dispose();
        base.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <remarks>Ends when the channel is completed and empty, not when the host begins to stop: what was accepted is written.</remarks>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<Item>();
        var isBehind = false;
        while (await channel.Reader.WaitToReadAsync(CancellationToken.None))
        {
            // Rows that nobody waits for gather without waking this loop one by one.
            if (!isBehind)
            {
                await hurry.WaitAsync(options.Linger, CancellationToken.None);
            }

            for (var rows = 0; rows < options.BatchRows && channel.Reader.TryRead(out var item); rows += item.Entry.Rows)
            {
                batch.Add(item);
            }

            await CommitAsync(batch);
            batch.Clear();
            isBehind = channel.Reader.TryPeek(out _);
        }
    }

    private void Hurry()
    {
        if (hurry.CurrentCount == 0)
        {
            hurry.Release();
        }
    }

    private async Task CommitAsync(List<Item> batch)
    {
        var failure = await TryInsertAsync([.. batch.Select(item => item.Entry)]);
        foreach (var (entry, committed) in batch)
        {
            Interlocked.Add(ref waitingRows, -entry.Rows);
            if (failure is null)
            {
                committed?.SetResult();
            }
            else if (committed is not null)
            {
                committed.SetException(failure);
            }
            else
            {
                Drop(entry.Endpoint, entry.Rows);
            }
        }
    }

    /// <returns>Why the batch could not be written, after some attempts; null when it was.</returns>
    private async Task<Exception?> TryInsertAsync(LogEntry[] entries)
    {
        if (entries.All(entry => entry.Rows == 0))
        {
            return null;
        }

        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await db.WriteAsync(session => InsertAsync(session, entries), CancellationToken.None);
                return null;
            }
            catch (SlipwayException failure) when (failure.Kind == ErrorKind.Unavailable && attempt < Attempts)
            {
                await Task.Delay(RetryAfter * attempt, time);
            }
            catch (Exception failure)
            {
                LogNotWritten(failure, entries.Sum(entry => entry.Rows));
                return failure;
            }
        }
    }

    /// <remarks>Not cancelled: what was accepted is written.</remarks>
    private async Task InsertAsync(DbSession session, LogEntry[] entries)
    {
        await PredictionStore.InsertAsync(session, entries, CancellationToken.None);
        foreach (var endpoint in entries.Where(entry => entry.IsCanary).Select(entry => entry.Endpoint).Distinct())
        {
            await canaries.EnqueueAsync(session, endpoint, CancellationToken.None);
        }
    }

    private void Drop(string endpoint, int rows)
    {
        if (Interlocked.Add(ref droppedRows, rows) == rows)
        {
            LogFirstDrop(endpoint);
        }

        metrics.Dropped(endpoint, rows);
    }

    private sealed record Item(LogEntry Entry, TaskCompletionSource? Committed);

    [LoggerMessage(4001, LogLevel.Error, "{Rows} predictions could not be written to the log")]
    private partial void LogNotWritten(Exception failure, int rows);

    [LoggerMessage(
        4002, LogLevel.Warning,
        "The prediction log cannot keep up: predictions of endpoint {Endpoint} are answered and not logged; see slipway.serving.log.dropped")]
    private partial void LogFirstDrop(string endpoint);
}
