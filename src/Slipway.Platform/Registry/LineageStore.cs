using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Registry;

internal static class LineageStore
{
    /// <returns>0 when the edge is there already.</returns>
    public static Task<int> InsertAsync(DbSession session, LineageEdge edge, CancellationToken cancel) => session.ExecuteAsync(
        """
        insert into lineage_edges (id, from_kind, from_id, to_kind, to_id, relation, created_ms)
        values (@id, @from_kind, @from_id, @to_kind, @to_id, @relation, @at) on conflict do nothing
        """,
        c => c.With("id", IdOf(edge)).With("from_kind", EnumName.Of(edge.From.Kind)).With("from_id", edge.From.Id)
            .With("to_kind", EnumName.Of(edge.To.Kind)).With("to_id", edge.To.Id).With("relation", edge.Relation)
            .With("at", edge.CreatedMs),
        cancel);

    /// <summary>The edges within <paramref name="depth"/> steps of the node, against or along their direction.</summary>
    public static Task<List<LineageEdge>> ReachAsync(
        DbSession session, LineageNode start, bool upstream, int depth, int max, CancellationToken cancel)
    {
        var (near, far) = upstream ? ("to", "from") : ("from", "to");

        // A union without all keeps each (node, depth) once, so neither a diamond nor a cycle makes the walk grow.
        return session.QueryAsync(
            $"""
            with recursive reached (kind, id, depth) as (
              select cast(@kind as text), cast(@id as text), 0
              union
              select e.{far}_kind, e.{far}_id, r.depth + 1
              from reached r join lineage_edges e on e.{near}_kind = r.kind and e.{near}_id = r.id
              where r.depth < @depth
            )
            select distinct e.from_kind, e.from_id, e.to_kind, e.to_id, e.relation, e.created_ms
            from reached r join lineage_edges e on e.{near}_kind = r.kind and e.{near}_id = r.id
            where r.depth < @depth limit @max
            """,
            c => c.With("kind", EnumName.Of(start.Kind)).With("id", start.Id).With("depth", depth).With("max", max),
            Read,
            cancel);
    }

    /// <summary>The edges at nodes of one kind, upstream or downstream of them, ordered by their ids.</summary>
    /// <param name="ids">At least one.</param>
    /// <param name="far">The kind at the other end, or null for any.</param>
    /// <param name="after">The <see cref="IdOf"/> of the last edge of the page before, or empty.</param>
    public static Task<List<LineageEdge>> EdgesAsync(
        DbSession session, LineageKind near, IEnumerable<string> ids, bool upstream, LineageKind? far, string after, int limit,
        CancellationToken cancel)
    {
        var names = new NameList(ids);
        var (here, there) = upstream ? ("to", "from") : ("from", "to");
        return session.QueryAsync(
            $"""
            select from_kind, from_id, to_kind, to_id, relation, created_ms from lineage_edges
            where {here}_kind = @near and {here}_id in ({names}) and {there}_kind = coalesce(cast(@far as text), {there}_kind)
              and id > @after
            order by id limit @limit
            """,
            c =>
            {
                names.BindTo(c);
                c.With("near", EnumName.Of(near)).With("far", far is { } kind ? EnumName.Of(kind) : null).With("after", after)
                    .With("limit", limit);
            },
            Read,
            cancel);
    }

    /// <summary>The edges at a node, removed.</summary>
    public static Task<List<LineageEdge>> TakeEdgesAsync(DbSession session, LineageNode node, CancellationToken cancel) => session.QueryAsync(
        """
        delete from lineage_edges
        where (from_kind = @kind and from_id = @id) or (to_kind = @kind and to_id = @id)
        returning from_kind, from_id, to_kind, to_id, relation, created_ms
        """,
        c => c.With("kind", EnumName.Of(node.Kind)).With("id", node.Id),
        Read,
        cancel);

    /// <summary>The nodes of this id, and datasets of this name with any digest; those drawn last first.</summary>
    public static Task<List<LineageNode>> NodesAsync(DbSession session, string name, CancellationToken cancel) => session.QueryAsync(
        $"""
        select kind, id from (
          {Side("from")} union all {Side("to")}
        ) as n group by kind, id order by max(created_ms) desc, id limit 100
        """,
        c => c.With("id", name).With("first", name + "@").With("beyond", name + "A"),
        row => new LineageNode(EnumName.Parse<LineageKind>(row.GetString(0), "kind"), row.GetString(1)),
        cancel);

    // With the kinds by name, each branch is a range of the index on kind and id. A comes right after @.
    private static string Side(string side) =>
        $"""
        select {side}_kind as kind, {side}_id as id, created_ms from lineage_edges
        where {side}_kind in ('dataset', 'feature_source', 'feature_view', 'feature_service', 'run', 'endpoint', 'alert', 'pipeline_run') and {side}_id = @id
        union all
        select {side}_kind, {side}_id, created_ms from lineage_edges
        where {side}_kind = 'dataset' and {side}_id >= @first and {side}_id < @beyond
        """;

    internal static string IdOf(LineageEdge edge) => Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes(Json.Write(new { edge.From, edge.To, edge.Relation }))));

    private static LineageEdge Read(DbDataReader row) => new(
        new LineageNode(EnumName.Parse<LineageKind>(row.GetString(0), "kind"), row.GetString(1)),
        new LineageNode(EnumName.Parse<LineageKind>(row.GetString(2), "kind"), row.GetString(3)),
        row.GetString(4),
        row.GetInt64(5));
}
