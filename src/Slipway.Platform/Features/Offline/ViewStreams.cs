using Slipway.Core.Data;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Windowed;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Events;

namespace Slipway.Platform.Features.Offline;

/// <summary>Computes the rows of stored views from their sources and passes them on: SQL in DuckDB, windows over history.</summary>
/// <param name="log">Where the history of a topic is whose rows are not given; without it all must be.</param>
internal sealed class ViewStreams(FeatureCatalog catalog, SourceTables sources, AnalyticsEngine analytics, EventLog? log = null)
{
    private const int PortionRows = 4096;
    private const int PageEvents = 20_000;

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
            await ReplayAsync(log, windowed, part => Pass(part, chunks, take), cancel);
            return;
        }

        var history = await sources.ReadAsync(windowed.Topic, view.Name, windowed.Fields, cancel);
        await Task.Run(() => windowed.Run(history, times.To, part => Pass(part, chunks, take)), cancel);
    }

    /// <summary>Goes through the topic as the stream did, so that late events were late and corrections came when they came.</summary>
    private static async Task ReplayAsync(EventLog log, WindowedView view, Action<Table> take, CancellationToken cancel)
    {
        var (run, from) = (new WindowedRun(view, state: null, online: false), 0L);
        while (await log.ReadAsync(view.Topic, from, PageEvents, cancel) is { Count: > 0 } page)
        {
            await Task.Run(() => ((List<Table>)[.. run.Take(page).Rows]).ForEach(take), cancel);
            from = page[^1].Offset + 1;
        }
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
