using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>Roles on what belongs to an experiment, whose project it takes. A role that is held everywhere costs no query.</summary>
internal static class ProjectAccess
{
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Forbidden"/>, or NotFound without the experiment.</exception>
    public static async Task RequireInExperimentAsync(
        this AccessService access, DbSession session, long experimentId, Actor actor, Role least, string objectRef,
        CancellationToken cancel)
    {
        if (actor.Role >= least || actor.Grants is null)
        {
            access.Require(actor, least, objectRef);
            return;
        }

        var project = await session.FirstAsync(
            "select project from experiments where id = @id", c => c.With("id", experimentId), row => row.GetString(0), cancel);
        access.RequireIn(
            project ?? throw SlipwayException.NotFound($"There is no experiment {experimentId}."), null, actor, least, objectRef);
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Forbidden"/>, or NotFound without the run.</exception>
    public static async Task RequireInRunAsync(
        this AccessService access, DbSession session, string runId, Actor actor, Role least, CancellationToken cancel)
    {
        if (actor.Role >= least || actor.Grants is null)
        {
            access.Require(actor, least, $"run/{runId}");
            return;
        }

        var project = await session.FirstAsync(
            "select e.project from runs r join experiments e on e.id = r.experiment_id where r.id = @id",
            c => c.With("id", runId),
            row => row.GetString(0),
            cancel);
        access.RequireIn(
            project ?? throw SlipwayException.NotFound($"There is no run '{runId}'."), null, actor, least, $"run/{runId}");
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Forbidden"/>, or NotFound also when it is deleted.</exception>
    public static async Task<LoggedModel> RequireInLoggedModelAsync(
        this AccessService access, DbSession session, string id, Actor actor, Role least, CancellationToken cancel)
    {
        var model = await LoggedModelStore.RequireAsync(session, id, cancel);
        await access.RequireInExperimentAsync(session, model.ExperimentId, actor, least, $"logged-model/{id}", cancel);
        return model;
    }

    /// <summary>The projects whose experiments the actor may see; null for all of them.</summary>
    public static string[]? Readable(Actor actor)
    {
        const string scope = "project/";
        return actor.Role >= Role.Viewer ? null :
        [
            .. (actor.Grants ?? new Dictionary<string, Role>())
                .Where(grant => grant.Value >= Role.Viewer && grant.Key.StartsWith(scope, StringComparison.Ordinal))
                .Select(grant => grant.Key[scope.Length..]),
        ];
    }

    /// <returns>Those of the runs that the actor may read.</returns>
    public static async Task<IReadOnlySet<string>> ReadableRunsAsync(
        DbSession session, Actor actor, IReadOnlyCollection<string> runIds, CancellationToken cancel)
    {
        var projects = Readable(actor);
        var readable = projects is null ? runIds : await session.QueryAsync(
            $"""
            select r.id from runs r join experiments e on e.id = r.experiment_id
            where r.id {ValueSet.In(session, "ids")} and e.project {ValueSet.In(session, "projects")}
            """,
            c => c.With("ids", ValueSet.Of(session, runIds.ToArray())).With("projects", ValueSet.Of(session, projects)),
            row => row.GetString(0),
            cancel);
        return readable.ToHashSet(StringComparer.Ordinal);
    }
}
