using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>Experiments: named groups of runs, each in a project whose roles hold for all that is in it.</summary>
public sealed class ExperimentService(Db db, AccessService access, AuditLog audit, TrackingOptions options, TimeProvider time)
{
    /// <summary>The experiment of runs that belong to no named one.</summary>
    public const long DefaultId = 0;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Conflict"/> when the name is taken, also by a deleted experiment.</exception>
    public async Task<Experiment> CreateAsync(Actor actor, NewExperiment request, CancellationToken cancel)
    {
        var (experiment, created) = await db.WriteAsync(session => EnsureAsync(session, actor, request, cancel), cancel);
        return created ? experiment : throw SlipwayException.Conflict(
            experiment.Lifecycle == Lifecycle.Active
                ? $"There is an experiment '{request.Name}' already, number {experiment.Id}."
                : $"There is a deleted experiment '{request.Name}', number {experiment.Id}; restore it, or collect it to free its name.");
    }

    /// <summary>Makes it in the default project when there is none of this name.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> when it is deleted.</exception>
    public async Task<Experiment> GetOrCreateAsync(Actor actor, string name, CancellationToken cancel)
    {
        if (await db.ReadAsync(session => ExperimentStore.FindAsync(session, name, cancel), cancel) is not { } found)
        {
            return await db.WriteAsync(session => GetOrCreateAsync(session, actor, name, cancel), cancel);
        }

        Require(actor, Role.Contributor, found);
        return Active(found);
    }

    /// <summary>The same within the caller's transaction.</summary>
    public async Task<Experiment> GetOrCreateAsync(DbSession session, Actor actor, string name, CancellationToken cancel)
    {
        var found = await ExperimentStore.FindAsync(session, name, cancel)
            ?? (await EnsureAsync(session, actor, new NewExperiment(name), cancel)).Experiment;
        Require(actor, Role.Contributor, found);
        return Active(found);
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public async Task<Experiment> GetAsync(Actor actor, long id, CancellationToken cancel)
    {
        var found = await db.ReadAsync(session => ExperimentStore.FindAsync(session, id, cancel), cancel) ?? throw Missing(id);
        Require(actor, Role.Viewer, found);
        return found;
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public async Task<Experiment> GetAsync(Actor actor, string name, CancellationToken cancel)
    {
        var found = await db.ReadAsync(session => ExperimentStore.FindAsync(session, name, cancel), cancel)
            ?? throw SlipwayException.NotFound($"There is no experiment '{name}'.");
        Require(actor, Role.Viewer, found);
        return found;
    }

    /// <summary>Those that match and that the actor may see; ones that are made meanwhile do not move the pages.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the token of the filter that is wrong.</exception>
    public async Task<Page<Experiment>> SearchAsync(Actor actor, ExperimentQuery query, CancellationToken cancel)
    {
        Limit.Range("A page of experiments", query.Limit, 1, TrackingLimits.ExperimentsPage);
        return await db.ReadAsync(session => ExperimentSearch.PageAsync(session, query, ProjectAccess.Readable(actor), cancel), cancel);
    }

    /// <summary>What the active runs of the experiments read, by experiment, name, digest and context; at most 1000.</summary>
    public async Task<IReadOnlyList<DatasetSummary>> SearchDatasetsAsync(
        Actor actor, IReadOnlyList<long> experimentIds, CancellationToken cancel)
    {
        Limit.Range("The number of experiments", experimentIds.Count, 0, TrackingLimits.ExperimentsPage);
        return await db.ReadAsync(
            session => RunLinkStore.SummariesAsync(
                session, [.. experimentIds], ProjectAccess.Readable(actor), TrackingLimits.DatasetSummaries, cancel),
            cancel);
    }

    /// <summary>Gives it another name, or moves it to another project.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Conflict"/> when the name is taken, FailedPrecondition when it is deleted.</exception>
    public Task<Experiment> UpdateAsync(Actor actor, long id, ExperimentChange change, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            var found = Active(await TakeAsync(session, actor, id, cancel));
            var changed = found with { Name = change.Name ?? found.Name, Project = change.Project ?? found.Project, UpdatedMs = Now() };
            TrackingLimits.Check(new NewExperiment(changed.Name, changed.Project));
            Require(actor, Role.Contributor, changed);
            if (await ExperimentStore.FindAsync(session, changed.Name, cancel) is { } other && other.Id != id)
            {
                throw SlipwayException.Conflict($"There is an experiment '{changed.Name}' already, number {other.Id}.");
            }

            await ExperimentStore.ChangeAsync(session, id, changed.Name, changed.Project, changed.UpdatedMs, cancel);
            await audit.AppendAsync(session, actor, "experiment.update", Reference(found), change, cancel);
            return changed;
        },
        cancel);

    /// <summary>Soft-deletes it and its active runs; its name stays taken.</summary>
    /// <returns>False when it was deleted already.</returns>
    public Task<bool> DeleteAsync(Actor actor, long id, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            var found = await TakeAsync(session, actor, id, cancel);
            if (id == DefaultId)
            {
                throw SlipwayException.Invalid("Experiment 0 is where runs of no named experiment go; it cannot be deleted.");
            }

            if (found.Lifecycle == Lifecycle.Deleted)
            {
                return false;
            }

            await ExperimentStore.DeleteAsync(session, id, Now(), cancel);
            await audit.AppendAsync(session, actor, "experiment.delete", Reference(found), null, cancel);
            return true;
        },
        cancel);

