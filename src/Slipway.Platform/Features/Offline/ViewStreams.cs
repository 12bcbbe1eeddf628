using Slipway.Core.Data;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Events;

namespace Slipway.Platform.Features.Offline;

/// <summary>Computes the rows of stored views from their sources and passes them on: SQL in DuckDB, windows over history.</summary>
/// <param name="log">Holds the history of topics for which no rows are given; without it all must be.</param>
internal sealed class ViewStreams(FeatureCatalog catalog, SourceTables sources, AnalyticsEngine analytics, EventLog? log = null)
{
    private const int PortionRows = 4096;

    /// <inheritdoc cref="ViewRows"/>
    public async Task RowsAsync(
        StoredView view, IReadOnlyList<ColumnSchema> columns, TimeRange times, Action<IReadOnlyList<ColumnChunk>> take, CancellationToken cancel)
    {
        if (!catalog.IsStreaming(view.Key))
        {
            var batch = catalog.Batch(view.Key);
            var data = sources.Find(batch.SourceName, view.Name);
            await analytics.RunAsync(
                session =>
                {
                    batch.Stream(session, data, columns, times, take);
                    return 0;
                },
                cancel);
            return;
        }

        // Windows need the events before the first row, too: only the end of the times counts.
        var windowed = catalog.Streaming(view.Key);
        var chunks = columns.Select(column => new ColumnChunk(column.Name, column.Type)).ToArray();
        if (log is not null && !sources.Has(windowed.Topic) && windowed.Source.Path is null)
        {
            await TopicHistory.ReplayAsync(log, windowed, part => Pass(part, chunks, take), cancel);
            return;
        }

        var history = await sources.ReadAsync(windowed.Topic, view.Name, windowed.Fields, cancel);
        await Task.Run(() => windowed.Run(history, times.To, part => Pass(part, chunks, take)), cancel);
    }

    /// <summary>Holds the views that a service looks up to what they expect of their rows, all of them.</summary>
    /// <exception cref="Core.Errors.SlipwayException"><see cref="Core.Errors.ErrorKind.Invalid"/> where an expectation says so.</exception>
    public async Task<IReadOnlyList<ExpectationViolation>> CheckAsync(ServicePlan plan, CancellationToken cancel)
    {
        var violations = new List<ExpectationViolation>();
        foreach (var name in plan.Lookups.Select(lookup => lookup.View.Name).Distinct().Where(name => !catalog.IsStreaming(name)))
        {
            if (catalog.Batch(name) is { Expectations: not null } batch)
            {
                var data = sources.Find(batch.SourceName, name);
                violations.AddRange(await analytics.RunAsync(session => batch.Check(session, data), cancel));
            }
        }

        return violations;
    }

    private static void Pass(Table part, ColumnChunk[] chunks, Action<IReadOnlyList<ColumnChunk>> take)
    {
        for (var start = 0; start < part.Rows; start += PortionRows)
        {
            foreach (var chunk in chunks)
            {
                chunk.Fill(part[chunk.Name], start, Math.Min(PortionRows, part.Rows - start));
            }

            take(chunks);
        }
    }
}
