using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Foundation.Jobs;

/// <summary>
/// Claims due jobs and runs their handlers, as many at once as there are workers. A claim is a lease kept alive by
/// heartbeats; a worker that lost its lease cannot finish the job (owner and attempt fence it).
/// </summary>
public sealed partial class JobWorker(
    Db db, JobService jobs, IEnumerable<JobKind> kinds, TimeProvider time, JobOptions options, ILogger<JobWorker> log)
    : BackgroundService
{
    private static readonly TimeSpan MaxBackoff = TimeSpan.FromMinutes(5);

    private readonly Dictionary<string, JobHandler> handlers = kinds.ToDictionary(k => k.Kind, k => k.Handler, StringComparer.Ordinal);
    private readonly string owner = Guid.CreateVersion7().ToString("N");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var listening = db.Postgres is null ? Task.CompletedTask : ListenAsync(stoppingToken);
        var running = new HashSet<Task>();
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                running.RemoveWhere(task => task.IsCompleted);
                var claimed = await ClaimAsync(options.Workers - running.Count, stoppingToken);
                foreach (var job in claimed)
                {
                    running.Add(RunAsync(job, stoppingToken));
                }

                if (running.Count >= options.Workers)
                {
                    await Task.WhenAny(running);
                }
                else if (claimed.Count == 0)
                {
                    await Task.WhenAny([jobs.WaitAsync(stoppingToken), .. running]);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The loop ends; what it started is awaited below.
        }

        await Task.WhenAll(running);
        await listening;
    }

    private async Task<List<Job>> ClaimAsync(int max, CancellationToken cancel)
    {
        try
        {
            var now = time.GetUtcNow();
            return await db.WriteAsync(
                s => JobStore.ClaimAsync(
                    s, owner, now.ToUnixTimeMilliseconds(), (now + options.Lease).ToUnixTimeMilliseconds(), max, cancel),
                cancel);
        }
        catch (SlipwayException failure) when (failure.Kind == ErrorKind.Unavailable)
        {
            LogUnavailable(failure.Message);
            return [];
        }
    }

    private async Task RunAsync(Job job, CancellationToken stopping)
    {
        await Task.Yield();
        using var lost = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var heartbeat = HeartbeatAsync(job, lost);
        try
        {
            if (!handlers.TryGetValue(job.Kind, out var handler))
            {
                throw SlipwayException.Invalid($"No handler is registered for jobs of kind '{job.Kind}'.");
            }

            var result = await handler(job, lost.Token);
            await FinishAsync(job, JobState.Succeeded, result, null, job.RunAtMs);
        }
        catch (OperationCanceledException) when (lost.IsCancellationRequested)
        {
            // Shutting down: give it back. Lease lost: the fence makes this a no-op.
            await FinishAsync(job, JobState.Queued, null, "Interrupted by a shutdown.", time.GetUtcNow().ToUnixTimeMilliseconds());
        }
        catch (Exception failure)
        {
            await FailAsync(job, failure);
        }
        finally
        {
            await lost.CancelAsync();
            await heartbeat;
        }
    }

    private async Task HeartbeatAsync(Job job, CancellationTokenSource lost)
    {
        try
        {
            while (true)
            {
                await Task.Delay(options.Lease / 3, time, lost.Token);
                var until = (time.GetUtcNow() + options.Lease).ToUnixTimeMilliseconds();
                if (await db.WriteAsync(s => JobStore.ExtendAsync(s, job.Id, owner, job.Attempts, until, lost.Token), lost.Token) == 0)
                {
                    LogLeaseLost(job.Id, job.Kind);
                    await lost.CancelAsync();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The job has ended.
        }
        catch (SlipwayException failure) when (failure.Kind == ErrorKind.Unavailable)
        {
            LogUnavailable(failure.Message);
        }
    }

    private async Task FailAsync(Job job, Exception failure)
    {
        var final = failure is SlipwayException { Kind: ErrorKind.Invalid or ErrorKind.NotFound or ErrorKind.FailedPrecondition };
        if (final || job.Attempts >= job.MaxAttempts)
        {
            LogDead(failure, job.Id, job.Kind, job.Attempts);
            await FinishAsync(job, JobState.Dead, null, failure.Message, job.RunAtMs);
            return;
        }

        LogRetry(failure, job.Id, job.Kind, job.Attempts);
        await FinishAsync(job, JobState.Queued, null, failure.Message, (time.GetUtcNow() + Backoff(job)).ToUnixTimeMilliseconds());
    }

    /// <summary>base · 2^(attempt − 1), at most five minutes, spread by ± 20 % that depends on the job alone.</summary>
    private TimeSpan Backoff(Job job)
    {
        var wait = options.RetryBase * Math.Pow(2, Math.Min(job.Attempts - 1, 20));
        var spread = 0.8 + (0.4 * ((uint)string.GetHashCode(job.Id, StringComparison.Ordinal) % 1000 / 1000.0));
        return (wait < MaxBackoff ? wait : MaxBackoff) * spread;
    }

    private async Task FinishAsync(Job job, JobState state, string? result, string? error, long runAtMs)
    {
        long? finished = state is JobState.Succeeded or JobState.Dead ? time.GetUtcNow().ToUnixTimeMilliseconds() : null;
        try
        {
            // Not cancelled by shutdown: the outcome of work that was done must not be lost.
            await db.WriteAsync(
                s => JobStore.FinishAsync(s, job, owner, state, result, error, runAtMs, finished, CancellationToken.None),
                CancellationToken.None);
        }
        catch (SlipwayException failure) when (failure.Kind == ErrorKind.Unavailable)
        {
            LogUnavailable(failure.Message);
        }
    }

    private async Task ListenAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await using var connection = await db.Postgres!.OpenConnectionAsync(cancel);
                await using var listen = connection.CreateCommand();
                listen.CommandText = "listen slipway_jobs";
                await listen.ExecuteNonQueryAsync(cancel);
                while (true)
                {
                    await connection.WaitAsync(cancel);
                    jobs.Wake();
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Npgsql.NpgsqlException failure)
            {
                LogUnavailable(failure.Message);
                await Task.Delay(options.Poll, time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    [LoggerMessage(1001, LogLevel.Warning, "Job {Id} ({Kind}) failed at attempt {Attempt}; it will be tried again")]
    private partial void LogRetry(Exception failure, string id, string kind, int attempt);

    [LoggerMessage(1002, LogLevel.Error, "Job {Id} ({Kind}) is dead after {Attempts} attempts")]
    private partial void LogDead(Exception failure, string id, string kind, int attempts);

    [LoggerMessage(1003, LogLevel.Warning, "Job {Id} ({Kind}) lost its lease to another server")]
    private partial void LogLeaseLost(string id, string kind);

    [LoggerMessage(1004, LogLevel.Warning, "The job queue waits for the database: {Reason}")]
    private partial void LogUnavailable(string reason);
}
