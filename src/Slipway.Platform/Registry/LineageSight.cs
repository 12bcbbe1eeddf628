using System.Runtime.CompilerServices;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Tracking;

namespace Slipway.Platform.Registry;

/// <summary>
/// Which nodes an actor without a role on the server sees. Runs and model versions belong to projects. Nothing else does, so it is
/// seen by whoever sees something that names it: datasets and feature services by the runs and versions made of them, feature views by their services, an endpoint
/// by the versions it served, an alert by its endpoint, a pipeline run by what it made and what started it.
/// </summary>
internal sealed class LineageSight(DbSession session, Actor actor, RunService runs)
{
    private const int Page = 10_000;
    private const int Names = 1000;

    /// <summary>Edges of other people's runs are read too, to find one's own among them, and somewhere that must end.</summary>
    private const int MostEdges = 100_000;

    private readonly Dictionary<LineageNode, bool> known = [];
    private int looked;

    /// <summary>True when it looked at so many edges that it looks no further.</summary>
    public bool IsTired => looked >= MostEdges;

    /// <returns>Those of the nodes that the actor sees.</returns>
    public async Task<IReadOnlySet<LineageNode>> SeenAsync(IEnumerable<LineageNode> nodes, CancellationToken cancel)
    {
        var asked = nodes.ToHashSet();
        foreach (var kind in asked.Where(node => !known.ContainsKey(node)).GroupBy(node => node.Kind).ToList())
        {
            string[] ids = [.. kind.Select(node => node.Id)];
            var seen = kind.Key switch
            {
                LineageKind.Run => await runs.ReadableAsync(session, actor, ids, cancel),
                LineageKind.ModelVersion => await VersionsAsync(ids, cancel),
                _ => await NamedAsync(kind.Key, ids, cancel),
            };
            foreach (var node in kind)
            {
                known[node] = seen.Contains(node.Id);
            }
        }

        return asked.Where(node => known[node]).ToHashSet();
    }

    /// <summary>The edges at nodes of one kind, in pages.</summary>
    /// <param name="far">The kind at the other end, or null for any.</param>
    public async IAsyncEnumerable<List<LineageEdge>> EdgesAsync(
        LineageKind near, string[] ids, bool upstream, LineageKind? far, [EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (var some in ids.Chunk(Names))
        {
            List<LineageEdge> page;
            var after = "";
            do
            {
                if (IsTired)
                {
                    yield break;
                }

                page = await LineageStore.EdgesAsync(session, near, some, upstream, far, after, Page, cancel);
                looked += page.Count;
                after = page.Count > 0 ? LineageStore.IdOf(page[^1]) : after;
                yield return page;
            }
            while (page.Count == Page);
        }
    }

    private async Task<IReadOnlySet<string>> VersionsAsync(string[] ids, CancellationToken cancel)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var some in ids.Select(ModelOf).Distinct(StringComparer.Ordinal).Chunk(Names))
        {
            seen.UnionWith(await ModelStore.ReadableAsync(session, actor, some, cancel));
        }

        return ids.Where(id => seen.Contains(ModelOf(id))).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>A model's name holds no '/'.</summary>
    private static string ModelOf(string version) => version.Split('/', 2)[0];

    private async Task<IReadOnlySet<string>> NamedAsync(LineageKind kind, string[] ids, CancellationToken cancel)
    {
        var named = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (witness, upstream) in Witnesses(kind))
        {
            await foreach (var page in EdgesAsync(kind, [.. ids.Where(id => !named.Contains(id))], upstream, witness, cancel))
            {
                var seen = await SeenAsync(page.Select(edge => edge.Far(upstream)), cancel);
                named.UnionWith(page.Where(edge => seen.Contains(edge.Far(upstream))).Select(edge => edge.Far(!upstream).Id));
            }
        }

        return named;
    }

    /// <summary>The kinds that a node is named by, and on which side of it they stand. No kind is among its own witnesses' witnesses.</summary>
    private static (LineageKind Kind, bool Upstream)[] Witnesses(LineageKind kind) => kind switch
    {
        LineageKind.Dataset or LineageKind.FeatureService => [(LineageKind.Run, false), (LineageKind.ModelVersion, false)],
        LineageKind.FeatureView => [(LineageKind.FeatureService, false)],
        LineageKind.FeatureSource => [(LineageKind.FeatureView, false)],
        LineageKind.Endpoint => [(LineageKind.ModelVersion, true)],
        LineageKind.Alert => [(LineageKind.Endpoint, true)],
        LineageKind.PipelineRun => [(LineageKind.ModelVersion, false), (LineageKind.Alert, true), (LineageKind.Endpoint, true)],
        _ => [],
    };
}
