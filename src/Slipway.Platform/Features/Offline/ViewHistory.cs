using Slipway.Core.Data;
using Slipway.Platform.Features.Erasure;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Windowed;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Offline;

/// <summary>Computes all rows that a stored view ever had, from the rows of its source.</summary>
public sealed class ViewHistory(FeatureRegistryService registry, AnalyticsEngine analytics, ErasureList? erasures = null)
{
    private readonly Lock gate = new();
    private Remembered? last;

    /// <param name="upTo">A streaming view's boundaries end here, microseconds since the epoch.</param>
    /// <returns>
    /// Join keys, <c>event_timestamp</c>, <c>created_timestamp</c> where the view has one, features; without erased entities.
    /// </returns>
    internal async Task<Table> RowsAsync(string view, SourceTables sources, long upTo, CancellationToken cancel)
    {
        var catalog = await registry.CatalogAsync(cancel);
        if (!catalog.IsStreaming(view))
        {
            var batch = catalog.Batch(view);
            return await WithoutErasedAsync(batch.Stored, (await BatchRowsAsync(batch, sources, cancel)).Rows, cancel);
        }

        var windowed = catalog.Streaming(view);
        var history = await sources.ReadAsync(windowed.Topic, view, windowed.Fields, cancel);
        return await WithoutErasedAsync(windowed.Stored, await Task.Run(() => Run(windowed, history, upTo), cancel), cancel);
    }

    private async Task<Table> WithoutErasedAsync(StoredView view, Table rows, CancellationToken cancel) =>
        erasures is null ? rows : (await erasures.CurrentAsync(cancel)).Without(view, rows);

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

    private static Table Run(WindowedView view, Table history, long upTo)
    {
        var parts = new List<Table>();
        view.Run(history, upTo, parts.Add);
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
