using Slipway.Core.Data;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Windowed;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Events;

namespace Slipway.Platform.Features.Offline;

/// <summary>Computes all rows that a stored view ever had, from the rows of its source.</summary>
/// <param name="log">Where the history of a topic is whose rows are not given; without it all must be.</param>
public sealed class ViewHistory(FeatureRegistryService registry, AnalyticsEngine analytics, EventLog? log = null)
{
    private const int PageEvents = 20_000;

    private readonly Lock gate = new();
    private Remembered? last;

    /// <param name="upTo">A streaming view's boundaries end here, microseconds since the epoch.</param>
    /// <returns>Join keys, <c>event_timestamp</c>, <c>created_timestamp</c> where the view has one, features.</returns>
    internal async Task<Table> RowsAsync(string view, SourceTables sources, long upTo, CancellationToken cancel)
    {
        var catalog = await registry.CatalogAsync(cancel);
        if (!catalog.IsStreaming(view))
        {
            return (await BatchRowsAsync(catalog.Batch(view), sources, cancel)).Rows;
        }

        var windowed = catalog.Streaming(view);
        if (log is not null && !sources.Has(windowed.Topic) && windowed.Source.Path is null)
        {
            return await ReplayAsync(log, windowed, cancel);
        }

        var history = await sources.ReadAsync(windowed.Topic, view, windowed.Fields, cancel);
        return await Task.Run(() => Run(windowed, history, upTo), cancel);
    }

    /// <summary>
    /// By event time. The last file that was computed is remembered while it stays as it is: materialising day by day asks for it
    /// each day.
    /// </summary>
    /// <returns>Equal objects mean equal rows.</returns>
    internal async Task<BatchRows> BatchRowsAsync(BatchView view, SourceTables sources, CancellationToken cancel)
    {
        var data = sources.Find(view.SourceName, view.Stored.Name);
        if (data.Path is null)
        {
            return new BatchRows(await analytics.RunAsync(session => view.Run(session, data), cancel));
        }

        ParquetFile.Check(data.Path);
        var file = new FileInfo(data.Path);
        var identity = (view.Stored.Key, file.FullName, file.Length, file.LastWriteTimeUtc);
        if (Find(identity) is { } known)
        {
            return known;
        }

        var rows = new BatchRows(await analytics.RunAsync(session => view.Run(session, data), cancel));
        lock (gate)
        {
            last = new Remembered(identity, rows);
        }

        return rows;
    }

    private BatchRows? Find((string, string, long, DateTime) identity)
    {
        lock (gate)
        {
            return last is { } held && held.Identity == identity ? held.Rows : null;
        }
    }

    /// <summary>Goes through the topic as the stream did, so that late events were late and corrections came when they came.</summary>
    private static async Task<Table> ReplayAsync(EventLog log, WindowedView view, CancellationToken cancel)
    {
        var (run, parts, from) = (new WindowedRun(view, state: null, online: false), new List<Table>(), 0L);
        while (await log.ReadAsync(view.Topic, from, PageEvents, cancel) is { Count: > 0 } page)
        {
            parts.AddRange((await Task.Run(() => run.Take(page), cancel)).Rows);
            from = page[^1].Offset + 1;
        }

        return parts.Count > 0 ? TableParts.Join(parts) : view.NoRows();
    }

    private static Table Run(WindowedView view, Table history, long upTo)
    {
        var parts = new List<Table>();
        _ = view.Run(history, upTo, parts.Add);
        return TableParts.Join(parts);
    }

    private sealed record Remembered((string View, string Path, long Length, DateTime Written) Identity, BatchRows Rows);
}

/// <summary>The rows of a batch view by event time.</summary>
internal sealed class BatchRows(Table rows)
{
    public Table Rows { get; } = rows;

    /// <summary>Up to which event time these very rows are in the online store; null when none of them is.</summary>
    public long? Materialised { get; set; }
}
