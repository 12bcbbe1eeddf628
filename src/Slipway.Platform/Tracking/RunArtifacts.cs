using System.Globalization;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>
/// The files of runs and of the models they logged, as blobs in one folder for each. A file appears whole or not at all. The
/// roles of the experiment's project hold; what is deleted can be read and not written.
/// </summary>
public sealed class RunArtifacts(Db db, BlobStore blobs, AccessService access)
{
    public const int MaxPage = 10_000;

    /// <summary>Streams the content into the run's folder, replacing a file of the same path.</summary>
    /// <returns>Its key in the blob store, its size and its SHA-256.</returns>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> without the run, Invalid for a path that leaves it.</exception>
    public Task<BlobInfo> PutAsync(Actor actor, string runId, string path, Stream content, CancellationToken cancel) =>
        PutAsync(actor, ArtifactOwner.Run(runId), path, content, cancel);

    /// <summary>The same for any owner.</summary>
    public async Task<BlobInfo> PutAsync(Actor actor, ArtifactOwner owner, string path, Stream content, CancellationToken cancel)
    {
        ArtifactPath.Check(path);
        await RequireWritableAsync(actor, owner, cancel);
        return await blobs.PutAsync($"{owner.Folder}/{path}", content, cancel);
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public async Task<OpenBlob> OpenAsync(Actor actor, ArtifactOwner owner, string path, CancellationToken cancel)
    {
        ArtifactPath.Check(path);
        await RequireReadableAsync(actor, owner, cancel);
        var key = $"{owner.Folder}/{path}";
        return blobs.Exists(key) ? blobs.Open(key) : throw Missing(owner, path);
    }

    /// <summary>By path. What is no folder lists as empty.</summary>
    public async Task<Page<ArtifactInfo>> ListAsync(Actor actor, ArtifactOwner owner, ArtifactQuery query, CancellationToken cancel)
    {
        Limit.Range("A page of artifacts", query.Limit, 1, MaxPage);
        var folder = ArtifactPath.CheckFolder(query.Folder);
        await RequireReadableAsync(actor, owner, cancel);
        var asked = Json.Write(new[] { "artifacts", owner.Ref, folder, query.Recursive ? "all" : "level" });
        var after = query.PageToken is null ? "" : PageToken.Read<string>(query.PageToken, asked);
        var (start, prefix) = folder.Length == 0 ? (owner.Folder, "") : ($"{owner.Folder}/{folder}", $"{folder}/");
        var entries = blobs.List(start, query.Recursive, after, query.Limit + 1);
        var page = PageToken.Cut([.. entries], query.Limit, asked, entry => entry.Path);
        return new([.. page.Items.Select(entry => new ArtifactInfo(prefix + entry.Path, entry.Bytes, entry.IsFolder))], page.NextPageToken);
    }

    /// <summary>Deletes a file, or a folder with everything below it.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> when there is neither.</exception>
    public async Task DeleteAsync(Actor actor, ArtifactOwner owner, string path, CancellationToken cancel)
    {
        ArtifactPath.Check(path);
        await RequireWritableAsync(actor, owner, cancel);
        if (!blobs.Delete($"{owner.Folder}/{path}"))
        {
            throw Missing(owner, path);
        }
    }

    /// <summary>Opens an upload in parts, which is forgotten when it is not continued for a day.</summary>
    public async Task<ArtifactUpload> BeginUploadAsync(Actor actor, ArtifactOwner owner, string path, CancellationToken cancel)
    {
        ArtifactPath.Check(path);
        await RequireWritableAsync(actor, owner, cancel);
        return new ArtifactUpload(blobs.Uploads.Begin($"{owner.Folder}/{path}"), path);
    }

    /// <summary>Receives a part, or receives it again.</summary>
    /// <param name="number">1 to 10,000.</param>
    public async Task<BlobPart> PutPartAsync(
        Actor actor, ArtifactOwner owner, string upload, int number, Stream content, CancellationToken cancel)
    {
        await RequireUploadAsync(actor, owner, upload, cancel);
        return await blobs.Uploads.PutPartAsync(upload, number, content, cancel);
    }

    /// <summary>Receives a part from whoever holds a link to it, which its upload gave out.</summary>
    public Task<BlobPart> PutLinkedPartAsync(string upload, int number, Stream content, CancellationToken cancel) =>
        blobs.Uploads.PutPartAsync(upload, number, content, cancel);

    /// <summary>Puts the parts together; the artifact appears and the upload is gone.</summary>
    /// <param name="parts">All of them, from 1 on.</param>
    public async Task<BlobInfo> CompleteUploadAsync(
        Actor actor, ArtifactOwner owner, string upload, IReadOnlyCollection<ArtifactPart> parts, CancellationToken cancel)
    {
        await RequireUploadAsync(actor, owner, upload, cancel);
        return await blobs.Uploads.CompleteAsync(upload, [.. parts.Select(part => (part.Number, part.Sha256))], cancel);
    }

    public async Task AbortUploadAsync(Actor actor, ArtifactOwner owner, string upload, CancellationToken cancel)
    {
        await RequireUploadAsync(actor, owner, upload, cancel);
        blobs.Uploads.Abort(upload);
    }

    /// <returns>The root of the owner's artifacts, such as <c>mlflow-artifacts:/7/0198…/artifacts</c>.</returns>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/>, Forbidden, or Unsupported when the files are elsewhere.</exception>
    public async Task<string> RequireReadableAsync(Actor actor, ArtifactOwner owner, CancellationToken cancel)
    {
        var place = await RequireAsync(actor, owner, Role.Viewer, cancel);
        return ArtifactAddress.UriOf(owner with { ExperimentId = place.ExperimentId });
    }

    /// <exception cref="SlipwayException">The same, and <see cref="ErrorKind.FailedPrecondition"/> when the owner is deleted.</exception>
    public async Task RequireWritableAsync(Actor actor, ArtifactOwner owner, CancellationToken cancel)
    {
        if ((await RequireAsync(actor, owner, Role.Contributor, cancel)).IsDeleted)
        {
            throw new SlipwayException(ErrorKind.FailedPrecondition, $"{owner.Name} must be in the 'active' state; it is deleted.");
        }
    }

    /// <summary>The same for one path, which must be one that can be written to.</summary>
    public async Task RequireWritableAsync(Actor actor, ArtifactOwner owner, string path, CancellationToken cancel)
    {
        ArtifactPath.Check(path);
        await RequireWritableAsync(actor, owner, cancel);
        blobs.Check($"{owner.Folder}/{path}");
    }

    private async Task<ArtifactPlace> RequireAsync(Actor actor, ArtifactOwner owner, Role least, CancellationToken cancel)
    {
        // No id holds a character that one of the databases cannot take.
        var place = BlobKey.Flaw(owner.Id) is null
            ? await db.ReadAsync(session => ArtifactStore.FindAsync(session, owner, cancel), cancel)
            : null;
        if (place is null || (owner.ExperimentId is { } experiment && experiment != place.ExperimentId))
        {
            throw SlipwayException.NotFound(
                $"There is no {(owner.Kind == ArtifactOwnerKind.Run ? "run" : "logged model")} '{BlobKey.Printable(owner.Id)}'"
                + (owner.ExperimentId is { } id ? string.Create(CultureInfo.InvariantCulture, $" in experiment {id}.") : "."));
        }

        access.RequireIn(place.Project, null, actor, least, owner.Ref);
        return place.ElsewhereUri is null ? place : throw new SlipwayException(
            ErrorKind.Unsupported, $"The artifacts of {owner.Ref} are kept at {place.ElsewhereUri}, which this server neither reads nor writes.");
    }

    /// <summary>The upload must be one of this owner: knowing an id gives no rights.</summary>
    private async Task RequireUploadAsync(Actor actor, ArtifactOwner owner, string upload, CancellationToken cancel)
    {
        await RequireWritableAsync(actor, owner, cancel);
        if (!blobs.Uploads.KeyOf(upload).StartsWith(owner.Folder + "/", StringComparison.Ordinal))
        {
            throw SlipwayException.NotFound($"{owner.Name} has no upload '{upload}'.");
        }
    }

    private static SlipwayException Missing(ArtifactOwner owner, string path) =>
        SlipwayException.NotFound($"{owner.Name} has no artifact '{BlobKey.Printable(path)}'.");
}
