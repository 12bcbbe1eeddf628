using Slipway.Core.Errors;
using Slipway.Core.Versioning;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Registry.Packages;
using Slipway.Platform.Tracking;

namespace Slipway.Platform.Registry;

/// <summary>Versions: made, found, changed and deleted.</summary>
public sealed partial class RegistryService
{
    /// <summary>Stores the model's bytes under their own hash, then registers the version.</summary>
    public async Task<ModelVersion> CreateVersionAsync(Actor actor, NewVersion version, Stream file, CancellationToken cancel)
    {
        await RequireChangeAsync(actor, version.Model, cancel);
        RegistryNames.Check(version);
        var stored = await blobs.PutContentAsync(file, cancel);
        return await db.WriteAsync(session => CreateVersionAsync(session, actor, version, stored, cancel), cancel);
    }

    /// <summary>Registers a version whose bytes are in the blob store, within the caller's transaction.</summary>
    /// <param name="file">As <see cref="BlobStore.PutContentAsync"/> returned it; null for a version that cannot be served.</param>
    /// <param name="documents">What its package holds beside what is known here, by name.</param>
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.NotFound"/> without the model or the run; Conflict when the version exists, or the request key was
    /// used for another file.
    /// </exception>
    public async Task<ModelVersion> CreateVersionAsync(
        DbSession session, Actor actor, NewVersion version, BlobInfo? file, CancellationToken cancel,
        IReadOnlyDictionary<string, string>? documents = null)
    {
        var taken = await TakeAsync(session, actor, version.Model, Role.Contributor, cancel);
        RegistryNames.Check(version);
        RegistryNames.CheckSignature(version, file);
        if (await FindRequestAsync(session, version, file, cancel) is { } existing)
        {
            return existing;
        }

        var run = await FindRunAsync(session, actor, version, cancel);
        version = await PinnedAsync(actor, version, cancel);
        var now = NowMs();
        var created = new ModelVersion(
            version.Model, taken.Last + 1, await NumberAsync(session, version, cancel), Stage.Development, version.RunId,
            version.Artifact, file, version.Signature, version.FeatureService, version.FeatureViews, version.Metrics, version.TrainingWindow,
            version.Limitations, version.Description, now, actor.Name, now, [], version.Tags)
        {
            Source = version.Source,
            RunLink = version.RunLink,
            ModelId = version.ModelId,
            NotServable = version.NotServable,
        };
        await VersionStore.InsertAsync(session, created, version.RequestKey, cancel);
        await ModelStore.CountAsync(session, version.Model, created.Number, cancel);
        foreach (var (key, value) in version.Tags)
        {
            await VersionStore.PutTagAsync(session, version.Model, created.Number, key, value, cancel);
        }

        if (file is not null)
        {
            await seal.SealAsync(session, created, [.. PackageDocuments.Of(created, run), .. PackageDocuments.Of(documents)], cancel);
        }

        await TraceAsync(session, created, run, cancel);
        await audit.AppendAsync(
            session, actor, "model_version.create", created.Ref,
            new { created.Number, version.RunId, version.Source, file?.Sha256, file?.Bytes }, cancel);
        return created;
    }

