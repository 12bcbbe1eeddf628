using System.Data.Common;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Foundation.Jobs;

internal static class JobStore
{
    private const string Columns =
        "id, kind, payload, state, dedupe_key, run_at_ms, attempts, max_attempts, last_error, result, created_ms, finished_ms";

    /// <returns>1 when it was added, 0 when its dedupe key is taken.</returns>
    public static Task<int> InsertAsync(DbSession session, Job job, CancellationToken cancel) => session.ExecuteAsync(
        """
        insert into jobs (id, kind, payload, state, dedupe_key, run_at_ms, attempts, max_attempts, created_ms)
        values (@id, @kind, @payload, 'queued', cast(@dedupe as text), @run_at, 0, @max, @created)
        on conflict do nothing
        """,
        c => c.With("id", job.Id).With("kind", job.Kind).With("payload", job.Payload).With("dedupe", job.DedupeKey)
            .With("run_at", job.RunAtMs).With("max", job.MaxAttempts).With("created", job.CreatedMs),
        cancel);

    /// <summary>Takes due jobs, and running ones whose lease ran out, for this owner.</summary>
    public static Task<List<Job>> ClaimAsync(
        DbSession session, string owner, long nowMs, long leaseUntilMs, int max, CancellationToken cancel)
    {
        // The engines differ only in how a claim avoids waiting for another server's claim.
        var skip = session.Engine == DbEngine.Postgres ? "for update skip locked" : "";
        return session.QueryAsync(
            $"""
            update jobs set state = 'running', lease_owner = @owner, lease_until_ms = @until, attempts = attempts + 1
            where id in (
              select id from jobs
              where (state = 'queued' and run_at_ms <= @now) or (state = 'running' and lease_until_ms < @now)
              order by run_at_ms, id limit @max {skip})
            returning {Columns}
            """,
            c => c.With("owner", owner).With("until", leaseUntilMs).With("now", nowMs).With("max", max),
            Read,
            cancel);
    }

    /// <returns>0 when the lease was lost: another server has the job now.</returns>
    public static Task<int> ExtendAsync(DbSession session, string id, string owner, int attempt, long untilMs, CancellationToken cancel) =>
        session.ExecuteAsync(
            "update jobs set lease_until_ms = @until where id = @id and lease_owner = @owner and attempts = @attempt and state = 'running'",
            c => c.With("id", id).With("owner", owner).With("attempt", attempt).With("until", untilMs),
            cancel);

    public static Task<int> FinishAsync(
        DbSession session, Job job, string owner, JobState state, string? result, string? error, long runAtMs, long? finishedMs,
        CancellationToken cancel) => session.ExecuteAsync(
            """
            update jobs set state = @state, result = cast(@result as text), last_error = cast(@error as text), run_at_ms = @run_at,
              finished_ms = cast(@finished as bigint), lease_owner = null, lease_until_ms = null
            where id = @id and lease_owner = @owner and attempts = @attempt and state = 'running'
            """,
            c => c.With("id", job.Id).With("owner", owner).With("attempt", job.Attempts).With("state", Name(state))
                .With("result", result).With("error", error).With("run_at", runAtMs).With("finished", finishedMs),
            cancel);

    /// <summary>Gives back what a process that is known to be dead had claimed.</summary>
    public static Task<int> ReleaseAllAsync(DbSession session, CancellationToken cancel) => session.ExecuteAsync(
        "update jobs set state = 'queued', lease_owner = null, lease_until_ms = null where state = 'running'", null, cancel);

    public static Task<int> RequeueAsync(DbSession session, string id, long nowMs, CancellationToken cancel) => session.ExecuteAsync(
        "update jobs set state = 'queued', attempts = 0, run_at_ms = @now, finished_ms = null where id = @id and state = 'dead'",
        c => c.With("id", id).With("now", nowMs),
        cancel);

    public static Task<long> CountSucceededAsync(DbSession session, long beforeMs, CancellationToken cancel) => session.FirstAsync(
        "select count(*) from jobs where state = 'succeeded' and finished_ms < @before",
        c => c.With("before", beforeMs),
        row => row.GetInt64(0),
        cancel);

    public static Task<int> RemoveSucceededAsync(DbSession session, long beforeMs, int max, CancellationToken cancel) => session.ExecuteAsync(
        """
        delete from jobs where id in (
          select id from jobs where state = 'succeeded' and finished_ms < @before order by finished_ms limit @max)
        """,
        c => c.With("before", beforeMs).With("max", max),
        cancel);

    public static Task<Job?> FindAsync(DbSession session, string id, CancellationToken cancel) => session.FirstAsync<Job>(
        $"select {Columns} from jobs where id = @id", c => c.With("id", id), Read, cancel);

    public static Task<List<Job>> ListAsync(DbSession session, JobState? state, string? after, int limit, CancellationToken cancel) =>
        session.QueryAsync(
            $"""
            select {Columns} from jobs
            where (cast(@state as text) is null or state = @state) and (cast(@after as text) is null or id < @after)
            order by id desc limit @limit
            """,
            c => c.With("state", state is { } s ? Name(s) : null).With("after", after).With("limit", limit),
            Read,
            cancel);

    public static Task<List<Job>> UnfinishedAsync(DbSession session, string kind, CancellationToken cancel) => session.QueryAsync(
        $"select {Columns} from jobs where kind = @kind and state in ('queued', 'running') order by id", c => c.With("kind", kind), Read, cancel);

    private static string Name(JobState state) => state.ToString().ToLowerInvariant();

    private static Job Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), Enum.Parse<JobState>(row.GetString(3), ignoreCase: true), row.Text(4),
        row.GetInt64(5), row.GetInt32(6), row.GetInt32(7), row.Text(8), row.Text(9), row.GetInt64(10), row.Long(11));
}
