using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Tracking;

namespace Slipway.Platform.Registry.Sources;

/// <summary>Where the files of versions are, for those who fetch them there.</summary>
public sealed class VersionPlaces(RegistryService registry, LoggedModelService loggedModels)
{
    private const int MaxSteps = 10;

    /// <summary>The URI to download a version from: as it was given, or where its logged model keeps its files.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> when it was made from bytes, not from a place.</exception>
    public async Task<string> DownloadUriAsync(Actor actor, string model, string reference, CancellationToken cancel)
    {
        var source = await FindAsync(actor, model, reference, cancel);
        if (source is not InLoggedModel logged)
        {
            return source.Text;
        }

        var uri = (await loggedModels.GetAsync(actor, logged.ModelId, cancel)).ArtifactUri;
        return logged.Path.Length == 0 ? uri : $"{uri}/{logged.Path}";
    }

    /// <summary>A file below a version's source: whose artifact it is, and its path there.</summary>
    /// <param name="path">Within the version; empty for all of it.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> when the source is not among this server's artifacts.</exception>
    public async Task<(ArtifactOwner Owner, string Path)> LocateAsync(
        Actor actor, string model, string reference, string path, CancellationToken cancel) =>
        await FindAsync(actor, model, reference, cancel) switch
        {
            InRun run => (ArtifactOwner.Run(run.RunId), Below(run.Path, path)),
            InLoggedModel logged => (ArtifactOwner.LoggedModel(logged.ModelId), Below(logged.Path, path)),
            var other => throw SlipwayException.NotFound($"The source of version {reference} of model '{model}', {other.Text}, is not among the artifacts of this server."),
        };

    /// <summary>Follows versions that are copies of others.</summary>
    private async Task<VersionSource> FindAsync(Actor actor, string model, string reference, CancellationToken cancel)
    {
        for (var steps = 0; steps < MaxSteps; steps++)
        {
            var version = await registry.GetVersionAsync(actor, model, reference, cancel);
            var source = VersionSource.Of(version)
                ?? throw SlipwayException.NotFound($"{version.Ref} was made from bytes and has no source; download its file instead.");
            if (source is not OfVersion other)
            {
                return source;
            }

            (model, reference) = (other.Model, other.Reference);
        }

        throw SlipwayException.NotFound($"The sources of model '{model}' lead in a circle.");
    }

    private static string Below(string folder, string path) => folder.Length == 0 || path.Length == 0 ? folder + path : $"{folder}/{path}";
}
