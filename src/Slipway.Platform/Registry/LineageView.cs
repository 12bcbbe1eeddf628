using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Tracking;

namespace Slipway.Platform.Registry;

/// <summary>
/// Lineage as far as an actor may see it: a viewer of the server all of it, anybody else what <see cref="LineageSight"/> says. A
/// walk stops where it comes to anything else, and does not tell its name.
/// </summary>
public sealed class LineageView(Db db, LineageService lineage, LineageNames names, RunService runs)
{
    /// <param name="start">What the actor may not see stands alone, as what nobody knows does.</param>
    /// <param name="depth">How many steps away, 1 to 50.</param>
    public async Task<LineageGraph> TraceAsync(
        Actor actor, LineageNode start, LineageDirection direction, int depth, CancellationToken cancel)
    {
        if (actor.May(Role.Viewer))
        {
            return await lineage.TraceAsync(start, direction, depth, cancel);
        }

        LineageService.CheckDepth(depth);
        return await db.ReadAsync(session => TraceAsync(new LineageSight(session, actor, runs), start, direction, depth, cancel), cancel);
    }

    /// <summary>The same from what a person means by a name; see <see cref="LineageNames"/>.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> when nothing that the actor may see is called this.</exception>
    public async Task<LineageGraph> TraceAsync(
        Actor actor, string name, LineageDirection direction, int depth, CancellationToken cancel)
    {
        var start = await db.ReadAsync(
            async session =>
            {
                var meant = await names.FindAsync(session, name, cancel);
                if (!actor.May(Role.Viewer))
                {
                    var seen = await new LineageSight(session, actor, runs).SeenAsync(meant, cancel);
                    meant = [.. meant.Where(seen.Contains)];
                }

                return meant.Count > 0 ? meant[0] : throw LineageNames.Nothing(name);
            },
            cancel);
        return await TraceAsync(actor, start, direction, depth, cancel);
    }

    private static async Task<LineageGraph> TraceAsync(
        LineageSight sight, LineageNode start, LineageDirection direction, int depth, CancellationToken cancel)
    {
        var edges = new HashSet<LineageEdge>();
        if ((await sight.SeenAsync([start], cancel)).Contains(start))
        {
            foreach (var upstream in LineageService.Ways(direction))
            {
                await WalkAsync(sight, start, upstream, depth, edges, cancel);
            }
        }

        return LineageService.Graph(start, edges, sight.IsTired);
    }

    private static async Task WalkAsync(
        LineageSight sight, LineageNode start, bool upstream, int depth, HashSet<LineageEdge> edges, CancellationToken cancel)
    {
        HashSet<LineageNode> reached = [start];
        List<LineageNode> frontier = [start];
        for (var step = 0; step < depth && frontier.Count > 0 && edges.Count <= LineageService.MaxEdges; step++)
        {
            var next = new List<LineageNode>();
            foreach (var kind in frontier.GroupBy(node => node.Kind))
            {
                await foreach (var page in sight.EdgesAsync(kind.Key, [.. kind.Select(node => node.Id)], upstream, null, cancel))
                {
                    var seen = await sight.SeenAsync(page.Select(edge => edge.Far(upstream)), cancel);
                    var found = page.Where(edge => seen.Contains(edge.Far(upstream))).ToList();
                    edges.UnionWith(found);
                    next.AddRange(found.Select(edge => edge.Far(upstream)).Where(reached.Add));
                }
            }

            frontier = next;
        }
    }
}
