using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

public sealed partial class TrackingService
{
    /// <returns>The new run, or the one that was started with this request key before, whatever became of it.</returns>
    public Task<Run> StartRunAsync(Actor actor, RunStart start, CancellationToken cancel) =>
        db.WriteAsync(session => StartRunAsync(session, actor, start, cancel), cancel);

    /// <summary>The same within the caller's transaction.</summary>
    public async Task<Run> StartRunAsync(DbSession session, Actor actor, RunStart start, CancellationToken cancel)
    {
        TrackingLimits.Check(start);
        var experiment = await ExperimentStore.FindAsync(session, start.ExperimentId, cancel)
            ?? throw SlipwayException.NotFound($"There is no experiment {start.ExperimentId}.");
        access.RequireIn(experiment.Project, null, actor, Role.Contributor, $"experiment/{start.ExperimentId}");
        if (experiment.Lifecycle == Lifecycle.Deleted)
        {
            throw new SlipwayException(
                ErrorKind.FailedPrecondition, $"The experiment {start.ExperimentId} must be in the 'active' state; it is deleted.");
        }

        var now = time.GetUtcNow();
        var id = Guid.CreateVersion7(now).ToString("N");
        var tags = new Dictionary<string, string>(start.Tags ?? new Dictionary<string, string>(), StringComparer.Ordinal);
        var name = Mirror(tags, RunTags.Name, start.Name) ?? (tags[RunTags.Name] = RunNames.Of(id));
        var parent = await ParentAsync(session, Mirror(tags, RunTags.Parent, start.ParentId), start.ParentId is not null, cancel);
        TrackingLimits.Check(new LogBatch(Tags: tags));
        var run = new Run(
            id, start.ExperimentId, name, RunStatus.Running, start.StartMs ?? now.ToUnixTimeMilliseconds(), null, parent, actor.Name,
            start.Environment?.WithoutSecrets(), start.UserId ?? actor.Name, "");
        if (await RunStore.InsertAsync(session, run, start.RequestKey, cancel) == 0)
        {
            return await RunStore.FindRequestAsync(session, start.ExperimentId, start.RequestKey!, cancel)
                ?? throw new InvalidOperationException($"Request key '{start.RequestKey}' is taken and has no run.");
        }

        await RunStore.PutTagsAsync(session, id, tags, cancel);
        var started = await FindRunAsync(session, id, cancel);
        await (events?.StartedAsync(session, started, cancel) ?? Task.CompletedTask);
        return started;
    }

    public Task LogInputAsync(Actor actor, string runId, DatasetInput input, CancellationToken cancel) =>
        LinkAsync(actor, runId, new RunLinks([input]), cancel);

    /// <summary>The same within the caller's transaction.</summary>
    public Task LogInputAsync(DbSession session, Actor actor, string runId, DatasetInput input, CancellationToken cancel) =>
        LinkAsync(session, actor, runId, new RunLinks([input]), cancel);

    /// <summary>Notes what the run read and made; noting it again changes nothing.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> without the run or a logged model.</exception>
    public Task LinkAsync(Actor actor, string runId, RunLinks links, CancellationToken cancel) =>
        db.WriteAsync(session => LinkAsync(session, actor, runId, links, cancel), cancel);

    /// <summary>The same within the caller's transaction.</summary>
    public async Task LinkAsync(DbSession session, Actor actor, string runId, RunLinks links, CancellationToken cancel)
    {
        TrackingLimits.Check(links);
        await access.RequireInRunAsync(session, runId, actor, Role.Contributor, cancel);
        var run = await FindActiveRunAsync(session, runId, cancel);

        // Sorted, so that two writers of the same datasets lock them in the same order.
        foreach (var input in (links.Datasets ?? []).OrderBy(d => d.Name, StringComparer.Ordinal).ThenBy(d => d.Digest, StringComparer.Ordinal))
        {
            await RunLinkStore.PutInputAsync(session, run.ExperimentId, runId, input, cancel);
        }

        foreach (var model in links.ModelInputs ?? [])
        {
            await access.RequireInLoggedModelAsync(session, model, actor, Role.Viewer, cancel);
            await RunLinkStore.AddModelInputAsync(session, runId, model, cancel);
        }

        foreach (var output in links.ModelOutputs ?? [])
        {
            await access.RequireInLoggedModelAsync(session, output.ModelId, actor, Role.Contributor, cancel);
            await RunLinkStore.PutModelOutputAsync(session, runId, output, cancel);
        }

        if (events is not null && links.Datasets is { Count: > 0 } datasets)
        {
            await events.LinkedAsync(session, run, datasets, cancel);
        }
    }

    /// <summary>Ends a run; ending it the same way again changes nothing.</summary>
    /// <param name="endMs">Now, when absent.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> when it ended otherwise before.</exception>
    public Task<Run> FinishRunAsync(Actor actor, string runId, RunStatus status, CancellationToken cancel, long? endMs = null) =>
        db.WriteAsync(session => FinishRunAsync(session, actor, runId, status, cancel, endMs), cancel);

    /// <summary>The same within the caller's transaction.</summary>
    public async Task<Run> FinishRunAsync(
        DbSession session, Actor actor, string runId, RunStatus status, CancellationToken cancel, long? endMs = null)
    {
        if (status is RunStatus.Running or RunStatus.Scheduled)
        {
            throw SlipwayException.Invalid($"A run ends as finished, failed or killed; got {EnumName.Of(status)}.");
        }

        await access.RequireInRunAsync(session, runId, actor, Role.Contributor, cancel);
        await FindActiveRunAsync(session, runId, cancel);
        var end = endMs ?? time.GetUtcNow().ToUnixTimeMilliseconds();
        var ended = await RunStore.FinishAsync(session, runId, status, end, cancel);
        var run = await FindRunAsync(session, runId, cancel);
        if (ended == 1 && events is not null)
        {
            await events.EndedAsync(session, run, cancel);
        }

        return ended == 1 || run.Status == status ? run : throw new SlipwayException(
            ErrorKind.FailedPrecondition,
            $"Run {runId} is {EnumName.Of(run.Status)} already and cannot become {EnumName.Of(status)}.");
    }

    /// <summary>A field and its tag are one value: either may give it, both must agree.</summary>
    /// <returns>Null when neither gives it; else the tag has it.</returns>
    private static string? Mirror(Dictionary<string, string> tags, string key, string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            return tags.GetValueOrDefault(key) is { Length: > 0 } tag ? tag : null;
        }

        if (tags.TryGetValue(key, out var other) && other != value)
        {
            throw SlipwayException.Invalid($"The tag '{key}' says '{other}', and the run's own field says '{value}'; give one of them.");
        }

        return tags[key] = value;
    }

    /// <returns>Null when it is known from a tag alone and does not exist: a tag may say anything.</returns>
    private static async Task<string?> ParentAsync(DbSession session, string? parent, bool mustExist, CancellationToken cancel) =>
        parent is null ? null
        : await RunStore.FindAsync(session, parent, cancel) is not null ? parent
        : mustExist ? throw SlipwayException.NotFound($"There is no run '{parent}'.")
        : null;
}
