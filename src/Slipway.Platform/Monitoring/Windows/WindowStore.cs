using System.Data.Common;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Monitoring;

/// <summary>A window whose outcomes are due to be looked at.</summary>
internal sealed record DueJudgement(WindowLength Window, long StartUs, string? Reference, int Judgements, long? Labelled, long LookUs);

/// <summary>Where a page of windows, newest first, goes on.</summary>
internal sealed record WindowPosition(long StartUs, long WindowUs)
{
    public static WindowPosition First { get; } = new(long.MaxValue, long.MaxValue);
}

internal static class WindowStore
{
    private const string Columns =
        """
        endpoint, window_us, start_us, end_us, reference_version, predictions, latency_p50_us, latency_p95_us, latency_p99_us, scores,
          arms, drift, tested, drifted, performance, labelled, judgements, closed_ms, judged_ms
        """;

    public static Task<int> InsertAsync(DbSession session, MonitorWindow window, long nextLookUs, CancellationToken cancel) =>
        session.ExecuteAsync(
            $"""
            insert into monitor_windows ({Columns}, next_look_us)
            values (@endpoint, @window, @start, @end, cast(@reference as text), @predictions, cast(@p50 as bigint), cast(@p95 as bigint),
              cast(@p99 as bigint), cast(@scores as text), @arms, @drift, @tested, @drifted, 'unknown', null, 0, @closed, null, @look)
            """,
            c => c.With("endpoint", window.Endpoint).With("window", window.Window.Microseconds).With("start", window.StartUs)
                .With("end", window.EndUs).With("reference", window.Reference).With("predictions", window.Predictions)
                .With("p50", window.Latency?.P50).With("p95", window.Latency?.P95).With("p99", window.Latency?.P99)
                .With("scores", window.Scores is null ? null : Json.Write(window.Scores)).With("arms", Json.Write(window.Arms))
                .With("drift", EnumName.Of(window.Drift)).With("tested", window.Tested).With("drifted", window.Drifted)
                .With("closed", window.ClosedMs).With("look", nextLookUs),
            cancel);

    /// <summary>The window whose outcomes are due first, by this event time.</summary>
    public static Task<DueJudgement?> DueAsync(DbSession session, string endpoint, long watermarkUs, CancellationToken cancel) =>
        session.FirstAsync<DueJudgement>(
            """
            select window_us, start_us, reference_version, judgements, labelled, next_look_us from monitor_windows
            where endpoint = @endpoint and next_look_us <= @watermark
            order by next_look_us, window_us limit 1
            """,
            c => c.With("endpoint", endpoint).With("watermark", watermarkUs),
            row => new DueJudgement(
                WindowLength.FromMicroseconds(row.GetInt64(0)), row.GetInt64(1), row.Text(2), row.GetInt32(3), row.Long(4), row.GetInt64(5)),
            cancel);

    /// <returns>0 when somebody has judged it meanwhile.</returns>
    public static Task<int> JudgeAsync(
        DbSession session, string endpoint, DueJudgement due, long labelled, Finding performance, long nowMs, long? nextLookUs,
        CancellationToken cancel) => session.ExecuteAsync(
        """
        update monitor_windows set judgements = judgements + 1, labelled = @labelled, performance = @performance, judged_ms = @now,
          next_look_us = cast(@next as bigint)
        where endpoint = @endpoint and window_us = @window and start_us = @start and judgements = @judgements
        """,
        c => c.With("endpoint", endpoint).With("window", due.Window.Microseconds).With("start", due.StartUs)
            .With("judgements", due.Judgements).With("labelled", labelled).With("performance", EnumName.Of(performance))
            .With("now", nowMs).With("next", nextLookUs),
        cancel);

    /// <summary>The start of the newest window that was judged.</summary>
    public static Task<long?> NewestJudgedAsync(DbSession session, string endpoint, WindowLength window, CancellationToken cancel) =>
        session.FirstAsync(
            "select max(start_us) from monitor_windows where endpoint = @endpoint and window_us = @window and judgements > 0",
            c => c.With("endpoint", endpoint).With("window", window.Microseconds),
            row => row.Long(0),
            cancel);

    public static async Task PutVerdictsAsync(
        DbSession session, string endpoint, WindowLength window, long startUs, IReadOnlyList<Verdict> verdicts, CancellationToken cancel)
    {
        foreach (var verdict in verdicts)
        {
            await session.ExecuteAsync(
                """
                insert into monitor_verdicts (endpoint, window_us, start_us, kind, subject, finding, value, reason)
                values (@endpoint, @window, @start, @kind, @subject, @finding, cast(@value as double precision), @reason)
                on conflict (endpoint, window_us, start_us, kind, subject)
                do update set finding = excluded.finding, value = excluded.value, reason = excluded.reason
                """,
                c => c.With("endpoint", endpoint).With("window", window.Microseconds).With("start", startUs)
                    .With("kind", EnumName.Of(verdict.Kind)).With("subject", verdict.Subject)
                    .With("finding", EnumName.Of(verdict.Finding)).With("value", verdict.Value).With("reason", verdict.Reason),
                cancel);
        }
    }

    /// <summary>The verdicts of the windows that start in (after, until].</summary>
    public static Task<List<(long StartUs, Verdict Verdict)>> VerdictsAsync(
        DbSession session, string endpoint, WindowLength window, long afterUs, long untilUs, CancellationToken cancel) => session.QueryAsync(
        """
        select start_us, kind, subject, finding, value, reason from monitor_verdicts
        where endpoint = @endpoint and window_us = @window and start_us > @after and start_us <= @until
        """,
        c => c.With("endpoint", endpoint).With("window", window.Microseconds).With("after", afterUs).With("until", untilUs),
        row => (row.GetInt64(0), new Verdict(
            EnumName.Parse<FindingKind>(row.GetString(1), "finding"), row.GetString(2), EnumName.Parse<Finding>(row.GetString(3), "finding"),
            row.Number(4), row.GetString(5))),
        cancel);

    /// <summary>Newest first.</summary>
    public static Task<List<MonitorWindow>> ListAsync(
        DbSession session, string endpoint, WindowLength? window, WindowPosition before, int limit, CancellationToken cancel) =>
        session.QueryAsync(
            $"""
            select {Columns} from monitor_windows
            where endpoint = @endpoint and (@window = 0 or window_us = @window) and (start_us, window_us) < (@start, @before)
            order by start_us desc, window_us desc limit @limit
            """,
            c => c.With("endpoint", endpoint).With("window", window?.Microseconds ?? 0L).With("start", before.StartUs)
                .With("before", before.WindowUs).With("limit", limit),
            Read,
            cancel);

    private static MonitorWindow Read(DbDataReader row)
    {
        var (predictions, labelled) = (row.GetInt64(5), row.Long(15));
        double? completeness = labelled is { } known && predictions > 0 ? (double)known / predictions : null;
        return new(
            row.GetString(0), WindowLength.FromMicroseconds(row.GetInt64(1)), row.GetInt64(2), row.GetInt64(3), row.Text(4), predictions,
            row.Long(6) is { } p50 ? new LatencySummary(p50, row.GetInt64(7), row.GetInt64(8)) : null,
            row.Text(9) is { } scores ? Json.Read<ScoreSummary>(scores) : null, Json.Read<List<ArmVolume>>(row.GetString(10)),
            EnumName.Parse<Finding>(row.GetString(11), "finding"), row.GetInt32(12), row.GetInt32(13),
            EnumName.Parse<Finding>(row.GetString(14), "finding"), labelled, completeness, row.GetInt32(16), row.GetInt64(17), row.Long(18));
    }
}
