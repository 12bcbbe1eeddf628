using System.Globalization;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>
/// Experiments, runs and what runs log. A call that returns has stored all it was given, and repeating it changes nothing;
/// a call that throws has stored nothing.
/// </summary>
public sealed class TrackingService(Db db, AccessService access, TimeProvider time)
{
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Conflict"/> when the name is taken.</exception>
    public async Task<Experiment> CreateExperimentAsync(Actor actor, string name, CancellationToken cancel)
    {
        var (experiment, created) = await db.WriteAsync(session => EnsureExperimentAsync(session, actor, name, cancel), cancel);
        return created ? experiment : throw SlipwayException.Conflict($"There is an experiment '{name}' already, number {experiment.Id}.");
    }

    public async Task<Experiment> GetOrCreateExperimentAsync(Actor actor, string name, CancellationToken cancel) =>
        await db.ReadAsync(session => ExperimentStore.FindAsync(session, name, cancel), cancel)
        ?? await db.WriteAsync(session => GetOrCreateExperimentAsync(session, actor, name, cancel), cancel);

    /// <summary>The same within the caller's transaction.</summary>
    public async Task<Experiment> GetOrCreateExperimentAsync(DbSession session, Actor actor, string name, CancellationToken cancel) =>
        (await EnsureExperimentAsync(session, actor, name, cancel)).Experiment;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public async Task<Experiment> GetExperimentAsync(long id, CancellationToken cancel) =>
        await db.ReadAsync(session => ExperimentStore.FindAsync(session, id, cancel), cancel)
        ?? throw SlipwayException.NotFound($"There is no experiment {id}.");

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public async Task<Experiment> GetExperimentAsync(string name, CancellationToken cancel) =>
        await db.ReadAsync(session => ExperimentStore.FindAsync(session, name, cancel), cancel)
        ?? throw SlipwayException.NotFound($"There is no experiment '{name}'.");

    /// <summary>By name, in byte order.</summary>
    /// <param name="limit">1 to 1000.</param>
    public async Task<Page<Experiment>> ListExperimentsAsync(string? pageToken, int limit, CancellationToken cancel)
    {
        Limit.Range("A page of experiments", limit, 1, 1000);
        var after = pageToken is null ? "" : PageToken.Read<string>(pageToken, "experiments");
        var rows = await db.ReadAsync(session => ExperimentStore.ListAsync(session, after, limit + 1, cancel), cancel);
        return PageToken.Cut(rows, limit, "experiments", experiment => experiment.Name);
    }

    /// <returns>The new run, or the one that was started with this request key before, whatever became of it.</returns>
    public Task<Run> StartRunAsync(Actor actor, RunStart start, CancellationToken cancel) =>
        db.WriteAsync(session => StartRunAsync(session, actor, start, cancel), cancel);

