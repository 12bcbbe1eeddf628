using System.Text.Json;
using System.Text.Json.Nodes;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>Models that runs have logged. Each belongs to an experiment, whose project's roles hold for it.</summary>
public sealed class LoggedModelService(Db db, AccessService access, AuditLog audit, TimeProvider time)
{
    private const int MaxDatasets = 100;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> without the experiment, FailedPrecondition when that is deleted.</exception>
    public Task<LoggedModel> CreateAsync(Actor actor, NewLoggedModel request, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            var number = Guid.CreateVersion7(time.GetUtcNow()).ToString("N");
            var name = string.IsNullOrEmpty(request.Name) ? RunNames.Of(number) : request.Name;
            TrackingLimits.Check(request with { Name = name });
            await access.RequireInExperimentAsync(
                session, request.ExperimentId, actor, Role.Contributor, $"experiment/{request.ExperimentId}", cancel);
            await RequireActiveAsync(session, request.ExperimentId, cancel);
            var id = $"m-{number}";
            var model = new LoggedModel(
                id, request.ExperimentId, name, request.ModelType ?? "", request.SourceRunId, LoggedModelStatus.Pending, "", Now(),
                actor.Name, 0, Lifecycle.Active, new Dictionary<string, string>(), new Dictionary<string, string>(), []);
            await LoggedModelStore.InsertAsync(session, model, cancel);
            foreach (var (key, value) in request.Params ?? new Dictionary<string, string>())
            {
                await LoggedModelStore.PutParamAsync(session, id, key, value, cancel);
            }

            await PutTagsAsync(session, id, request.Tags, cancel);
            return await DetailAsync(session, await LoggedModelStore.RequireAsync(session, id, cancel), cancel);
        },
        cancel);

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> also when it is deleted.</exception>
    public Task<LoggedModel> GetAsync(Actor actor, string id, CancellationToken cancel) => db.ReadAsync(
        async session => await DetailAsync(session, await access.RequireInLoggedModelAsync(session, id, actor, Role.Viewer, cancel), cancel), cancel);

    /// <summary>Says whether its files are there.</summary>
    public Task<LoggedModel> FinalizeAsync(Actor actor, string id, LoggedModelStatus status, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            await access.RequireInLoggedModelAsync(session, id, actor, Role.Contributor, cancel);
            await LoggedModelStore.SetStatusAsync(session, id, status, Now(), cancel);
            return await DetailAsync(session, await LoggedModelStore.RequireAsync(session, id, cancel), cancel);
        },
        cancel);

    /// <summary>Soft-deletes it.</summary>
    public Task DeleteAsync(Actor actor, string id, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            await access.RequireInLoggedModelAsync(session, id, actor, Role.Contributor, cancel);
            await LoggedModelStore.SetDeletedAsync(session, id, Now(), Now(), cancel);
            await audit.AppendAsync(session, actor, "logged_model.delete", $"logged-model/{id}", null, cancel);
        },
        cancel);

    /// <summary>Brings it back; restoring it again changes nothing.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> also when it was collected as garbage,
    /// FailedPrecondition when its experiment is deleted.</exception>
    public Task RestoreAsync(Actor actor, string id, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            var model = await LoggedModelStore.FindAnyAsync(session, id, cancel) ?? throw LoggedModelStore.Missing(id);
            await access.RequireInExperimentAsync(session, model.ExperimentId, actor, Role.Contributor, $"logged-model/{id}", cancel);
            if (model.Lifecycle == Lifecycle.Active)
            {
                return;
            }

            await RequireActiveAsync(session, model.ExperimentId, cancel);
            if (await LoggedModelStore.SetDeletedAsync(session, id, null, Now(), cancel) == 0)
            {
                throw LoggedModelStore.Missing(id);
            }

            await audit.AppendAsync(session, actor, "logged_model.restore", $"logged-model/{id}", null, cancel);
        },
        cancel);

    /// <summary>Params are written once: the same value again is fine.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Conflict"/> when a param has another value.</exception>
    public Task LogParamsAsync(Actor actor, string id, IReadOnlyDictionary<string, string> values, CancellationToken cancel) =>
        db.WriteAsync(
            async session =>
            {
                TrackingLimits.Check(new LogBatch(Params: values));
                await access.RequireInLoggedModelAsync(session, id, actor, Role.Contributor, cancel);
                foreach (var (key, value) in values.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                {
                    if (await LoggedModelStore.PutParamAsync(session, id, key, value, cancel) == 0)
                    {
                        throw SlipwayException.Conflict($"Param '{key}' of logged model {id} has another value; params are written once.");
                    }
                }
            },
            cancel);

    /// <summary>Adds tags or replaces their values.</summary>
    public Task<LoggedModel> SetTagsAsync(
        Actor actor, string id, IReadOnlyDictionary<string, string> tags, CancellationToken cancel) =>
        db.WriteAsync(session => SetTagsAsync(session, actor, id, tags, cancel), cancel);

    /// <summary>The same within the caller's transaction.</summary>
    public async Task<LoggedModel> SetTagsAsync(
        DbSession session, Actor actor, string id, IReadOnlyDictionary<string, string> tags, CancellationToken cancel)
    {
        TrackingLimits.Check(new LogBatch(Tags: tags));
        var model = await access.RequireInLoggedModelAsync(session, id, actor, Role.Contributor, cancel);
        await PutTagsAsync(session, id, tags, cancel);
        return await DetailAsync(session, model, cancel);
    }

    /// <summary>
    /// Adds a registered version to the tag in which MLflow's clients look for them. It is the server's own note of what it
    /// did, so it takes no role; a model that is not there is passed over.
    /// </summary>
    public async Task NoteVersionAsync(DbSession session, string id, string model, int number, CancellationToken cancel)
    {
        await LoggedModelStore.LockAsync(session, id, cancel);
        if (await LoggedModelStore.FindAsync(session, id, cancel) is not { } found)
        {
            return;
        }

        var tags = (await DetailAsync(session, found, cancel)).Tags;
        var versions = VersionsIn(tags.GetValueOrDefault(RunTags.ModelVersions));
        var noted = new JsonObject { ["name"] = model, ["version"] = number };
        if (!versions.Any(version => JsonNode.DeepEquals(version, noted)))
        {
            versions.Add(noted);
            await LoggedModelStore.PutTagAsync(session, id, RunTags.ModelVersions, versions.ToJsonString(), cancel);
        }
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> without the tag.</exception>
    public Task DeleteTagAsync(Actor actor, string id, string key, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            await access.RequireInLoggedModelAsync(session, id, actor, Role.Contributor, cancel);
            if (await LoggedModelStore.RemoveTagAsync(session, id, key, cancel) == 0)
            {
                throw SlipwayException.NotFound($"Logged model {id} has no tag '{key}'.");
            }
        },
        cancel);

    /// <summary>Those that match and that the actor may see; ones that are logged meanwhile do not move the pages.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the token of the filter that is wrong.</exception>
    public async Task<Page<LoggedModel>> SearchAsync(Actor actor, LoggedModelQuery query, CancellationToken cancel)
    {
        Limit.Range("A page of logged models", query.Limit, 1, TrackingLimits.LoggedModelsPage);
        Limit.Range("The number of datasets", query.Datasets.Count, 0, MaxDatasets);
        return await db.ReadAsync(session => LoggedModelSearch.PageAsync(session, query, ProjectAccess.Readable(actor), cancel), cancel);
    }

    /// <summary>Anybody may set the tag, so it need not be a list.</summary>
    private static JsonArray VersionsIn(string? tag)
    {
        try
        {
            return tag is null ? [] : JsonNode.Parse(tag) as JsonArray ?? [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    private static async Task RequireActiveAsync(DbSession session, long experimentId, CancellationToken cancel)
    {
        var experiment = await ExperimentStore.FindAsync(session, experimentId, cancel)
            ?? throw SlipwayException.NotFound($"There is no experiment {experimentId}.");
        if (experiment.Lifecycle == Lifecycle.Deleted)
        {
            throw new SlipwayException(
                ErrorKind.FailedPrecondition, $"The experiment {experimentId} must be in the 'active' state; it is deleted.");
        }
    }

    private static async Task PutTagsAsync(
        DbSession session, string id, IReadOnlyDictionary<string, string>? tags, CancellationToken cancel)
    {
        foreach (var (key, value) in (tags ?? new Dictionary<string, string>()).OrderBy(tag => tag.Key, StringComparer.Ordinal))
        {
            await LoggedModelStore.PutTagAsync(session, id, key, value, cancel);
        }
    }

    private static async Task<LoggedModel> DetailAsync(DbSession session, LoggedModel model, CancellationToken cancel) =>
        (await LoggedModelStore.WithDetailAsync(session, [model], cancel))[0];

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();
}
