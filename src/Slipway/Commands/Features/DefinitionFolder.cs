using Slipway.Client;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Commands.Features;

/// <summary>The YAML files of a folder, on their way to a server.</summary>
internal static class DefinitionFolder
{
    /// <summary>Reads and checks them as the server will, and against the files of sources that are here, which a server need not have.</summary>
    /// <exception cref="SlipwayException">NotFound; Invalid with every problem, each with its file, line and column.</exception>
    public static async Task<IReadOnlyList<DefinitionFile>> ReadAsync(string path, CancellationToken cancel)
    {
        using var analytics = new AnalyticsEngine(new AnalyticsOptions());
        await LocalSources.CheckAsync(FeatureRepository.Load(path), analytics, cancel);
        if (File.Exists(path))
        {
            return [new DefinitionFile(path, await File.ReadAllTextAsync(path, cancel))];
        }

        var files = new List<DefinitionFile>();
        foreach (var file in Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
            .Where(f => Path.GetExtension(f) is ".yaml" or ".yml").Order(StringComparer.Ordinal))
        {
            files.Add(new DefinitionFile(Path.GetRelativePath(path, file), await File.ReadAllTextAsync(file, cancel)));
        }

        return files;
    }
}
