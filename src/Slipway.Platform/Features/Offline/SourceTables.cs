using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Offline;

/// <summary>The sources of one computation: views that share a source share one reading of it.</summary>
internal sealed class SourceTables(IReadOnlyDictionary<string, SourceData> sources, AnalyticsEngine analytics)
{
    private readonly Dictionary<string, Task<Table>> reading = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    public bool Has(string name) => sources.ContainsKey(name);

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the source that is not given.</exception>
    public SourceData Find(string name, string view) => sources.GetValueOrDefault(name) ?? throw SlipwayException.Invalid(
        $"View '{view}' needs the rows of source '{name}'; given are {(sources.Count == 0 ? "none" : string.Join(", ", sources.Keys))}.");

    /// <param name="columns">The first caller's decide; views of one source declare the same.</param>
    public Task<Table> ReadAsync(string name, string view, IReadOnlyList<ColumnSchema> columns, CancellationToken cancel)
    {
        var data = Find(name, view);
        if (data.Table is { } table)
        {
            return Task.FromResult(table);
        }

        lock (gate)
        {
            return reading.TryGetValue(name, out var started)
                ? started
                : reading[name] = data.Relation is { } relation
                    ? analytics.RunAsync(session => session.Read($"select * from {relation.Sql}", columns), cancel)
                    : analytics.ReadParquetAsync(data.Path!, cancel, columns.Select(c => c.Name));
        }
    }
}
