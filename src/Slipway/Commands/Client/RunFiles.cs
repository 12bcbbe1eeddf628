using Slipway.Client;
using Slipway.Core.Errors;

namespace Slipway.Commands.Client;

internal static class RunFiles
{
    /// <summary>Writes a file, a folder or all files of a run below a folder of this machine, never outside it.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> when the run has nothing of that path.</exception>
    public static async Task<IReadOnlyList<Artifact>> DownloadAsync(
        SlipwayClient client, string runId, string? path, string into, CancellationToken cancel)
    {
        var all = await client.Artifacts.ListAsync(runId, cancel: cancel);
        var wanted = all.Where(file => path is null || file.Path == path || file.Path.StartsWith(path.TrimEnd('/') + "/", StringComparison.Ordinal)).ToList();
        if (path is not null && wanted.Count == 0)
        {
            throw SlipwayException.NotFound($"Run {runId} has no artifact '{path}'.");
        }

        var root = Path.GetFullPath(into);
        foreach (var file in wanted)
        {
            await client.Artifacts.DownloadFileAsync(runId, file.Path, Below(root, file.Path), cancel: cancel);
        }

        return wanted;
    }

    /// <summary>A server that was taken over must not write where it likes.</summary>
    internal static string Below(string root, string path)
    {
        var target = Path.GetFullPath(Path.Combine(root, path));
        return target.StartsWith(root.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? target
            : throw SlipwayException.Invalid($"The server names a file '{path}', which lies outside {root}; it is not written.");
    }
}
