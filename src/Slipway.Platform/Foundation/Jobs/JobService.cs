using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Foundation.Jobs;

/// <summary>
/// The durable queue. Enqueued inside a caller's transaction it is the outbox: the job exists exactly when the change does.
/// </summary>
public sealed class JobService(Db db, TimeProvider time, JobOptions options) : IDisposable
{
    private readonly SemaphoreSlim wake = new(0);

    /// <summary>Adds a job to the caller's transaction; workers wake when it commits.</summary>
    /// <returns>The job's id, or null when a job of this kind with this dedupe key exists.</returns>
    public async Task<string?> EnqueueAsync<T>(
        DbSession session, string kind, T payload, CancellationToken cancel, string? dedupeKey = null, DateTimeOffset? runAt = null)
    {
        var now = time.GetUtcNow();
        var job = new Job(
            Guid.CreateVersion7(now).ToString("N"), kind, Json.Write(payload), JobState.Queued, dedupeKey,
            (runAt ?? now).ToUnixTimeMilliseconds(), 0, options.MaxAttempts, null, null, now.ToUnixTimeMilliseconds(), null);
        if (await JobStore.InsertAsync(session, job, cancel) == 0)
        {
            return null;
        }

        if (session.Engine == DbEngine.Postgres)
        {
            await session.ExecuteAsync("select pg_notify('slipway_jobs', '')", null, cancel);
        }

        session.OnCommitted(Wake);
        return job.Id;
    }

    /// <summary>The same in a transaction of its own.</summary>
    public Task<string?> EnqueueAsync<T>(
        string kind, T payload, CancellationToken cancel, string? dedupeKey = null, DateTimeOffset? runAt = null) =>
        db.WriteAsync(session => EnqueueAsync(session, kind, payload, cancel, dedupeKey, runAt), cancel);

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public async Task<Job> GetAsync(string id, CancellationToken cancel) =>
        await db.ReadAsync(session => JobStore.FindAsync(session, id, cancel), cancel)
        ?? throw SlipwayException.NotFound($"There is no job '{id}'.");

    /// <summary>Newest first.</summary>
    /// <param name="after">The id of the last job of the page before.</param>
    /// <param name="limit">1 to 1000.</param>
    public Task<List<Job>> ListAsync(JobState? state, string? after, int limit, CancellationToken cancel) =>
        limit is < 1 or > 1000
            ? throw SlipwayException.Invalid($"A page holds 1 to 1000 jobs; got {limit}.")
            : db.ReadAsync(session => JobStore.ListAsync(session, state, after, limit, cancel), cancel);

    /// <summary>The jobs of a kind that wait or run, oldest first.</summary>
    public Task<List<Job>> UnfinishedAsync(string kind, CancellationToken cancel) =>
        db.ReadAsync(session => JobStore.UnfinishedAsync(session, kind, cancel), cancel);

    /// <summary>Gives a dead job its attempts back.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> when it is not dead.</exception>
    public async Task RequeueAsync(string id, CancellationToken cancel)
    {
        if (await db.WriteAsync(s => JobStore.RequeueAsync(s, id, time.GetUtcNow().ToUnixTimeMilliseconds(), cancel), cancel) == 0)
        {
            var job = await GetAsync(id, cancel);
            throw new SlipwayException(ErrorKind.FailedPrecondition, $"Job '{id}' is {job.State.ToString().ToLowerInvariant()}, not dead.");
        }

        Wake();
    }

    /// <summary>
    /// Frees all leases. Only for a process that knows it is alone on the database (the embedded one holds the folder's lock):
    /// after a crash its work goes on at once instead of after the lease.
    /// </summary>
    public Task<int> ReleaseOrphansAsync(CancellationToken cancel) =>
        db.WriteAsync(session => JobStore.ReleaseAllAsync(session, cancel), cancel);

    /// <summary>Jobs that succeeded before; the dead ones wait for a person, however long.</summary>
    public Task<long> CountSucceededAsync(DateTimeOffset before, CancellationToken cancel) =>
        db.ReadAsync(session => JobStore.CountSucceededAsync(session, before.ToUnixTimeMilliseconds(), cancel), cancel);

    /// <summary>Removes them, in pieces that keep no writer waiting for long.</summary>
    public async Task<long> RemoveSucceededAsync(DateTimeOffset before, CancellationToken cancel)
    {
        const int pieceRows = 5000;
        var (count, removed) = (0L, pieceRows);
        while (removed == pieceRows)
        {
            removed = await db.WriteAsync(
                session => JobStore.RemoveSucceededAsync(session, before.ToUnixTimeMilliseconds(), pieceRows, cancel), cancel);
            count += removed;
        }

        return count;
    }

    public void Dispose() => wake.Dispose();

    internal void Wake()
    {
        if (wake.CurrentCount == 0)
        {
            wake.Release();
        }
    }

    /// <summary>Returns when something was enqueued in this process, or after the poll interval.</summary>
    internal Task WaitAsync(CancellationToken cancel) => wake.WaitAsync(options.Poll, cancel);
}
