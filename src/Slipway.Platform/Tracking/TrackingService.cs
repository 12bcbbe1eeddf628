using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>
/// Runs and what they log. A call that returns has stored all it was given, and repeating it changes nothing;
/// a call that throws has stored nothing.
/// </summary>
public sealed partial class TrackingService(Db db, AccessService access, TimeProvider time, RunEvents? events = null)
{
    private readonly LogWriter writer = new(access);
    private readonly LogQueue queue = new(db, new LogWriter(access));
    private readonly RunSearch search = new(db, time);
    private readonly MetricHistory history = new(db, access);

    /// <summary>Params are written once: the same value again is fine.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Conflict"/> when a param has another value.</exception>
    public Task LogParamsAsync(Actor actor, string runId, IReadOnlyDictionary<string, string> values, CancellationToken cancel) =>
        LogBatchAsync(actor, runId, new LogBatch(Params: values), cancel);

    /// <summary>A point that the run has already (same key, step, time and value) is stored once.</summary>
    public Task LogMetricsAsync(Actor actor, string runId, IReadOnlyList<MetricPoint> points, CancellationToken cancel) =>
        LogBatchAsync(actor, runId, new LogBatch(Metrics: points), cancel);

    /// <summary>Adds tags or replaces their values.</summary>
    public Task SetTagsAsync(Actor actor, string runId, IReadOnlyDictionary<string, string> tags, CancellationToken cancel) =>
        LogBatchAsync(actor, runId, new LogBatch(Tags: tags), cancel);

    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Invalid"/> over a limit of <see cref="TrackingLimits"/>, NotFound without the run, Conflict for a
    /// param that has another value.
    /// </exception>
    public Task LogBatchAsync(Actor actor, string runId, LogBatch batch, CancellationToken cancel)
    {
        TrackingLimits.Check(batch);

        // SQLite's writers share a commit by themselves.
        return db.Engine == DbEngine.Postgres
            ? queue.WriteAsync(new LoggedCall(actor, runId, batch, cancel))
            : db.WriteAsync(session => writer.WriteAsync(session, actor, runId, batch, cancel), cancel);
    }

    /// <summary>The same within the caller's transaction.</summary>
    public Task LogBatchAsync(DbSession session, Actor actor, string runId, LogBatch batch, CancellationToken cancel)
    {
        TrackingLimits.Check(batch);
        return writer.WriteAsync(session, actor, runId, batch, cancel);
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public Task<RunDetail> GetRunAsync(Actor actor, string runId, CancellationToken cancel) => db.ReadAsync(
        async session =>
        {
            await access.RequireInRunAsync(session, runId, actor, Role.Viewer, cancel);
            return await GetRunAsync(session, runId, cancel);
        },
        cancel);

    /// <summary>The same as the caller's transaction sees it.</summary>
    public async Task<RunDetail> GetRunAsync(DbSession session, string runId, CancellationToken cancel) =>
        await RunParts.FindAsync(session, runId, cancel) ?? throw SlipwayException.NotFound($"There is no run '{runId}'.");

    /// <summary>The runs that match, in the order asked for; runs that start meanwhile do not move the pages.</summary>
    public Task<Page<RunDetail>> SearchRunsAsync(Actor actor, RunQuery query, CancellationToken cancel) => search.PageAsync(actor, query, cancel);

    /// <summary>All points of a metric by step, time and value.</summary>
    /// <param name="limit">1 to 25,000.</param>
    public Task<Page<MetricPoint>> MetricHistoryAsync(
        Actor actor, string runId, string key, string? pageToken, int limit, CancellationToken cancel) =>
        history.PageAsync(actor, runId, key, pageToken, limit, cancel);

    /// <summary>The points of a metric of many runs, run by run in the order given, each by step, time and value.</summary>
    /// <param name="runIds">1 to 100; one that does not exist has no points.</param>
    /// <param name="limit">1 to 25,000 points of all runs together; what is beyond is left out.</param>
    public Task<IReadOnlyList<RunMetricPoint>> BulkHistoryAsync(
        Actor actor, IReadOnlyList<string> runIds, string key, int limit, CancellationToken cancel) =>
        history.BulkAsync(actor, runIds, key, limit, cancel);

    /// <summary>Evenly chosen steps of a metric of many runs: the first and the last of each, and as many between as asked for.</summary>
    /// <param name="runIds">1 to 100; one that does not exist has no points.</param>
    /// <param name="steps">The first and the last step to look at, or null for all.</param>
    /// <param name="perRun">1 to 2500 steps of each run.</param>
    public Task<IReadOnlyList<RunMetricPoint>> BulkIntervalAsync(
        Actor actor, IReadOnlyList<string> runIds, string key, (long First, long Last)? steps, int perRun, CancellationToken cancel) =>
        history.IntervalAsync(actor, runIds, key, steps, perRun, cancel);

    private static async Task<Run> FindRunAsync(DbSession session, string runId, CancellationToken cancel) =>
        await RunStore.FindAsync(session, runId, cancel) ?? throw SlipwayException.NotFound($"There is no run '{runId}'.");

    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> when it is deleted.</exception>
    private static async Task<Run> FindActiveRunAsync(DbSession session, string runId, CancellationToken cancel)
    {
        var run = await FindRunAsync(session, runId, cancel);
        return run.Lifecycle == Lifecycle.Active ? run : throw new SlipwayException(
            ErrorKind.FailedPrecondition, $"The run {runId} must be in the 'active' state; it is deleted.");
    }
}
