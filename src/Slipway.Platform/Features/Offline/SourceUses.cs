using Slipway.Core.Data;
using Slipway.Platform.Features.Definitions;

namespace Slipway.Platform.Features.Offline;

/// <summary>What types the views that read a source need its columns to have. A CSV file does not say them itself.</summary>
/// <param name="views">Those that read it.</param>
internal sealed class SourceUses(FeatureRepository repository, IReadOnlyList<FeatureViewDefinition> views, SourceDefinition source)
{
    /// <summary>By the source's own names: as declared, else as all views that name a column agree.</summary>
    public IReadOnlyDictionary<string, DataType> Types()
    {
        var uses = views.SelectMany(Uses)
            .GroupBy(use => use.Name).Where(use => use.Select(u => u.Type).Distinct().Count() == 1)
            .ToDictionary(use => use.Key, use => use.First().Type, StringComparer.Ordinal);
        foreach (var declared in source.Columns)
        {
            uses[declared.Name] = declared.Type;
        }

        return uses;
    }

    private IEnumerable<ColumnSchema> Uses(FeatureViewDefinition view)
    {
        var mapped = view.Source!.FieldMap.ToDictionary(map => map.Value, map => map.Key, StringComparer.Ordinal);
        return Named(view).Select(column => column with { Name = mapped.GetValueOrDefault(column.Name, column.Name) })
            .Where(column => source.Computed.All(computed => computed.Name != column.Name));
    }

    /// <summary>The result of SQL may have other columns under the same names, but a key passes through as it is more often than not.</summary>
    private IEnumerable<ColumnSchema> Named(FeatureViewDefinition view)
    {
        var keys = repository.JoinKeys(view);
        if (view.Sql is not null)
        {
            return keys;
        }

        var times = new[] { view.Source!.EventTimestamp, view.Source.CreatedTimestamp }.OfType<string>()
            .Select(name => new ColumnSchema(name, DataType.Timestamp));
        return [.. keys, .. times, .. view.Kind == ViewKind.Batch ? view.Features.Select(f => f.Column) : []];
    }
}