    /// <summary>Brings it back with the runs that were deleted with it, and only those.</summary>
    /// <returns>False when it was not deleted.</returns>
    public Task<bool> RestoreAsync(Actor actor, long id, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            var found = await TakeAsync(session, actor, id, cancel);
            if (found.Lifecycle == Lifecycle.Active)
            {
                return false;
            }

            await ExperimentStore.RestoreAsync(session, id, Now(), cancel);
            await audit.AppendAsync(session, actor, "experiment.restore", Reference(found), null, cancel);
            return true;
        },
        cancel);

    /// <summary>Adds the tag or replaces its value.</summary>
    public Task SetTagAsync(Actor actor, long id, string key, string value, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            TrackingLimits.CheckExperimentTag(key, value);
            Active(await TakeAsync(session, actor, id, cancel));
            await ExperimentStore.PutTagAsync(session, id, key, value, cancel);
        },
        cancel);

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> without the tag.</exception>
    public Task DeleteTagAsync(Actor actor, long id, string key, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            Active(await TakeAsync(session, actor, id, cancel));
            if (await ExperimentStore.RemoveTagAsync(session, id, key, cancel) == 0)
            {
                throw SlipwayException.NotFound($"Experiment {id} has no tag '{key}'.");
            }
        },
        cancel);

    private async Task<(Experiment Experiment, bool Created)> EnsureAsync(
        DbSession session, Actor actor, NewExperiment request, CancellationToken cancel)
    {
        TrackingLimits.Check(request);
        var location = ArtifactLocation.Check(request.ArtifactLocation, options);
        var project = request.Project ?? Experiment.DefaultProject;
        access.RequireIn(project, null, actor, Role.Contributor, $"experiment/{request.Name}");
        if (await ExperimentStore.FindAsync(session, request.Name, cancel) is { } found)
        {
            return (found, false);
        }

        var created = new Experiment(
            await ExperimentStore.TakeNumberAsync(session, cancel), request.Name, project, Lifecycle.Active, "", Now(), actor.Name,
            0, request.Tags ?? new Dictionary<string, string>());
        if (await ExperimentStore.InsertAsync(session, created, location, cancel) == 0)
        {
            return ((await ExperimentStore.FindAsync(session, request.Name, cancel))!, false);
        }

        foreach (var (key, value) in created.Tags)
        {
            await ExperimentStore.PutTagAsync(session, created.Id, key, value, cancel);
        }

        await audit.AppendAsync(session, actor, "experiment.create", Reference(created), new { created.Project }, cancel);
        return ((await ExperimentStore.FindAsync(session, created.Id, cancel))!, true);
    }

    private async Task<Experiment> TakeAsync(DbSession session, Actor actor, long id, CancellationToken cancel)
    {
        var found = await ExperimentStore.TakeAsync(session, id, cancel) ?? throw Missing(id);
        Require(actor, Role.Contributor, found);
        return found;
    }

    private void Require(Actor actor, Role least, Experiment experiment) =>
        access.RequireIn(experiment.Project, null, actor, least, Reference(experiment));

    private static Experiment Active(Experiment experiment) => experiment.Lifecycle == Lifecycle.Active
        ? experiment
        : throw new SlipwayException(ErrorKind.FailedPrecondition, $"The experiment {experiment.Id} must be in the 'active' state; it is deleted.");

    private static SlipwayException Missing(long id) => SlipwayException.NotFound($"There is no experiment {id}.");

    private static string Reference(Experiment experiment) => $"experiment/{experiment.Name}";

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();
}
