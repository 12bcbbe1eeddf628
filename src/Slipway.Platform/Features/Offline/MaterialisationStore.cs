using System.Data.Common;
using System.Numerics;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Features.Offline;

/// <summary>
/// A view's entities fall into 64 buckets by the hash of their key. A run keeps one bit for each, set in the transaction that
/// writes the bucket's rows, so it goes on where it was cut short.
/// </summary>
/// <param name="FromUs">Exclusive here; null for the beginning.</param>
/// <param name="Violations">JSON; null while they are not known, and where nothing is expected.</param>
internal sealed record RunPosition(
    string Run, string View, long? FromUs, long ToUs, ulong Done, long Rows, bool Finished, string? Violations = null)
{
    public const int Buckets = 64;

    public double Share => Finished ? 1 : BitOperations.PopCount(Done) / (double)Buckets;
}

internal static class MaterialisationStore
{
    private const string Columns = "run, view, from_us, to_us, done_buckets, rows_written, finished";

    /// <summary>Begins a view of a run, or finds how far it had come.</summary>
    public static async Task<RunPosition> BeginAsync(
        DbSession session, string run, string view, MaterialisationRange range, CancellationToken cancel)
    {
        var after = range.Mode switch
        {
            MaterialisationMode.Full => null,
            MaterialisationMode.Range => range.FromUs - 1,
            _ => await WatermarkAsync(session, view, cancel),
        };
        await session.ExecuteAsync(
            $"""
            insert into feature_materialisations ({Columns}) values (@run, @view, cast(@from as bigint), @to, 0, 0, false)
            on conflict (run, view) do nothing
            """,
            c => c.With("run", run).With("view", view).With("from", after).With("to", range.ToUs),
            cancel);
        return (await session.FirstAsync<RunPosition>(
            $"select {Columns}, violations from feature_materialisations where run = @run and view = @view",
            c => c.With("run", run).With("view", view),
            Read,
            cancel))!;
    }

    /// <summary>Counts buckets once, also when two servers have written them.</summary>
    public static Task MarkAsync(DbSession session, RunPosition run, ulong buckets, int rows, CancellationToken cancel) => session.ExecuteAsync(
        """
        update feature_materialisations set done_buckets = done_buckets | @buckets, rows_written = rows_written + @rows
        where run = @run and view = @view and (done_buckets & @buckets) = 0
        """,
        c => c.With("run", run.Run).With("view", run.View).With("buckets", (long)buckets).With("rows", (long)rows),
        cancel);

    /// <summary>Ends a view of a run; the watermark moves up unless there would be a gap below the run's range.</summary>
    public static async Task FinishAsync(
        DbSession session, RunPosition run, long rows, IReadOnlyList<ExpectationViolation> violations, long nowMs, CancellationToken cancel)
    {
        await session.ExecuteAsync(
            """
            update feature_materialisations set finished = true, rows_written = rows_written + @rows, violations = @violations
            where run = @run and view = @view and finished = false
            """,
            c => c.With("run", run.Run).With("view", run.View).With("rows", rows)
                .With("violations", violations.Count == 0 ? null : Json.Write(violations)),
            cancel);
        if (run.FromUs is not { } after || await WatermarkAsync(session, run.View, cancel) >= after)
        {
            await RaiseWatermarkAsync(session, run.View, run.ToUs, nowMs, cancel);
        }
    }

    public static Task RaiseWatermarkAsync(DbSession session, string view, long watermarkUs, long nowMs, CancellationToken cancel) =>
        session.ExecuteAsync(
            """
            insert into feature_watermarks (view, watermark_us, changed_ms) values (@view, @watermark, @now)
            on conflict (view) do update set watermark_us = excluded.watermark_us, changed_ms = excluded.changed_ms
            where feature_watermarks.watermark_us < excluded.watermark_us
            """,
            c => c.With("view", view).With("watermark", watermarkUs).With("now", nowMs),
            cancel);

    public static Task<long?> WatermarkAsync(DbSession session, string view, CancellationToken cancel) => session.FirstAsync(
        "select watermark_us from feature_watermarks where view = @view", c => c.With("view", view), row => row.Long(0), cancel);

    public static Task<List<(string View, long WatermarkUs)>> WatermarksAsync(DbSession session, CancellationToken cancel) =>
        session.QueryAsync("select view, watermark_us from feature_watermarks", null, row => (row.GetString(0), row.GetInt64(1)), cancel);

    public static Task<List<RunPosition>> RunAsync(DbSession session, string run, CancellationToken cancel) => session.QueryAsync(
        $"select {Columns}, violations from feature_materialisations where run = @run order by view", c => c.With("run", run), Read, cancel);

    private static RunPosition Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.Long(2), row.GetInt64(3), (ulong)row.GetInt64(4), row.GetInt64(5), row.GetBoolean(6),
        row.IsDBNull(7) ? null : row.GetString(7));
}
