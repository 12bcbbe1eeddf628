using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Sources;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Offline;

/// <summary>The files and databases behind the views of one service, opened: what they hold is known, and that the views fit it.</summary>
/// <param name="Catalog">The service and the views it needs, compiled.</param>
/// <param name="ByName">By the names that the compiled views call their sources.</param>
internal sealed record ViewSources(FeatureCatalog Catalog, IReadOnlyDictionary<string, SourceData> ByName)
{
    /// <summary>Opens what the service needs and nothing else: other parts of the repository may be of files that are not here.</summary>
    /// <param name="scratch">Where rows of databases are kept while the join runs.</param>
    /// <exception cref="SlipwayException">With file, line and column of the definition that does not fit its source.</exception>
    public static ViewSources Open(
        AnalyticsSession session, FeatureRepository repository, FeatureServiceDefinition service, ScratchFolder scratch, CancellationToken cancel)
    {
        var needed = service.Features.Select(s => repository.View(s.View)).SelectMany(view => repository.Upstream(view).Append(view))
            .DistinctBy(view => view.Name).ToArray();
        var sources = needed.Select(view => view.Source?.Source).OfType<SourceDefinition>().Distinct().ToArray();
        var opened = sources.Select((source, i) => At(source, () => Open(
            session, repository, source, Types(source), scratch.File($"source{i}.parquet"), cancel))).ToArray();

        IReadOnlyDictionary<string, DataType> Types(SourceDefinition source) =>
            new SourceUses(repository, [.. needed.Where(view => Equals(view.Source?.Source, source))], source).Types();

        // A source gets a name of its own: one written inside a view may be called like another that several share.
        FeatureViewDefinition Known(FeatureViewDefinition view) => view.Source is not { } read ? view : view with
        {
            Source = read with { Source = Named(Array.IndexOf(sources, read.Source)) },
        };
        SourceDefinition Named(int i) => sources[i] with
        {
            Name = $"source{i}",
            Columns = sources[i].Columns.Count > 0 ? sources[i].Columns : opened[i].Columns,
        };
        var known = new FeatureRepository(repository.Entities, [], [.. needed.Select(Known)], [service]);
        return new ViewSources(
            FeatureCatalog.Compile(known, (_, _) => 1),
            Enumerable.Range(0, sources.Length).ToDictionary(i => $"source{i}", i => SourceData.Of(opened[i]), StringComparer.Ordinal));
    }

    private static SourceRelation Open(
        AnalyticsSession session, FeatureRepository repository, SourceDefinition source, IReadOnlyDictionary<string, DataType> wanted, string file,
        CancellationToken cancel)
    {
        if (source.Topic is { } topic)
        {
            throw SlipwayException.Invalid($"topic '{topic}' has no file that a join could read; give the source a 'path' with the topic's history.");
        }

        if (source.Push)
        {
            throw SlipwayException.Invalid("pushed rows have no file that a join could read; build the training set on the server that holds them.");
        }

        var path = repository.PathOf(source) ?? file;
        if (source.Postgres is { } query)
        {
            PostgresSource.Copy(session, query, null, file, cancel);
        }

        var relation = DataFiles.Open(session, path, wanted);
        return source.Columns.Where(declared => relation.Columns.All(c => c.Name != declared.Name)).FirstOrDefault() is { } missing
            ? throw SlipwayException.Invalid($"the source declares a column '{missing.Name}', which '{path}' does not have; "
                + $"it has {string.Join(", ", relation.Columns.Select(c => c.Name))}.")
            : relation;
    }

    private static SourceRelation At(SourceDefinition source, Func<SourceRelation> open)
    {
        try
        {
            return open();
        }
        catch (SlipwayException wrong)
        {
            throw new SlipwayException(wrong.Kind, $"{source.Notes.Origin}: {wrong.Message}", wrong);
        }
    }
}
