using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Sources;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Features.Offline;

/// <summary>Brings batch views into the online store.</summary>
public sealed class BatchMaterialisation(
    Db db, FeatureRegistryService registry, ViewHistory history, AnalyticsEngine analytics, OnlineStore store, TimeProvider time)
{
    /// <summary>Portions that are packed and written at once.</summary>
    private const int Writers = 2;

    /// <summary>Writes for each entity the newest row that holds at a time. Doing it again changes nothing.</summary>
    /// <param name="sources">Per source of the view its rows.</param>
    /// <param name="asOf">Rows with a later event time are left out.</param>
    /// <returns>
    /// How many rows were written (after a first time, with an unchanged file, only those since), and what the view expects otherwise of
    /// its source.
    /// </returns>
    /// <exception cref="SlipwayException">NotFound for an unknown view; Invalid when the source or a column is missing.</exception>
    public async Task<(int Rows, IReadOnlyList<ExpectationViolation> Violations)> MaterialiseBatchAsync(
        string view, IReadOnlyDictionary<string, SourceData> sources, DateTimeOffset asOf, CancellationToken cancel)
    {
        var batch = (await registry.CatalogAsync(cancel)).Batch(view);
        var rows = await history.BatchRowsAsync(batch, new SourceTables(sources, analytics), cancel);
        var until = Microseconds.From(asOf);
        var times = rows.Rows[StoredView.EventTimestamp];
        var from = rows.Materialised <= until ? FirstAfter(times, rows.Materialised.Value) : 0;
        var part = rows.Rows.Take([.. Enumerable.Range(from, FirstAfter(times, until) - from)]);
        var newest = batch.Stored.Newest(part, Microseconds.From(time.GetUtcNow()));
        await store.WriteAsync(
            [new OnlineWrite(batch.Stored.Key, newest)],
            session => MaterialisationStore.RaiseWatermarkAsync(session, batch.Stored.Key, until, NowMs, cancel),
            cancel);
        rows.Materialised = until;
        return (newest.Count, rows.Violations);
    }

    /// <summary>
    /// The same by portions, for views of any size: each portion is written with the mark that it is done, so that a run that was
    /// cut short goes on with what is left, and the view's watermark moves up at the end.
    /// </summary>
    /// <param name="run">Names the run: one of the same name goes on.</param>
    /// <param name="created">When the rows count as computed where they do not say it themselves; the same each time the run goes on.</param>
    /// <returns>How many entities the whole run has written.</returns>
    /// <exception cref="SlipwayException">NotFound for an unknown view; Invalid when the source or a column is missing.</exception>
    public Task<ViewMaterialisation> RunAsync(
        string run, string view, SourceData data, MaterialisationRange range, DateTimeOffset created, CancellationToken cancel) =>
        RunAsync(run, view, _ => Task.FromResult(data), range, created, cancel);

    /// <summary>The same from a source that need not give all of its rows.</summary>
    /// <param name="open">Given which rows are needed, null for all; not called for a run that is finished.</param>
    /// <inheritdoc cref="RunAsync(string, string, SourceData, MaterialisationRange, DateTimeOffset, CancellationToken)"/>
    public async Task<ViewMaterialisation> RunAsync(
        string run, string view, Func<SourceWindow?, Task<SourceData>> open, MaterialisationRange range, DateTimeOffset created, CancellationToken cancel)
    {
        var batch = (await registry.CatalogAsync(cancel)).Batch(view);
        var position = await db.WriteAsync(session => MaterialisationStore.BeginAsync(session, run, batch.Stored.Key, range, cancel), cancel);
        if (!position.Finished)
        {
            var withLate = range.Mode == MaterialisationMode.Incremental;
            var portions = new BatchPortions(analytics, batch, await open(batch.Window(position, withLate)), position, withLate);
            await Parallel.ForEachAsync(
                portions.ReadAsync(cancel),
                new ParallelOptions { MaxDegreeOfParallelism = Writers, CancellationToken = cancel },
                async (portion, stop) => await WriteAsync(batch.Stored, position, portion, Microseconds.From(created), stop));
            await db.WriteAsync(session => MaterialisationStore.FinishAsync(session, position, 0, portions.Violations, NowMs, cancel), cancel);
        }

        return (await RunAsync(run, cancel)).First(v => v.View == batch.Stored.Key);
    }

    /// <summary>Notes a view that was written by other means, such as windows that ran over history.</summary>
    public Task NoteAsync(string run, StoredView view, MaterialisationRange range, long rows, CancellationToken cancel) => db.WriteAsync(
        async session => await MaterialisationStore.FinishAsync(
            session, await MaterialisationStore.BeginAsync(session, run, view.Key, range, cancel), rows, [], NowMs, cancel),
        cancel);

    /// <summary>The views of a run that have begun.</summary>
    public async Task<IReadOnlyList<ViewMaterialisation>> RunAsync(string run, CancellationToken cancel) =>
    [
        .. (await db.ReadAsync(session => MaterialisationStore.RunAsync(session, run, cancel), cancel)).Select(position =>
            new ViewMaterialisation(position.Run, position.View, position.FromUs + 1, position.ToUs, position.Share, position.Rows, position.Finished,
                position.Violations is { } json ? Json.Read<ExpectationViolation[]>(json) : [])),
    ];

    /// <summary>Per view, named with its version, up to which event time all that its source held is online.</summary>
    public async Task<IReadOnlyDictionary<string, DateTimeOffset>> WatermarksAsync(CancellationToken cancel) =>
        (await db.ReadAsync(session => MaterialisationStore.WatermarksAsync(session, cancel), cancel))
        .ToDictionary(w => w.View, w => Microseconds.ToDateTimeOffset(w.WatermarkUs), StringComparer.Ordinal);

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    private async Task WriteAsync(StoredView view, RunPosition run, Portion portion, long createdUs, CancellationToken cancel)
    {
        var rows = view.Newest(portion.Rows, createdUs);
        await store.WriteAsync(
            [new OnlineWrite(view.Key, rows)],
            session => MaterialisationStore.MarkAsync(session, run, portion.Buckets, rows.Count, cancel),
            cancel);
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
