using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Tracking;

namespace Slipway.Platform.Registry;

/// <summary>What came from what: dataset → feature service → run → model version → endpoint → alert, and pipeline runs.</summary>
public sealed class LineageService(Db db, AccessService access, TimeProvider time, RunEvents? events = null)
{
    /// <summary>Parts of the server that read and draw for nobody in particular.</summary>
    internal static readonly Actor Reader = new("lineage", Role.Contributor);

    public const int MaxDepth = 50;
    public const int MaxEdges = 10_000;

    public Task AddAsync(Actor actor, LineageNode from, LineageNode to, string relation, CancellationToken cancel) =>
        db.WriteAsync(session => AddAsync(session, actor, from, to, relation, cancel), cancel);

    /// <summary>The same within the caller's transaction. An edge that is there already stays as it is.</summary>
    public async Task AddAsync(
        DbSession session, Actor actor, LineageNode from, LineageNode to, string relation, CancellationToken cancel)
    {
        access.Require(actor, Role.Contributor, "lineage");
        await DrawAsync(session, from, to, relation, cancel);
    }

    /// <summary>The same for services that asked already who may change what the edge joins.</summary>
    internal async Task DrawAsync(DbSession session, LineageNode from, LineageNode to, string relation, CancellationToken cancel)
    {
        Limit.Name("The id of a lineage node", from.Id, LineageNode.MaxIdLength);
        Limit.Name("The id of a lineage node", to.Id, LineageNode.MaxIdLength);
        Limit.Name("A lineage relation", relation, 100);
        var edge = new LineageEdge(from, to, relation, time.GetUtcNow().ToUnixTimeMilliseconds());
        if (await LineageStore.InsertAsync(session, edge, cancel) == 1
            && from.Kind == LineageKind.Run && to.Kind == LineageKind.ModelVersion && events is not null)
        {
            await events.RegisteredAsync(session, from.Id, to.Id, cancel);
        }
    }

    /// <summary>Lets every edge of a node hang on another.</summary>
    internal static async Task RenameAsync(DbSession session, LineageNode from, LineageNode to, CancellationToken cancel)
    {
        var edges = await LineageStore.TakeEdgesAsync(session, from, cancel);
        foreach (var edge in edges)
        {
            await LineageStore.InsertAsync(
                session, edge with { From = edge.From == from ? to : edge.From, To = edge.To == from ? to : edge.To }, cancel);
        }
    }

    /// <param name="depth">How many steps away, 1 to 50.</param>
    /// <returns>Nodes and edges in a fixed order: by kind, then id.</returns>
    public async Task<LineageGraph> TraceAsync(
        LineageNode start, LineageDirection direction, int depth, CancellationToken cancel)
    {
        CheckDepth(depth);
        var edges = new HashSet<LineageEdge>();
        foreach (var upstream in Ways(direction))
        {
            edges.UnionWith(await db.ReadAsync(
                session => LineageStore.ReachAsync(session, start, upstream, depth, MaxEdges + 1, cancel), cancel));
        }

        return Graph(start, edges, truncated: false);
    }

    internal static void CheckDepth(int depth) => Limit.Range("The depth of a lineage trace", depth, 1, MaxDepth);

    /// <summary>Whether to walk upstream, for each walk that the direction asks for.</summary>
    internal static bool[] Ways(LineageDirection direction) => direction switch
    {
        LineageDirection.Upstream => [true],
        LineageDirection.Downstream => [false],
        _ => [true, false],
    };

    /// <param name="truncated">Whether there are edges beyond those given, however few they are.</param>
    internal static LineageGraph Graph(LineageNode start, IReadOnlySet<LineageEdge> edges, bool truncated)
    {
        var kept = Sorted(edges).Take(MaxEdges).ToList();
        var nodes = kept.SelectMany(edge => new[] { edge.From, edge.To }).Append(start).Distinct();
        return new LineageGraph(start, [.. Sorted(nodes)], kept, truncated || edges.Count > MaxEdges);
    }

    private static IEnumerable<LineageNode> Sorted(IEnumerable<LineageNode> nodes) =>
        nodes.OrderBy(node => node.Kind).ThenBy(node => node.Id, StringComparer.Ordinal);

    private static IEnumerable<LineageEdge> Sorted(IEnumerable<LineageEdge> edges) => edges
        .OrderBy(edge => edge.From.Kind).ThenBy(edge => edge.From.Id, StringComparer.Ordinal)
        .ThenBy(edge => edge.To.Kind).ThenBy(edge => edge.To.Id, StringComparer.Ordinal)
        .ThenBy(edge => edge.Relation, StringComparer.Ordinal);
}
