using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Tracking;

namespace Slipway.Platform.Registry.Sources;

/// <summary>Makes versions from what others made: ONNX files, MLflow model folders, artifacts of runs and of logged models.</summary>
public sealed class ModelImport(
    Db db, BlobStore blobs, Scratch scratch, RunArtifacts artifacts, LoggedModelService loggedModels, RegistryService registry)
{
    private const long MaxUnpackedBytes = 16L << 30;

    private readonly ModelReader reader = new(blobs);

    /// <summary>A version from an ONNX file; inputs that the request does not name are read from the graph.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when it cannot be served.</exception>
    public async Task<ModelVersion> FromOnnxAsync(Actor actor, NewVersion version, Stream onnx, CancellationToken cancel)
    {
        await registry.RequireChangeAsync(actor, version.Model, cancel);
        return await CreateAsync(actor, version, Servable(await reader.ReadAsync(onnx, version.Signature?.Inputs, cancel)), cancel);
    }

    /// <summary>A version from a zip archive of an MLflow model folder with an ONNX flavour.</summary>
    /// <inheritdoc cref="FromOnnxAsync"/>
    public async Task<ModelVersion> FromZipAsync(Actor actor, NewVersion version, Stream zip, CancellationToken cancel)
    {
        await registry.RequireChangeAsync(actor, version.Model, cancel);
        using var folder = scratch.Open();
        await using (var file = File.Create(folder.File("import.zip")))
        {
            await zip.CopyToAsync(file, cancel);
        }

        using var archive = new ZippedFolder(File.OpenRead(folder.File("import.zip")), MaxUnpackedBytes);
        return await CreateAsync(actor, version, Servable(await reader.ReadAsync(archive.OpenAsync, archive.Root, cancel)), cancel);
    }

    /// <summary>A version from an ONNX file or an MLflow model folder among the artifacts of its run.</summary>
    /// <inheritdoc cref="FromOnnxAsync"/>
    public async Task<ModelVersion> FromArtifactAsync(Actor actor, NewVersion version, CancellationToken cancel)
    {
        var (run, path) = (version.RunId ?? "", version.Artifact ?? "");
        await registry.RequireChangeAsync(actor, version.Model, cancel);
        if (version.Signature is not null)
        {
            await using var file = (await artifacts.OpenAsync(actor, ArtifactOwner.Run(run), path, cancel)).Content;
            return await registry.CreateVersionAsync(actor, version, file, cancel);
        }

        await artifacts.RequireReadableAsync(actor, ArtifactOwner.Run(run), cancel);
        var found = Servable(await reader.ReadAsync(FolderOf(actor, ArtifactOwner.Run(run)), path, cancel));
        return await CreateAsync(actor, version, found, cancel);
    }

    /// <summary>
    /// A version of what lies at its source, of any flavour. What this server cannot serve or does not hold becomes a version
    /// without a file that says why.
    /// </summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for a source that is refused; NotFound for a logged model
    /// or a version that is not there; Forbidden for artifacts that the actor may not read.</exception>
    public async Task<ModelVersion> FromSourceAsync(Actor actor, NewVersion version, CancellationToken cancel)
    {
        var source = VersionSource.Parse(version.Source ?? "");
        await registry.RequireChangeAsync(actor, version.Model, cancel);
        return await CreateAsync(actor, version, await FindAsync(actor, source, cancel), cancel);
    }

    /// <summary>The same, where nothing else will do than a model that can be served.</summary>
    /// <inheritdoc cref="FromOnnxAsync"/>
    public async Task<ModelVersion> FromServableSourceAsync(Actor actor, NewVersion version, CancellationToken cancel)
    {
        var source = VersionSource.Parse(version.Source ?? "");
        await registry.RequireChangeAsync(actor, version.Model, cancel);
        return await CreateAsync(actor, version, Servable(await FindAsync(actor, source, cancel)), cancel);
    }

    private async Task<FoundModel> FindAsync(Actor actor, VersionSource source, CancellationToken cancel)
    {
        switch (source)
        {
            case InRun run:
                return await FindAsync(actor, ArtifactOwner.Run(run.RunId), run.Path, cancel) with { RunId = run.RunId };
            case InLoggedModel logged:
                var model = await loggedModels.GetAsync(actor, logged.ModelId, cancel);
                return await FindAsync(actor, ArtifactOwner.LoggedModel(logged.ModelId), logged.Path, cancel) with
                {
                    RunId = model.SourceRunId,
                    ModelId = model.Id,
                };
            case OfVersion other:
                var version = await registry.GetVersionAsync(actor, other.Model, other.Reference, cancel);
                return new FoundModel(version.File, version.Signature, version.NotServable, new Dictionary<string, string>())
                {
                    RunId = version.RunId,
                    ModelId = version.ModelId,
                };
            default:
                return FoundModel.Nothing("its source is not among the artifacts of this server");
        }
    }

    private async Task<FoundModel> FindAsync(Actor actor, ArtifactOwner owner, string path, CancellationToken cancel)
    {
        try
        {
            await artifacts.RequireReadableAsync(actor, owner, cancel);
        }
        catch (SlipwayException failure) when (failure.Kind is ErrorKind.NotFound or ErrorKind.Unsupported)
        {
            return FoundModel.Nothing(failure.Message);
        }

        try
        {
            return await reader.ReadAsync(FolderOf(actor, owner), path, cancel);
        }
        catch (SlipwayException failure) when (failure.Kind == ErrorKind.Invalid)
        {
            return FoundModel.Nothing(failure.Message);
        }
    }

    private OpenInFolder FolderOf(Actor actor, ArtifactOwner owner) => async (path, stop) =>
    {
        try
        {
            return (await artifacts.OpenAsync(actor, owner, path, stop)).Content;
        }
        catch (SlipwayException failure) when (failure.Kind == ErrorKind.NotFound)
        {
            return null;
        }
    };

    private async Task<ModelVersion> CreateAsync(Actor actor, NewVersion version, FoundModel found, CancellationToken cancel)
    {
        var made = version with
        {
            Signature = found.Signature ?? version.Signature,
            RunId = string.IsNullOrEmpty(version.RunId) ? found.RunId : version.RunId,
            ModelId = string.IsNullOrEmpty(version.ModelId) ? found.ModelId : version.ModelId,
            NotServable = found.NotServable,
        };
        return await db.WriteAsync(
            async session =>
            {
                var created = await registry.CreateVersionAsync(session, actor, made, found.File, cancel, found.Documents);

                // Only of the model that was read, and not of one that a request merely names.
                if (found.ModelId is { Length: > 0 } modelId)
                {
                    await loggedModels.NoteVersionAsync(session, modelId, created.Model, created.Number, cancel);
                }

                return created;
            },
            cancel);
    }

    private static FoundModel Servable(FoundModel found) => found.File is null
        ? throw SlipwayException.Invalid($"This cannot be imported as a model that is served: {found.NotServable}")
        : found;
}
