using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Slipway.Core.Data;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Offline;

/// <param name="Buckets">One bit for each that it holds in full.</param>
internal sealed record Portion(ulong Buckets, Table Rows);

/// <summary>
/// Reads the rows of a batch view in portions that hold all rows of their entities, so that each can be written by itself. The
/// view is computed once, into a table that DuckDB sorts by bucket and spills to disk where memory ends.
/// </summary>
internal sealed class BatchPortions(AnalyticsEngine analytics, BatchView view, SourceData data, RunPosition run, bool withLate)
{
    /// <summary>What a portion holds at least, where there are so many: a transaction of a few tenths of a second.</summary>
    private const int PortionRows = 20_000;

    private const string Sorted = "slipway_portions";

    /// <summary>Known once the first portion is there.</summary>
    public IReadOnlyList<ExpectationViolation> Violations { get; private set; } = [];

    public async IAsyncEnumerable<Portion> ReadAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var portions = Channel.CreateBounded<Portion>(new BoundedChannelOptions(2) { SingleWriter = true });
        var reading = ReadIntoAsync(portions.Writer, ending.Token);
        try
        {
            await foreach (var portion in portions.Reader.ReadAllAsync(ending.Token))
            {
                yield return portion;
            }
        }
        finally
        {
            await ending.CancelAsync();
            await reading;
        }
    }

    private async Task ReadIntoAsync(ChannelWriter<Portion> portions, CancellationToken cancel)
    {
        try
        {
            await analytics.RunAsync(session => Read(session, portions, cancel), cancel);
            portions.Complete();
        }
        catch (Exception failure)
        {
            portions.Complete(failure);
        }
    }

    private int Read(AnalyticsSession session, ChannelWriter<Portion> portions, CancellationToken cancel)
    {
        session.Execute($"create temp table {Sorted} as {Query(view.Prepare(session, data))}");
        if (view.Expectations is { } expected)
        {
            Violations = expected.Count(session, $"from {Sorted}");
            session.Execute($"delete from {Sorted} where {expected.IsDropped} or not ({Complete})");
            session.Execute($"alter table {Sorted} drop column slipway_broken");
        }

        var counts = Counts(session);
        for (var first = 0; first < RunPosition.Buckets;)
        {
            var (last, rows, buckets) = (first, 0L, 0UL);
            for (; last < RunPosition.Buckets && rows < PortionRows; last++)
            {
                if ((run.Done >> last & 1) == 0)
                {
                    rows += counts[last];
                    buckets |= 1UL << last;
                }
            }

            if (buckets != 0)
            {
                Send(portions, new Portion(buckets, Rows(session, buckets)), cancel);
            }

            first = last;
        }

        return 0;
    }

    private string Query(string rows)
    {
        var within = string.Join(" and ", new[] { $"{BatchQuery.EventTimestamp} <= make_timestamp({run.ToUs})", run.FromUs is { } after ? After(after) : "true" });
        string[] keys = [.. view.Stored.JoinKeys.Select(key => Sql.Name(key.Name))];
        var bucket = keys.Length == 0 ? "0" : $"hash({string.Join(", ", keys)}) % {RunPosition.Buckets}";

        // A row without a key or time cannot come online, but may be what an expectation looks for.
        var marked = view.Expectations?.Marked($"from ({rows}) where {BatchQuery.EventTimestamp} is null or ({within})")
            ?? $"select *, row_number() over () as slipway_arrival from ({rows}) where {Complete} and {within}";
        return $"select *, ({bucket})::utinyint as slipway_bucket from ({marked}) order by slipway_bucket, slipway_arrival";
    }

    private string Complete => string.Join(
        " and ", view.Stored.JoinKeys.Select(key => Sql.Name(key.Name)).Append(BatchQuery.EventTimestamp).Select(column => $"{column} is not null"));

    private string After(long after)
    {
        var later = $"{BatchQuery.EventTimestamp} > make_timestamp({after})";
        return withLate && view.Stored.CreatedTimestamp is { } created ? $"({later} or {created} > make_timestamp({after}))" : later;
    }

    private static long[] Counts(AnalyticsSession session)
    {
        var table = session.Query($"select slipway_bucket::bigint as bucket, count(*) as rows from {Sorted} group by 1");
        var counts = new long[RunPosition.Buckets];
        for (var row = 0; row < table.Rows; row++)
        {
            counts[table["bucket"].Longs[row]] = table["rows"].Longs[row];
        }

        return counts;
    }

    private Table Rows(AnalyticsSession session, ulong buckets)
    {
        var wanted = Enumerable.Range(0, RunPosition.Buckets).Where(bucket => (buckets >> bucket & 1) != 0);
        var columns = view.Repository.RowColumns(view.Definition);
        return session.Read(
            $"select {string.Join(", ", columns.Select(c => Sql.Name(c.Name)))} from {Sorted} where slipway_bucket in ({string.Join(", ", wanted)})", columns);
    }

    /// <summary>The thread is the analytics engine's own, made to be blocked.</summary>
    private static void Send(ChannelWriter<Portion> portions, Portion portion, CancellationToken cancel) =>
        portions.WriteAsync(portion, cancel).AsTask().GetAwaiter().GetResult();
}
