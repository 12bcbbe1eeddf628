using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>
/// Runs and what they log. A call that returns has stored all it was given, and repeating it changes nothing;
/// a call that throws has stored nothing.
/// </summary>
public sealed partial class TrackingService(Db db, AccessService access, TimeProvider time)
{
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
    public Task LogBatchAsync(Actor actor, string runId, LogBatch batch, CancellationToken cancel) =>
        db.WriteAsync(session => LogBatchAsync(session, actor, runId, batch, cancel), cancel);

    /// <summary>The same within the caller's transaction.</summary>
    public async Task LogBatchAsync(DbSession session, Actor actor, string runId, LogBatch batch, CancellationToken cancel)
    {
        TrackingLimits.Check(batch);
        await access.RequireInRunAsync(session, runId, actor, Role.Contributor, cancel);
        await FindActiveRunAsync(session, runId, cancel);
        if (batch.Params is { Count: > 0 } values)
        {
            await RunStore.AddParamsAsync(session, runId, values, cancel);
            await CheckUnchangedAsync(session, runId, values, cancel);
        }

        if (batch.Metrics is { Count: > 0 } metrics)
        {
            await MetricStore.AddAsync(session, runId, metrics, cancel);
        }

        if (batch.Tags is { Count: > 0 } tags)
        {
            await RunStore.PutTagsAsync(session, runId, tags, cancel);
            await RunStore.MirrorTagsAsync(session, runId, tags, cancel);
        }
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
        (await DetailAsync(session, [await FindRunAsync(session, runId, cancel)], cancel))[0];

    /// <summary>The runs that match, in the order asked for; runs that start meanwhile do not move the pages.</summary>
    public async Task<Page<RunDetail>> SearchRunsAsync(Actor actor, RunQuery query, CancellationToken cancel)
    {
        Limit.Range("A page of runs", query.Limit, 1, TrackingLimits.RunsPage);
        var text = Json.Write(query with { PageToken = null, Limit = 0 });
        var after = query.PageToken is null ? new RunPosition(long.MaxValue, "~") : PageToken.Read<RunPosition>(query.PageToken, text);
        return await db.ReadAsync(
            async session =>
            {
                var runs = await RunStore.SearchAsync(session, query, ProjectAccess.Readable(actor), after, cancel);
                var page = PageToken.Cut(runs, query.Limit, text, run => new RunPosition(run.StartMs, run.Id));
                return new Page<RunDetail>(await DetailAsync(session, page.Items, cancel), page.NextPageToken);
            },
            cancel);
    }

    /// <summary>All points of a metric by step, time and value.</summary>
    /// <param name="limit">1 to 25,000.</param>
    public async Task<Page<MetricPoint>> MetricHistoryAsync(
        Actor actor, string runId, string key, string? pageToken, int limit, CancellationToken cancel)
    {
        Limit.Range("A page of a metric's history", limit, 1, TrackingLimits.HistoryPage);
        var query = Json.Write(new[] { "history", runId, key });
        var after = pageToken is null
            ? new MetricRow(key, long.MinValue, long.MinValue, int.MinValue, 0)
            : PageToken.Read<MetricRow>(pageToken, query);
        var rows = await db.ReadAsync(
            async session =>
            {
                await access.RequireInRunAsync(session, runId, actor, Role.Viewer, cancel);
                await FindRunAsync(session, runId, cancel);
                return await MetricStore.HistoryAsync(session, runId, after, limit + 1, cancel);
            },
            cancel);
        var page = PageToken.Cut(rows, limit, query, row => row);
        return new Page<MetricPoint>([.. page.Items.Select(row => row.ToPoint())], page.NextPageToken);
    }

    private static async Task<Run> FindRunAsync(DbSession session, string runId, CancellationToken cancel) =>
        await RunStore.FindAsync(session, runId, cancel) ?? throw SlipwayException.NotFound($"There is no run '{runId}'.");

    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> when it is deleted.</exception>
    private static async Task<Run> FindActiveRunAsync(DbSession session, string runId, CancellationToken cancel)
    {
        var run = await FindRunAsync(session, runId, cancel);
        return run.Lifecycle == Lifecycle.Active ? run : throw new SlipwayException(
            ErrorKind.FailedPrecondition, $"The run {runId} must be in the 'active' state; it is deleted.");
    }

    private static async Task CheckUnchangedAsync(
        DbSession session, string runId, IReadOnlyDictionary<string, string> values, CancellationToken cancel)
    {
        foreach (var (_, key, stored) in await RunStore.ParamsAsync(session, [runId], cancel))
        {
            if (values.TryGetValue(key, out var value) && value != stored)
            {
                throw SlipwayException.Conflict(
                    $"Param '{key}' of run {runId} is '{Short(stored)}' and cannot become '{Short(value)}'; params are written once.");
            }
        }
    }

    private static string Short(string text) => text.Length <= 100 ? text : text[..100] + "…";

    private static async Task<List<RunDetail>> DetailAsync(
        DbSession session, IReadOnlyList<Run> runs, CancellationToken cancel)
    {
        string[] ids = [.. runs.Select(run => run.Id)];
        var metrics = (await MetricStore.LatestAsync(session, ids, cancel)).ToLookup(m => m.Run, m => m.Point);
        var values = (await RunStore.ParamsAsync(session, ids, cancel)).ToLookup(p => p.Run);
        var tags = (await RunStore.TagsAsync(session, ids, cancel)).ToLookup(t => t.Run);
        var inputs = (await RunLinkStore.InputsAsync(session, ids, cancel)).ToLookup(i => i.Run, i => i.Input);
        var models = (await RunLinkStore.ModelInputsAsync(session, ids, cancel)).ToLookup(m => m.Run, m => m.Model);
        var outputs = (await RunLinkStore.ModelOutputsAsync(session, ids, cancel)).ToLookup(o => o.Run, o => o.Output);
        return
        [
            .. runs.Select(run => new RunDetail(
                run,
                metrics[run.Id].ToDictionary(m => m.Key, StringComparer.Ordinal),
                values[run.Id].ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal),
                tags[run.Id].ToDictionary(t => t.Key, t => t.Value, StringComparer.Ordinal),
                [.. inputs[run.Id]],
                [.. models[run.Id]],
                [.. outputs[run.Id]])),
        ];
    }
}