    /// <summary>The same within the caller's transaction.</summary>
    public async Task<Run> StartRunAsync(DbSession session, Actor actor, RunStart start, CancellationToken cancel)
    {
        access.Require(actor, Role.Contributor, $"experiment/{start.ExperimentId}");
        TrackingLimits.Check(start);
        TrackingLimits.Check(new LogBatch(Tags: start.Tags));
        if (await ExperimentStore.FindAsync(session, start.ExperimentId, cancel) is null)
        {
            throw SlipwayException.NotFound($"There is no experiment {start.ExperimentId}.");
        }

        if (start.ParentId is not null)
        {
            await FindRunAsync(session, start.ParentId, cancel);
        }

        var now = time.GetUtcNow();
        var id = Guid.CreateVersion7(now).ToString("N");
        var run = new Run(
            id, start.ExperimentId, string.IsNullOrEmpty(start.Name) ? $"run-{id[^8..]}" : start.Name, RunStatus.Running,
            start.StartMs ?? now.ToUnixTimeMilliseconds(), null, start.ParentId, actor.Name, start.Environment?.WithoutSecrets());
        if (await RunStore.InsertAsync(session, run, start.RequestKey, cancel) == 0)
        {
            return await RunStore.FindRequestAsync(session, start.ExperimentId, start.RequestKey!, cancel)
                ?? throw new InvalidOperationException($"Request key '{start.RequestKey}' is taken and has no run.");
        }

        if (start.Tags is { Count: > 0 } tags)
        {
            await RunStore.PutTagsAsync(session, id, tags, cancel);
        }

        return run;
    }

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
        access.Require(actor, Role.Contributor, $"run/{runId}");
        TrackingLimits.Check(batch);
        await FindRunAsync(session, runId, cancel);
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
        }
    }

    public Task LogInputAsync(Actor actor, string runId, DatasetInput input, CancellationToken cancel) =>
        db.WriteAsync(session => LogInputAsync(session, actor, runId, input, cancel), cancel);

    /// <summary>The same within the caller's transaction.</summary>
    public async Task LogInputAsync(DbSession session, Actor actor, string runId, DatasetInput input, CancellationToken cancel)
    {
        access.Require(actor, Role.Contributor, $"run/{runId}");
        TrackingLimits.Check(input);
        await FindRunAsync(session, runId, cancel);
        await RunStore.PutInputAsync(session, runId, input, cancel);
    }

    /// <summary>Ends a running run; ending it the same way again changes nothing.</summary>
    /// <param name="endMs">Now, when absent.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> when it ended otherwise before.</exception>
    public Task<Run> FinishRunAsync(Actor actor, string runId, RunStatus status, CancellationToken cancel, long? endMs = null) =>
        db.WriteAsync(session => FinishRunAsync(session, actor, runId, status, cancel, endMs), cancel);

    /// <summary>The same within the caller's transaction.</summary>
    public async Task<Run> FinishRunAsync(
        DbSession session, Actor actor, string runId, RunStatus status, CancellationToken cancel, long? endMs = null)
    {
        access.Require(actor, Role.Contributor, $"run/{runId}");
        if (status == RunStatus.Running)
        {
            throw SlipwayException.Invalid("A run ends as finished, failed or killed; got running.");
        }

        var end = endMs ?? time.GetUtcNow().ToUnixTimeMilliseconds();
        var ended = await RunStore.FinishAsync(session, runId, status, end, cancel);
        var run = await FindRunAsync(session, runId, cancel);
        return ended == 1 || run.Status == status ? run : throw new SlipwayException(
            ErrorKind.FailedPrecondition,
            $"Run {runId} is {EnumName.Of(run.Status)} already and cannot become {EnumName.Of(status)}.");
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public Task<RunDetail> GetRunAsync(string runId, CancellationToken cancel) =>
        db.ReadAsync(session => GetRunAsync(session, runId, cancel), cancel);

    /// <summary>The same as the caller's transaction sees it.</summary>
    public async Task<RunDetail> GetRunAsync(DbSession session, string runId, CancellationToken cancel) =>
        (await DetailAsync(session, [await FindRunAsync(session, runId, cancel)], cancel))[0];

    /// <summary>The runs of an experiment, newest first; runs that start meanwhile do not move the pages.</summary>
    /// <param name="limit">1 to 1000.</param>
    public async Task<Page<RunDetail>> SearchRunsAsync(long experimentId, string? pageToken, int limit, CancellationToken cancel)
    {
        Limit.Range("A page of runs", limit, 1, TrackingLimits.RunsPage);
        var query = string.Create(CultureInfo.InvariantCulture, $"runs of {experimentId}");
        var after = pageToken is null ? new RunPosition(long.MaxValue, "~") : PageToken.Read<RunPosition>(pageToken, query);
        return await db.ReadAsync(
            async session =>
            {
                var runs = await RunStore.SearchAsync(session, experimentId, after, limit + 1, cancel);
                var page = PageToken.Cut(runs, limit, query, run => new RunPosition(run.StartMs, run.Id));
                return new Page<RunDetail>(await DetailAsync(session, page.Items, cancel), page.NextPageToken);
            },
            cancel);
    }

    /// <summary>All points of a metric by step, time and value.</summary>
    /// <param name="limit">1 to 25,000.</param>
    public async Task<Page<MetricPoint>> MetricHistoryAsync(
        string runId, string key, string? pageToken, int limit, CancellationToken cancel)
    {
        Limit.Range("A page of a metric's history", limit, 1, TrackingLimits.HistoryPage);
        var query = Json.Write(new[] { "history", runId, key });
        var after = pageToken is null
            ? new MetricRow(key, long.MinValue, long.MinValue, int.MinValue, 0)
            : PageToken.Read<MetricRow>(pageToken, query);
        var rows = await db.ReadAsync(
            async session =>
            {
                await FindRunAsync(session, runId, cancel);
                return await MetricStore.HistoryAsync(session, runId, after, limit + 1, cancel);
            },
            cancel);
        var page = PageToken.Cut(rows, limit, query, row => row);
        return new Page<MetricPoint>([.. page.Items.Select(row => row.ToPoint())], page.NextPageToken);
    }

    private async Task<(Experiment Experiment, bool Created)> EnsureExperimentAsync(
        DbSession session, Actor actor, string name, CancellationToken cancel)
    {
        access.Require(actor, Role.Contributor, $"experiment/{name}");
        Limit.Name("An experiment's name", name, TrackingLimits.ExperimentName);
        if (await ExperimentStore.FindAsync(session, name, cancel) is { } found)
        {
            return (found, false);
        }

        var created = new Experiment(
            await ExperimentStore.TakeNumberAsync(session, cancel), name, time.GetUtcNow().ToUnixTimeMilliseconds(), actor.Name);
        return await ExperimentStore.InsertAsync(session, created, cancel) == 1
            ? (created, true)
            : ((await ExperimentStore.FindAsync(session, name, cancel))!, false);
    }

    private static async Task<Run> FindRunAsync(DbSession session, string runId, CancellationToken cancel) =>
        await RunStore.FindAsync(session, runId, cancel) ?? throw SlipwayException.NotFound($"There is no run '{runId}'.");

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
        var inputs = (await RunStore.InputsAsync(session, ids, cancel)).ToLookup(i => i.Run, i => i.Input);
        return
        [
            .. runs.Select(run => new RunDetail(
                run,
                metrics[run.Id].ToDictionary(m => m.Key, StringComparer.Ordinal),
                values[run.Id].ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal),
                tags[run.Id].ToDictionary(t => t.Key, t => t.Value, StringComparer.Ordinal),
                [.. inputs[run.Id]])),
        ];
    }
}
