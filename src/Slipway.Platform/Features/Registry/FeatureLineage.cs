using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Registry;

namespace Slipway.Platform.Features.Registry;

/// <summary>Where features come from, as lineage tells it: source → view → view → service, from which runs and models go on.</summary>
internal static class FeatureLineage
{
    /// <summary>Of versions as of anything: what once was an edge stays one.</summary>
    public static async Task DrawAsync(
        DbSession session, LineageService? lineage, IReadOnlyList<StoredDefinition> definitions, CancellationToken cancel)
    {
        if (lineage is null)
        {
            return;
        }

        foreach (var definition in definitions)
        {
            foreach (var (from, to, relation) in Edges(definition))
            {
                await lineage.DrawAsync(session, from, to, relation, cancel);
            }
        }
    }

    private static IEnumerable<(LineageNode From, LineageNode To, string Relation)> Edges(StoredDefinition definition)
    {
        if (definition.Kind == DefinitionKind.Service)
        {
            var service = Json.Read<FeatureServiceDefinition>(definition.Definition);
            return service.Features.Select(s => (LineageNode.FeatureView(s.View), LineageNode.FeatureService(service.Name), "grouped")).Distinct();
        }

        if (definition.Kind == DefinitionKind.Entity)
        {
            return [];
        }

        var view = Json.Read<FeatureViewDefinition>(definition.Definition);
        var node = LineageNode.FeatureView(view.Name);
        return
        [
            .. view.Source is { } source ? [(LineageNode.FeatureSource(Name(source.Source)), node, "fed")] : Array.Empty<(LineageNode, LineageNode, string)>(),
            .. view.From.Select(s => (LineageNode.FeatureView(s.View), node, "derived")).Distinct(),
        ];
    }

    /// <summary>A source that is written inside a view has no name but what it reads.</summary>
    private static string Name(SourceDefinition source) => source.Name ?? source.Topic ?? source.Path
        ?? (source.Postgres is { } query ? $"{query.Connection}/{query.Table ?? "sql"}" : "source");
}
