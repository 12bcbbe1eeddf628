using Slipway.Core.Errors;
using Slipway.Core.Versioning;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Registry.Packages;
using Slipway.Platform.Tracking;

namespace Slipway.Platform.Registry;

/// <summary>
/// Registered models and their versions. Every change of a model happens under that model's lock, in one transaction with its
/// row in the audit log. Methods that take no actor are the server's own: who asks was checked before.
/// </summary>
public sealed partial class RegistryService(
    Db db, BlobStore blobs, TrackingService tracking, LineageService lineage, ApprovalService approvals, AuditLog audit,
    AccessService access, GrantService grants, PackageSeal seal, IEnumerable<VersionUse> uses, RegistryOptions options, TimeProvider time, FeaturePinning? pinning = null)
{
    /// <returns>The new model, or the one of this name as it is.</returns>
    public Task<RegisteredModel> RegisterModelAsync(Actor actor, NewModel model, CancellationToken cancel) =>
        db.WriteAsync(session => RegisterModelAsync(session, actor, model, cancel), cancel);

    /// <summary>The same within the caller's transaction.</summary>
    public async Task<RegisteredModel> RegisterModelAsync(DbSession session, Actor actor, NewModel model, CancellationToken cancel)
    {
        var (registered, created) = await EnsureModelAsync(session, actor, model, cancel);
        if (!created)
        {
            access.RequireIn(registered.Project, registered.Name, actor, Role.Contributor, $"model/{model.Name}");
        }

        return registered;
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Conflict"/> when the name is taken.</exception>
    public async Task<RegisteredModel> CreateModelAsync(Actor actor, NewModel model, CancellationToken cancel)
    {
        var (registered, created) = await db.WriteAsync(session => EnsureModelAsync(session, actor, model, cancel), cancel);
        return created ? registered : throw SlipwayException.Conflict($"There is a model '{model.Name}' already.");
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public Task<RegisteredModel> GetModelAsync(Actor actor, string model, CancellationToken cancel) => db.ReadAsync(
        async session =>
        {
            await RequireAsync(session, actor, model, Role.Viewer, cancel);
            return await FindModelAsync(session, model, cancel);
        },
        cancel);

    internal Task<RegisteredModel> GetModelAsync(string model, CancellationToken cancel) =>
        db.ReadAsync(session => FindModelAsync(session, model, cancel), cancel);

    /// <returns>Null without the model.</returns>
    internal Task<string?> ProjectOfAsync(DbSession session, string model, CancellationToken cancel) =>
        ModelStore.ProjectAsync(session, model, cancel);

    public Task<RegisteredModel> ChangeModelAsync(Actor actor, string model, ModelChange change, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            RegistryNames.Check(change);
            var governance = change.Governed is not null || change.Promoters is not null;
            await TakeAsync(session, actor, model, governance ? Role.Admin : Role.Contributor, cancel);
            var found = await FindModelAsync(session, model, cancel);
            var changed = found with
            {
                Description = change.Description ?? found.Description,
                Owner = change.Owner ?? found.Owner,
                Governed = change.Governed ?? found.Governed,
                Promoters = change.Promoters ?? found.Promoters,
            };
            await ModelStore.ChangeAsync(session, changed, cancel);
            await audit.AppendAsync(session, actor, "model.change", $"model/{model}", change, cancel);
            return changed;
        },
        cancel);

    /// <summary>
    /// The model with its versions, tags and aliases. Lineage and the audit log keep speaking of it, its files stay for the
    /// garbage collection.
    /// </summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> while something serves one of its versions, or
    /// a governed model has one in production.</exception>
    public Task DeleteModelAsync(Actor actor, string model, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            var taken = await TakeAsync(session, actor, model, Role.Contributor, cancel);
            await CheckUnusedAsync(session, model, null, "deleted", cancel);
            var versions = await VersionStore.ListAsync(session, model, int.MaxValue, int.MaxValue, cancel);
            var governed = await IsGovernedAsync(session, taken, cancel);
            foreach (var version in versions)
            {
                CheckDeletable(governed, version);
                await VersionStore.DeleteAsync(session, version, cancel);
            }

            await ModelStore.DeleteAsync(session, model, cancel);
            await grants.ForgetAsync(session, actor, AccessScope.OfModel(model), cancel);
            await audit.AppendAsync(
                session, actor, "model.delete", $"model/{model}", new { versions = versions.Select(v => v.Version.ToString()) }, cancel);
        },
        cancel);

    /// <summary>Adds tags to a model or replaces their values.</summary>
    public Task SetModelTagsAsync(Actor actor, string model, IReadOnlyDictionary<string, string> tags, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            RegistryNames.CheckTags(tags);
            await TakeAsync(session, actor, model, Role.Contributor, cancel);
            foreach (var (key, value) in tags)
            {
                await ModelStore.PutTagAsync(session, model, key, value, cancel);
            }

            await audit.AppendAsync(session, actor, "model.tag", $"model/{model}", tags, cancel);
        },
        cancel);

    /// <returns>False when there was none.</returns>
    public Task<bool> DeleteModelTagAsync(Actor actor, string model, string key, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            await TakeAsync(session, actor, model, Role.Contributor, cancel);
            if (await ModelStore.DeleteTagAsync(session, model, key, cancel) == 0)
            {
                return false;
            }

            await audit.AppendAsync(session, actor, "model.untag", $"model/{model}", new { key }, cancel);
            return true;
        },
        cancel);

    private async Task<(RegisteredModel Model, bool Created)> EnsureModelAsync(
        DbSession session, Actor actor, NewModel model, CancellationToken cancel)
    {
        RegistryNames.Check(model);
        var now = NowMs();
        var tags = model.Tags ?? new Dictionary<string, string>();
        var created = new RegisteredModel(
            model.Name, model.Description ?? "", model.Owner ?? "", now, actor.Name, now, tags, new Dictionary<string, int>())
        {
            Project = model.Project,
            Governed = model.Governed,
        };
        if (await ModelStore.InsertAsync(session, created, 0, cancel) == 0)
        {
            return (await FindModelAsync(session, model.Name, cancel), false);
        }

        access.RequireIn(model.Project, model.Name, actor, Role.Contributor, $"model/{model.Name}");
        foreach (var (key, value) in tags)
        {
            await ModelStore.PutTagAsync(session, model.Name, key, value, cancel);
        }

        await audit.AppendAsync(session, actor, "model.register", $"model/{model.Name}", model, cancel);
        return (created, true);
    }

    /// <summary>Takes the model's lock, then asks whether the actor may change it.</summary>
    private async Task<TakenModel> TakeAsync(DbSession session, Actor actor, string model, Role least, CancellationToken cancel)
    {
        var taken = await ModelStore.TakeAsync(session, model, NowMs(), cancel) ?? throw NoModel(model);
        access.RequireIn(taken.Project, model, actor, least, $"model/{model}");
        return taken;
    }

    /// <summary>The project is looked up only where the server-wide role does not do.</summary>
    private async Task RequireAsync(DbSession session, Actor actor, string model, Role least, CancellationToken cancel)
    {
        if (!actor.May(least))
        {
            var project = await ModelStore.ProjectAsync(session, model, cancel) ?? throw NoModel(model);
            access.RequireIn(project, model, actor, least, $"model/{model}");
        }
    }

    /// <summary>A policy of the model or of its project governs a model that was open.</summary>
    private async Task<bool> IsGovernedAsync(DbSession session, TakenModel model, CancellationToken cancel) =>
        model.Governed || (await approvals.PolicyOfAsync(session, model.Project, model.Name, cancel)).Scope != ApprovalPolicy.Server;

    private async Task<bool> IsGovernedAsync(DbSession session, string model, CancellationToken cancel) =>
        await ModelStore.FindAsync(session, model, cancel) is not { } found
        || await IsGovernedAsync(session, new TakenModel(model, 0, found.Project, found.Governed, found.Promoters), cancel);

    private async Task CheckUnusedAsync(
        DbSession session, string model, SemanticVersion? version, string what, CancellationToken cancel)
    {
        foreach (var use in uses)
        {
            if (await use(session, model, version, cancel) is { } user)
            {
                throw new SlipwayException(
                    ErrorKind.FailedPrecondition,
                    $"model/{model}{(version is null ? "" : $"/{version}")} cannot be {what} while {user} serves it.");
            }
        }
    }

    private static void CheckDeletable(bool governed, ModelVersion version)
    {
        if (governed && version.Stage == Stage.Production)
        {
            throw new SlipwayException(
                ErrorKind.FailedPrecondition, $"{version.Ref} is in production of a governed model; retire it before it is deleted.");
        }
    }

    private static async Task<RegisteredModel> FindModelAsync(DbSession session, string model, CancellationToken cancel) =>
        await ModelStore.FindAsync(session, model, cancel) ?? throw NoModel(model);

    private static SlipwayException NoModel(string model) => SlipwayException.NotFound($"There is no model '{model}'.");

    private long NowMs() => time.GetUtcNow().ToUnixTimeMilliseconds();
}