    /// <param name="reference">A semantic version, a number, an alias, or a stage, of which the newest version is meant.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public Task<ModelVersion> GetVersionAsync(Actor actor, string model, string reference, CancellationToken cancel) => db.ReadAsync(
        async session =>
        {
            await RequireAsync(session, actor, model, Role.Viewer, cancel);
            return await GetVersionAsync(session, model, reference, cancel);
        },
        cancel);

    internal Task<ModelVersion> GetVersionAsync(string model, string reference, CancellationToken cancel) =>
        db.ReadAsync(session => GetVersionAsync(session, model, reference, cancel), cancel);

    /// <summary>As the caller's transaction sees it.</summary>
    internal async Task<ModelVersion> GetVersionAsync(DbSession session, string model, string reference, CancellationToken cancel)
    {
        Limit.Name("A reference to a version", reference, SemanticVersion.MaxLength);
        if (await ResolveAsync(session, model, reference, cancel) is { } version)
        {
            return version;
        }

        await FindModelAsync(session, model, cancel);
        throw SlipwayException.NotFound($"Model '{model}' has no version, alias or stage '{reference}'.");
    }

    /// <summary>The version, for an actor who must have a higher role than reading needs.</summary>
    internal Task<ModelVersion> RequireVersionAsync(
        Actor actor, string model, string reference, Role least, CancellationToken cancel) => db.ReadAsync(
        async session =>
        {
            await RequireAsync(session, actor, model, least, cancel);
            return await GetVersionAsync(session, model, reference, cancel);
        },
        cancel);

    /// <summary>Before bytes are received: who may not write here must not fill the disk either.</summary>
    internal Task RequireChangeAsync(Actor actor, string model, CancellationToken cancel) => db.ReadAsync(
        async session =>
        {
            _ = await ModelStore.ProjectAsync(session, model, cancel) ?? throw NoModel(model);
            await RequireAsync(session, actor, model, Role.Contributor, cancel);
            return 0;
        },
        cancel);

    /// <summary>Holds the model's lock until the transaction ends.</summary>
    internal async Task LockAsync(DbSession session, string model, CancellationToken cancel) =>
        _ = await ModelStore.TakeAsync(session, model, NowMs(), cancel) ?? throw NoModel(model);

    /// <summary>
    /// Makes sure that the versions are there and stay until the transaction ends: who deletes one meanwhile waits, and then sees
    /// what the transaction made of it.
    /// </summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> when the model or one of the versions is deleted.</exception>
    internal async Task HoldAsync(DbSession session, string model, IEnumerable<string> versions, CancellationToken cancel)
    {
        if (await ModelStore.HoldAsync(session, model, cancel) == 0)
        {
            throw NoModel(model);
        }

        foreach (var version in versions)
        {
            await GetVersionAsync(session, model, version, cancel);
        }
    }

    /// <summary>Highest number first.</summary>
    /// <param name="limit">1 to 1000.</param>
    public async Task<Page<ModelVersion>> ListVersionsAsync(
        Actor actor, string model, string? pageToken, int limit, CancellationToken cancel)
    {
        Limit.Range("A page of versions", limit, 1, 1000);
        var query = $"versions of {model}";
        var before = pageToken is null ? int.MaxValue : PageToken.Read<int>(pageToken, query);
        var rows = await db.ReadAsync(
            async session =>
            {
                await RequireAsync(session, actor, model, Role.Viewer, cancel);
                await FindModelAsync(session, model, cancel);
                return await VersionStore.ListAsync(session, model, before, limit + 1, cancel);
            },
            cancel);
        return PageToken.Cut(rows, limit, query, version => version.Number);
    }

    /// <summary>The newest version of each of the models in each stage that has one, by number.</summary>
    /// <param name="models">At most 1000 that the actor was shown before.</param>
    public async Task<ILookup<string, ModelVersion>> LatestVersionsAsync(IReadOnlyList<string> models, CancellationToken cancel)
    {
        Limit.Range("The number of models", models.Count, 0, 1000);
        var latest = models.Count == 0 ? [] : await db.ReadAsync(session => VersionStore.LatestAsync(session, models, cancel), cancel);
        return latest.ToLookup(version => version.Model);
    }

    public Task<ModelVersion> ChangeVersionAsync(
        Actor actor, string model, string reference, VersionChange change, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            RegistryNames.Check(change);
            await TakeAsync(session, actor, model, Role.Contributor, cancel);
            var version = await GetVersionAsync(session, model, reference, cancel);
            var changed = version with
            {
                Description = change.Description ?? version.Description,
                Limitations = change.Limitations ?? version.Limitations,
                UpdatedMs = NowMs(),
            };
            await VersionStore.ChangeAsync(session, changed, cancel);
            await audit.AppendAsync(session, actor, "model_version.change", version.Ref, change, cancel);
            return changed;
        },
        cancel);

    /// <summary>The version with its aliases and tags; neither its number nor its name is given again.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> while something serves it, or it is in production
    /// of a governed model.</exception>
    public Task DeleteVersionAsync(Actor actor, string model, string reference, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            var taken = await TakeAsync(session, actor, model, Role.Contributor, cancel);
            var version = await GetVersionAsync(session, model, reference, cancel);
            CheckDeletable(await IsGovernedAsync(session, taken, cancel), version);
            await CheckUnusedAsync(session, model, version.Version, "deleted", cancel);
            await VersionStore.DeleteAsync(session, version, cancel);
            await audit.AppendAsync(
                session, actor, "model_version.delete", version.Ref, new { version.Number, version.Stage, version.File?.Sha256 }, cancel);
        },
        cancel);

    private async Task<ModelVersion?> ResolveAsync(
        DbSession session, string model, string reference, CancellationToken cancel)
    {
        if (SemanticVersion.TryParse(reference) is { } semantic)
        {
            return await VersionStore.FindAsync(session, model, semantic, cancel);
        }

        if (reference.All(char.IsAsciiDigit))
        {
            return int.TryParse(reference, out var number) ? await VersionStore.FindAsync(session, model, number, cancel) : null;
        }

        // An open model may have an alias called like a stage; were the model governed, it would stand for what was approved.
        var isStage = EnumName.TryParse<Stage>(reference, out var stage);
        if (!(isStage && await IsGovernedAsync(session, model, cancel))
            && await ModelStore.AliasAsync(session, model, reference, cancel) is { } held)
        {
            return await VersionStore.FindAsync(session, model, held, cancel);
        }

        return isStage ? await VersionStore.FindAsync(session, model, stage, cancel) : null;
    }

    private static async Task<ModelVersion?> FindRequestAsync(
        DbSession session, NewVersion version, BlobInfo? file, CancellationToken cancel)
    {
        var existing = version.RequestKey is null
            ? null
            : await VersionStore.FindRequestAsync(session, version.Model, version.RunId, version.RequestKey, cancel);
        return existing is null || existing.File?.Sha256 == file?.Sha256 ? existing : throw SlipwayException.Conflict(
            $"Request key '{version.RequestKey}' made {existing.Ref} from another file (SHA-256 {existing.File?.Sha256 ?? "none"}, now {file?.Sha256 ?? "none"}).");
    }

    /// <summary>A run that a client names beside a source of its own may be one of another server.</summary>
    private async Task<RunDetail?> FindRunAsync(DbSession session, Actor actor, NewVersion version, CancellationToken cancel)
    {
        if (string.IsNullOrEmpty(version.RunId))
        {
            return null;
        }

        try
        {
            // Card and package tell of the run, so that whoever may not read it may not name it either.
            return actor.May(Role.Viewer)
                ? await tracking.GetRunAsync(session, version.RunId, cancel)
                : await tracking.GetRunAsync(actor, version.RunId, cancel);
        }
        catch (SlipwayException failure) when (failure.Kind == ErrorKind.NotFound && version.Source is not null)
        {
            return null;
        }
    }

    private static async Task<SemanticVersion> NumberAsync(DbSession session, NewVersion version, CancellationToken cancel)
    {
        var existing = await VersionStore.VersionsAsync(session, version.Model, cancel);
        if (version.Version is null)
        {
            return existing.Count == 0 ? SemanticVersion.Of(1, 0, 0) : existing.Max()!.Next(version.Bump);
        }

        return existing.Contains(version.Version)
            ? throw SlipwayException.Conflict($"Model '{version.Model}' has a version {version.Version} already, or had one that was deleted.")
            : version.Version;
    }

    /// <summary>Whatever is applied later, this version is served with the features that it was trained on.</summary>
    private async Task<NewVersion> PinnedAsync(Actor actor, NewVersion version, CancellationToken cancel) =>
        version.FeatureService is { } service && pinning is not null && await pinning(actor, service, cancel) is { } pinned
            ? version with { FeatureService = pinned.Service, FeatureViews = version.FeatureViews.Count > 0 ? version.FeatureViews : pinned.Views }
            : version;

    /// <summary>Draws what the registry knows: the run's datasets, the feature service, the run and the version.</summary>
    private async Task TraceAsync(DbSession session, ModelVersion version, RunDetail? run, CancellationToken cancel)
    {
        var made = LineageNode.ModelVersion(version.Model, version.Version);
        var trained = run is null ? made : LineageNode.Run(run.Run.Id);
        foreach (var input in run?.Inputs ?? [])
        {
            await lineage.DrawAsync(session, LineageNode.Dataset(input.Name, input.Digest), trained, "read_by", cancel);
        }

        if (version.FeatureService is not null)
        {
            await lineage.DrawAsync(session, LineageNode.FeatureService(version.FeatureService), trained, "features_of", cancel);
        }

        if (run is not null)
        {
            await lineage.DrawAsync(session, trained, made, "trained", cancel);
        }
    }
}
