using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Offline;

/// <summary>Brings batch views into the online store.</summary>
public sealed class BatchMaterialisation(
    FeatureRegistryService registry, ViewHistory history, AnalyticsEngine analytics, OnlineStore store, TimeProvider time)
{
    /// <summary>Writes for each entity the newest row that holds at a time. Doing it again changes nothing.</summary>
    /// <param name="sources">Per source of the view its rows.</param>
    /// <param name="asOf">Rows with a later event time are left out.</param>
    /// <returns>How many rows were written. After a first time, with an unchanged file, only those since.</returns>
    /// <exception cref="SlipwayException">NotFound for an unknown view; Invalid when the source or a column is missing.</exception>
    public async Task<int> MaterialiseBatchAsync(
        string view, IReadOnlyDictionary<string, SourceData> sources, DateTimeOffset asOf, CancellationToken cancel)
    {
        var batch = (await registry.CatalogAsync(cancel)).Batch(view);
        var rows = await history.BatchRowsAsync(batch, new SourceTables(sources, analytics), cancel);
        var until = Microseconds.From(asOf);
        var times = rows.Rows[StoredView.EventTimestamp];
        var from = rows.Materialised <= until ? FirstAfter(times, rows.Materialised.Value) : 0;
        var part = rows.Rows.Take([.. Enumerable.Range(from, FirstAfter(times, until) - from)]);
        var newest = batch.Stored.Newest(part, Microseconds.From(time.GetUtcNow()));
        await store.WriteAsync(batch.Stored.Key, newest, cancel);
        rows.Materialised = until;
        return newest.Count;
    }

    /// <summary>Times are sorted, those that are null last.</summary>
    private static int FirstAfter(Column times, long time)
    {
        var (low, high) = (0, times.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = !times.IsNull(middle) && times.Longs[middle] <= time ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
