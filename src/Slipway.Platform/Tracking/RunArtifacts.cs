using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>The files of runs, as blobs under <c>artifacts/{run}/{path}</c>. A file appears whole or not at all.</summary>
public sealed class RunArtifacts(Db db, BlobStore blobs, AccessService access)
{
    /// <summary>Streams the content into the run's folder, replacing a file of the same path.</summary>
    /// <returns>Its key in the blob store, its size and its SHA-256.</returns>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> without the run, Invalid for a path that leaves it.</exception>
    public async Task<BlobInfo> PutAsync(Actor actor, string runId, string path, Stream content, CancellationToken cancel)
    {
        access.Require(actor, Role.Contributor, $"run/{runId}");
        await CheckRunAsync(runId, cancel);
        return await blobs.PutAsync(Key(runId, path), content, cancel);
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public async Task<Stream> OpenAsync(string runId, string path, CancellationToken cancel)
    {
        await CheckRunAsync(runId, cancel);
        var key = Key(runId, path);
        return blobs.Exists(key) ? blobs.OpenRead(key) : throw SlipwayException.NotFound($"Run {runId} has no artifact '{path}'.");
    }

    /// <summary>Every file below a folder of the run, sorted by path.</summary>
    /// <param name="folder">Null for all.</param>
    public async Task<IReadOnlyList<ArtifactInfo>> ListAsync(string runId, string? folder, CancellationToken cancel)
    {
        await CheckRunAsync(runId, cancel);
        var root = Key(runId, "");
        var below = string.IsNullOrEmpty(folder) ? root.TrimEnd('/') : Key(runId, folder);
        return [.. blobs.List(below).Select(key => new ArtifactInfo(key[root.Length..], new FileInfo(blobs.LocalPath(key)).Length))];
    }

    private static string Key(string runId, string path) => $"artifacts/{runId}/{path}";

    /// <summary>An id that is a run's own is also a safe folder name.</summary>
    private async Task CheckRunAsync(string runId, CancellationToken cancel)
    {
        if (await db.ReadAsync(session => RunStore.FindAsync(session, runId, cancel), cancel) is null)
        {
            throw SlipwayException.NotFound($"There is no run '{runId}'.");
        }
    }
}
