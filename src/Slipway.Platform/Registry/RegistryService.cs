using System.Security.Cryptography;
using Slipway.Core.Errors;
using Slipway.Core.Versioning;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Tracking;

namespace Slipway.Platform.Registry;

/// <summary>
/// Registered models and their versions. Every change of a model happens under that model's lock, in one transaction with its
/// row in the audit log.
/// </summary>
public sealed partial class RegistryService(
    Db db, BlobStore blobs, TrackingService tracking, LineageService lineage, ApprovalService approvals, AuditLog audit,
    AccessService access, RegistryOptions options, TimeProvider time)
{
    /// <returns>The new model, or the one of this name as it is.</returns>
    public Task<RegisteredModel> RegisterModelAsync(Actor actor, NewModel model, CancellationToken cancel) =>
        db.WriteAsync(session => RegisterModelAsync(session, actor, model, cancel), cancel);

    /// <summary>The same within the caller's transaction.</summary>
    public async Task<RegisteredModel> RegisterModelAsync(DbSession session, Actor actor, NewModel model, CancellationToken cancel)
    {
        access.Require(actor, Role.Contributor, $"model/{model.Name}");
        RegistryNames.Check(model);
        var now = NowMs();
        var tags = model.Tags ?? new Dictionary<string, string>();
        var created = new RegisteredModel(
            model.Name, model.Description ?? "", model.Owner ?? "", now, actor.Name, now, tags, new Dictionary<string, int>());
        if (await ModelStore.InsertAsync(session, created, cancel) == 0)
        {
            return await FindModelAsync(session, model.Name, cancel);
        }

        foreach (var (key, value) in tags)
        {
            await ModelStore.PutTagAsync(session, model.Name, key, value, cancel);
        }

        await audit.AppendAsync(session, actor, "model.register", $"model/{model.Name}", model, cancel);
        return created;
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public Task<RegisteredModel> GetModelAsync(string model, CancellationToken cancel) =>
        db.ReadAsync(session => FindModelAsync(session, model, cancel), cancel);

    /// <summary>By name, in byte order.</summary>
    /// <param name="limit">1 to 1000.</param>
    public async Task<Page<RegisteredModel>> ListModelsAsync(string? pageToken, int limit, CancellationToken cancel)
    {
        Limit.Range("A page of models", limit, 1, 1000);
        var after = pageToken is null ? "" : PageToken.Read<string>(pageToken, "models");
        var rows = await db.ReadAsync(session => ModelStore.ListAsync(session, after, limit + 1, cancel), cancel);
        return PageToken.Cut(rows, limit, "models", model => model.Name);
    }

    /// <summary>Stores the model's bytes under their own hash, then registers the version.</summary>
    public async Task<ModelVersion> CreateVersionAsync(Actor actor, NewVersion version, Stream file, CancellationToken cancel)
    {
        access.Require(actor, Role.Contributor, $"model/{version.Model}");
        RegistryNames.Check(version);
        var stored = await blobs.PutContentAsync(file, cancel);
        return await db.WriteAsync(session => CreateVersionAsync(session, actor, version, stored, cancel), cancel);
    }

    /// <summary>Registers a version whose bytes are in the blob store, within the caller's transaction.</summary>
    /// <param name="file">As <see cref="BlobStore.PutContentAsync"/> returned it.</param>
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.NotFound"/> without the model or the run; Conflict when the version exists, or the request key was
    /// used for another file.
    /// </exception>
    public async Task<ModelVersion> CreateVersionAsync(
        DbSession session, Actor actor, NewVersion version, BlobInfo file, CancellationToken cancel)
    {
        access.Require(actor, Role.Contributor, $"model/{version.Model}");
        RegistryNames.Check(version);
        var last = await TakeAsync(session, version.Model, cancel);
        if (await FindRequestAsync(session, version, file, cancel) is { } existing)
        {
            return existing;
        }

        var run = version.RunId is null ? null : await tracking.GetRunAsync(session, version.RunId, cancel);
        var now = NowMs();
        var created = new ModelVersion(
            version.Model, last + 1, await NumberAsync(session, version, cancel), Stage.Development, version.RunId,
            version.Artifact, file, version.Signature, version.FeatureService, version.FeatureViews, version.Metrics, version.TrainingWindow,
            version.Limitations, version.Description, now, actor.Name, now, [], version.Tags);
        await VersionStore.InsertAsync(session, created, version.RequestKey, cancel);
        await ModelStore.CountAsync(session, version.Model, created.Number, cancel);
        foreach (var (key, value) in version.Tags)
        {
            await VersionStore.PutTagAsync(session, version.Model, created.Number, key, value, cancel);
        }

        await TraceAsync(session, actor, created, run, cancel);
        await audit.AppendAsync(
            session, actor, "model_version.create", created.Ref, new { created.Number, version.RunId, file.Sha256, file.Bytes }, cancel);
        return created;
    }

    /// <param name="reference">A semantic version, a number, an alias, or a stage, of which the newest version is meant.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public Task<ModelVersion> GetVersionAsync(string model, string reference, CancellationToken cancel) =>
        db.ReadAsync(session => GetVersionAsync(session, model, reference, cancel), cancel);

    /// <summary>The same as the caller's transaction sees it.</summary>
    public async Task<ModelVersion> GetVersionAsync(DbSession session, string model, string reference, CancellationToken cancel)
    {
        Limit.Name("A reference to a version", reference, SemanticVersion.MaxLength);
        if (await ResolveAsync(session, model, reference, cancel) is { } version)
        {
            return version;
        }

        await FindModelAsync(session, model, cancel);
        throw SlipwayException.NotFound($"Model '{model}' has no version, alias or stage '{reference}'.");
    }

    /// <summary>Highest number first.</summary>
    /// <param name="limit">1 to 1000.</param>
    public async Task<Page<ModelVersion>> ListVersionsAsync(string model, string? pageToken, int limit, CancellationToken cancel)
    {
        Limit.Range("A page of versions", limit, 1, 1000);
        var query = $"versions of {model}";
        var before = pageToken is null ? int.MaxValue : PageToken.Read<int>(pageToken, query);
        var rows = await db.ReadAsync(
            async session =>
            {
                await FindModelAsync(session, model, cancel);
                return await VersionStore.ListAsync(session, model, before, limit + 1, cancel);
            },
            cancel);
        return PageToken.Cut(rows, limit, query, version => version.Number);
    }

    /// <summary>The model's bytes, from their start, after their SHA-256 was found to be the registered one.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> when the file was changed or is gone.</exception>
    public async Task<Stream> OpenModelAsync(string model, string reference, CancellationToken cancel)
    {
        var version = await GetVersionAsync(model, reference, cancel);
        if (!blobs.Exists(version.File.Key))
        {
            throw new SlipwayException(ErrorKind.FailedPrecondition, $"The file of {version.Ref} is gone from the blob store ({version.File.Key}).");
        }

        var file = blobs.OpenRead(version.File.Key);
        try
        {
            var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancel));
            if (hash != version.File.Sha256)
            {
                throw new SlipwayException(
                    ErrorKind.FailedPrecondition,
                    $"The file of {version.Ref} was changed after it was registered: its SHA-256 is {hash} and should be {version.File.Sha256}. It is not loaded.");
            }

            file.Position = 0;
            return file;
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    private async Task<int> TakeAsync(DbSession session, string model, CancellationToken cancel) =>
        await ModelStore.TakeAsync(session, model, NowMs(), cancel) ?? throw NoModel(model);

    private static async Task<RegisteredModel> FindModelAsync(DbSession session, string model, CancellationToken cancel) =>
        await ModelStore.FindAsync(session, model, cancel) ?? throw NoModel(model);

    private static SlipwayException NoModel(string model) => SlipwayException.NotFound($"There is no model '{model}'.");

    private static async Task<ModelVersion?> ResolveAsync(
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

        if (await ModelStore.AliasAsync(session, model, reference, cancel) is { } held)
        {
            return await VersionStore.FindAsync(session, model, held, cancel);
        }

        return EnumName.TryParse<Stage>(reference, out var stage)
            ? await VersionStore.FindAsync(session, model, stage, cancel)
            : null;
    }

    private static async Task<ModelVersion?> FindRequestAsync(
        DbSession session, NewVersion version, BlobInfo file, CancellationToken cancel)
    {
        var existing = version.RequestKey is null
            ? null
            : await VersionStore.FindRequestAsync(session, version.Model, version.RunId, version.RequestKey, cancel);
        return existing is null || existing.File.Sha256 == file.Sha256 ? existing : throw SlipwayException.Conflict(
            $"Request key '{version.RequestKey}' made {existing.Ref} from another file (SHA-256 {existing.File.Sha256}, now {file.Sha256}).");
    }

    private static async Task<SemanticVersion> NumberAsync(DbSession session, NewVersion version, CancellationToken cancel)
    {
        var existing = await VersionStore.VersionsAsync(session, version.Model, cancel);
        if (version.Version is null)
        {
            return existing.Count == 0 ? SemanticVersion.Of(1, 0, 0) : existing.Max()!.Next(version.Bump);
        }

        return existing.Contains(version.Version)
            ? throw SlipwayException.Conflict($"Model '{version.Model}' has a version {version.Version} already.")
            : version.Version;
    }

    /// <summary>Draws what the registry knows: the run's datasets, the feature service, the run and the version.</summary>
    private async Task TraceAsync(
        DbSession session, Actor actor, ModelVersion version, RunDetail? run, CancellationToken cancel)
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

    private long NowMs() => time.GetUtcNow().ToUnixTimeMilliseconds();
}
