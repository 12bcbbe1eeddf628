using System.Text;
using System.Text.Json;
using Slipway.Client;

namespace Slipway.Commands.Client;

/// <summary>A lineage graph as two trees from where it was asked: what it was made from, and what was made from it.</summary>
internal static class LineageTree
{
    public static string Render(LineageGraph graph, LineageDirection direction)
    {
        var text = new StringBuilder();
        text.Append(Name(graph.Start)).Append('\n');
        if (direction != LineageDirection.Downstream)
        {
            Branch(text, "made from", graph.Start, Children(graph.Edges, edge => edge.To, edge => edge.From));
        }

        if (direction != LineageDirection.Upstream)
        {
            Branch(text, "used for", graph.Start, Children(graph.Edges, edge => edge.From, edge => edge.To));
        }

        return text.Append(graph.Truncated ? "There is more than the server answers with; ask with a smaller --depth.\n" : "").ToString();
    }

    private static ILookup<LineageNode, (LineageNode Node, string Relation)> Children(
        IReadOnlyList<LineageEdge> edges, Func<LineageEdge, LineageNode> parent, Func<LineageEdge, LineageNode> child) =>
        edges.ToLookup(parent, edge => (child(edge), edge.Relation));

    private static void Branch(
        StringBuilder text, string title, LineageNode start, ILookup<LineageNode, (LineageNode Node, string Relation)> children)
    {
        text.Append(title).Append(children.Contains(start) ? "\n" : ": nothing that is known\n");
        Write(text, start, children, "", []);
    }

    /// <summary>A node that was shown before is named again, and what is below it is not.</summary>
    private static void Write(
        StringBuilder text, LineageNode node, ILookup<LineageNode, (LineageNode Node, string Relation)> children, string indent,
        HashSet<LineageNode> shown)
    {
        if (!shown.Add(node))
        {
            return;
        }

        var below = children[node].GroupBy(child => child.Node).ToList();
        for (var i = 0; i < below.Count; i++)
        {
            var (last, child) = (i == below.Count - 1, below[i].Key);
            var again = shown.Contains(child) && children.Contains(child);
            text.Append(indent).Append(last ? "└─ " : "├─ ").Append(Name(child)).Append(" (")
                .AppendJoin(", ", below[i].Select(c => c.Relation.Replace('_', ' '))).Append(again ? ") …\n" : ")\n");
            Write(text, child, children, indent + (last ? "   " : "│  "), shown);
        }
    }

    private static string Name(LineageNode node) =>
        $"{JsonNamingPolicy.SnakeCaseLower.ConvertName(node.Kind.ToString()).Replace('_', ' ')} {TextTable.Plain(node.Id)}";
}
