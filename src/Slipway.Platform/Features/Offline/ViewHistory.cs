using Slipway.Core.Data;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Offline;

/// <summary>Computes all rows that a batch view ever had, from the rows of its source.</summary>
public sealed class ViewHistory(AnalyticsEngine analytics)
{
    private readonly Lock gate = new();
    private Remembered? last;

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
            return await ReadAsync(view, data, cancel);
        }

        ParquetFile.Check(data.Path);
        var file = new FileInfo(data.Path);
        var identity = (view.Stored.Key, file.FullName, file.Length, file.LastWriteTimeUtc);
        if (Find(identity) is { } known)
        {
            return known;
        }

        var rows = await ReadAsync(view, data, cancel);
        lock (gate)
        {
            last = new Remembered(identity, rows);
        }

        return rows;
    }

    private Task<BatchRows> ReadAsync(BatchView view, SourceData data, CancellationToken cancel) => analytics.RunAsync(
        session => new BatchRows(view.Run(session, data), view.Check(session, data)), cancel);

    private BatchRows? Find((string, string, long, DateTime) identity)
    {
        lock (gate)
        {
            return last is { } held && held.Identity == identity ? held.Rows : null;
        }
    }

    private sealed record Remembered((string View, string Path, long Length, DateTime Written) Identity, BatchRows Rows);
}

/// <summary>The rows of a batch view by event time.</summary>
/// <param name="violations">What the view expects otherwise of its rows; those that are left out are not among <paramref name="rows"/>.</param>
internal sealed class BatchRows(Table rows, IReadOnlyList<ExpectationViolation> violations)
{
    public Table Rows { get; } = rows;

    public IReadOnlyList<ExpectationViolation> Violations { get; } = violations;

    /// <summary>Up to which event time these very rows are in the online store; null when none of them is.</summary>
    public long? Materialised { get; set; }
}
