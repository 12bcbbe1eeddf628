using Slipway.Core.Errors;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Tracking;

namespace Slipway.Platform.Registry;

/// <summary>Finds the nodes that a person may mean by a name.</summary>
public sealed class LineageNames(RegistryService registry, TrackingService tracking)
{
    /// <param name="name">
    /// In this order: <c>kind:name</c>; <c>model/version</c>, where the version may be an alias or a stage; a model, of which the
    /// version in production is meant, or the newest; the id of a run, alert or pipeline run; an endpoint; a feature service or view; a
    /// source or dataset, with its digest or without, which means the one seen last.
    /// </param>
    /// <returns>The likeliest first; none when nothing is called this.</returns>
    internal async Task<IReadOnlyList<LineageNode>> FindAsync(DbSession session, string name, CancellationToken cancel)
    {
        Limit.Name("A name in the lineage", name, LineageNode.MaxIdLength);
        var (kind, rest) = Split(name);
        var meant = new List<LineageNode>();
        if (kind is null or LineageKind.ModelVersion && await VersionAsync(session, rest, cancel) is { } version)
        {
            meant.Add(LineageNode.ModelVersion(version.Model, version.Version));
        }

        meant.AddRange((await LineageStore.NodesAsync(session, rest, cancel)).Where(node => kind is null || node.Kind == kind).OrderBy(Rank));
        if (kind is null or LineageKind.Run && !meant.Contains(LineageNode.Run(rest)) && await IsRunAsync(session, rest, cancel))
        {
            meant.Add(LineageNode.Run(rest));
        }

        return meant;
    }

    internal static SlipwayException Nothing(string name) => SlipwayException.NotFound(
        $"Nothing in the lineage is called '{name}': give a model, model/version, run, endpoint, feature service or view, dataset or alert.");

    private static (LineageKind? Kind, string Name) Split(string name) =>
        name.Split(':', 2) is [var prefix, var rest] && EnumName.TryParse<LineageKind>(prefix.Replace('-', '_'), out var kind)
            ? (kind, rest)
            : (null, name);

    /// <summary>Ids are nobody's name, so they come first; then what serves, what feeds it, and data.</summary>
    private static int Rank(LineageNode node) => node.Kind switch
    {
        LineageKind.Run or LineageKind.Alert or LineageKind.PipelineRun => 0,
        LineageKind.Endpoint => 1,
        LineageKind.FeatureService => 2,
        LineageKind.FeatureView => 3,
        _ => 4,
    };

    private async Task<ModelVersion?> VersionAsync(DbSession session, string name, CancellationToken cancel)
    {
        var slash = name.LastIndexOf('/');
        if (slash > 0 && slash < name.Length - 1)
        {
            return await OrNullAsync(() => registry.GetVersionAsync(session, name[..slash], name[(slash + 1)..], cancel));
        }

        return await VersionStore.FindAsync(session, name, Stage.Production, cancel)
            ?? (await VersionStore.ListAsync(session, name, int.MaxValue, 1, cancel)).FirstOrDefault();
    }

    private async Task<bool> IsRunAsync(DbSession session, string id, CancellationToken cancel) =>
        await OrNullAsync(() => tracking.GetRunAsync(session, id, cancel)) is not null;

    private static async Task<T?> OrNullAsync<T>(Func<Task<T>> find)
        where T : class
    {
        try
        {
            return await find();
        }
        catch (SlipwayException absent) when (absent.Kind is ErrorKind.NotFound or ErrorKind.Invalid)
        {
            return null;
        }
    }
}
