using System.Text.Json.Nodes;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Jobs;
using Slipway.Platform.Registry;

namespace Slipway.Platform.Pipelines;

/// <summary>Pipelines and their runs. A run is durable from the moment it is acknowledged; a job carries it on after a crash.</summary>
public sealed class PipelineService(
    Db db, JobService jobs, ScheduleService schedules, LineageService lineage, IEnumerable<StepKind> kinds, TimeProvider time)
{
    public const string TriggerJob = "pipelines.trigger";
    public const string RunJob = "pipelines.run";

    /// <summary>Enqueued by whoever decides an approval: waiting runs look again.</summary>
    public const string ResumeJob = "pipelines.resume";

    private readonly HashSet<string> known = kinds.Select(k => k.Name).ToHashSet(StringComparer.Ordinal);

    /// <summary>Adds the pipeline or replaces the one of its name, with its schedule. Runs that are under way keep what they began with.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for an unknown kind of step or a wrong graph.</exception>
    public async Task PutAsync(PipelineDefinition definition, CancellationToken cancel)
    {
        PipelineGraph.Check(definition);
        foreach (var step in definition.Steps)
        {
            if (!known.Contains(step.Uses))
            {
                throw SlipwayException.Invalid(
                    $"Step '{step.Name}' of pipeline '{definition.Name}' uses '{step.Uses}'; known are {string.Join(", ", known.Order(StringComparer.Ordinal))}.");
            }
        }

        await db.WriteAsync(s => PipelineStore.PutAsync(s, definition, Now(), cancel), cancel);
        if (definition.Schedule is { } schedule)
        {
            await schedules.PutAsync(
                $"pipeline:{definition.Name}", schedule.Cron, schedule.TimeZone, TriggerJob, new PipelineTrigger(definition.Name, ""), cancel);
        }
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public async Task<PipelineDefinition> GetAsync(string name, CancellationToken cancel) =>
        await db.ReadAsync(s => PipelineStore.FindAsync(s, name, cancel), cancel)
        ?? throw SlipwayException.NotFound($"There is no pipeline '{name}'.");

    public Task<List<PipelineDefinition>> ListAsync(CancellationToken cancel) => db.ReadAsync(s => PipelineStore.ListAsync(s, cancel), cancel);

    /// <summary>Starts a run; the same cause again gives the run it started the first time.</summary>
    /// <param name="cause">1 to 500 characters, such as <c>drift:flight-delay:2001-05-14</c>.</param>
    /// <param name="parameters">Values that replace the pipeline's defaults.</param>
    /// <param name="because">What made it necessary, to be found in its lineage.</param>
    /// <returns>The run's id.</returns>
    /// <exception cref="SlipwayException">NotFound, or Invalid for a parameter that the pipeline does not have.</exception>
    public async Task<string> StartAsync(
        string pipeline, string cause, JsonObject? parameters, CancellationToken cancel, IReadOnlyList<LineageNode>? because = null)
    {
        if (cause.Length is 0 or > 500)
        {
            throw SlipwayException.Invalid($"A cause has 1 to 500 characters; got {cause.Length}.");
        }

        var definition = await GetAsync(pipeline, cancel);
        var given = Merge(definition, parameters);
        return await db.WriteAsync(
            async session =>
            {
                var id = Guid.CreateVersion7(time.GetUtcNow()).ToString("N");
                var run = new PipelineRun(id, pipeline, definition, given, cause, PipelineState.Running, null, Now(), null, []);
                if (await PipelineStore.InsertRunAsync(session, run, cancel) == 0)
                {
                    run = run with { Id = (await PipelineStore.FindByCauseAsync(session, pipeline, cause, cancel))! };
                }
                else
                {
                    await jobs.EnqueueAsync(session, RunJob, id, cancel);
                }

                foreach (var node in because ?? [])
                {
                    await lineage.AddAsync(session, PipelineActors.Of(run), node, LineageNode.PipelineRun(run.Id), "started", cancel);
                }

                return run.Id;
            },
            cancel);
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public async Task<PipelineRun> GetRunAsync(string id, CancellationToken cancel) =>
        await db.ReadAsync(s => PipelineStore.FindRunAsync(s, id, cancel), cancel)
        ?? throw SlipwayException.NotFound($"There is no pipeline run '{id}'.");

    /// <summary>Newest first, without their steps.</summary>
    /// <param name="after">The id of the last run of the page before.</param>
    /// <param name="limit">1 to 1000.</param>
    public Task<List<PipelineRun>> ListRunsAsync(
        string? pipeline, PipelineState? state, string? after, int limit, CancellationToken cancel) => limit is < 1 or > 1000
        ? throw SlipwayException.Invalid($"A page holds 1 to 1000 runs; got {limit}.")
        : db.ReadAsync(s => PipelineStore.ListRunsAsync(s, pipeline, state, after, limit, cancel), cancel);

    /// <summary>Runs the steps of a failed run that have not succeeded again.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> when the run has not failed.</exception>
    public async Task RetryAsync(string id, CancellationToken cancel)
    {
        var run = await GetRunAsync(id, cancel);
        if (run.State != PipelineState.Failed)
        {
            throw new SlipwayException(ErrorKind.FailedPrecondition, $"Pipeline run '{id}' is {run.State.ToString().ToLowerInvariant()}, not failed.");
        }

        await db.WriteAsync(
            async session =>
            {
                foreach (var step in run.Steps.Where(s => s.State is StepState.Failed or StepState.Pending))
                {
                    await PipelineStore.SetStepAsync(session, id, new StepRun(step.Name, StepState.Pending, 0, null, null, null, null, null, null, null), cancel);
                }

                await PipelineStore.SetRunAsync(session, id, PipelineState.Running, null, null, cancel);
                await jobs.EnqueueAsync(session, RunJob, id, cancel);
            },
            cancel);
    }

    /// <summary>Lets every waiting run look again whether what it waits for has happened.</summary>
    public Task ResumeWaitingAsync(CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            foreach (var run in await PipelineStore.ListRunsAsync(session, null, PipelineState.Waiting, null, 1000, cancel))
            {
                await PipelineStore.SetRunAsync(session, run.Id, PipelineState.Running, null, null, cancel);
                await jobs.EnqueueAsync(session, RunJob, run.Id, cancel);
            }
        },
        cancel);

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    private static JsonObject Merge(PipelineDefinition definition, JsonObject? given)
    {
        var merged = (JsonObject)definition.Parameters.DeepClone();
        foreach (var (name, value) in given ?? [])
        {
            if (!merged.ContainsKey(name))
            {
                throw SlipwayException.Invalid(
                    $"Pipeline '{definition.Name}' has no parameter '{name}'; it has {string.Join(", ", merged.Select(p => p.Key))}.");
            }

            merged[name] = value?.DeepClone();
        }

        return merged;
    }
}
