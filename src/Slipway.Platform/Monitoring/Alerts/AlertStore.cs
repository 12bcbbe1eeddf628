using System.Data.Common;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Monitoring;

internal static class AlertStore
{
    private const string Columns =
        """
        id, endpoint, rule, kind, subject, window_us, severity, owner, state, first_window_us, last_window_us, windows, last_value,
          reason, model_version, opened_ms, acknowledged_by, acknowledged_ms, resolved_ms
        """;

    /// <returns>0 when one of this endpoint, rule and subject is open.</returns>
    public static Task<int> OpenAsync(DbSession session, Alert alert, CancellationToken cancel) => session.ExecuteAsync(
        $"""
        insert into alerts ({Columns})
        values (@id, @endpoint, @rule, @kind, @subject, @window, @severity, cast(@owner as text), 'open', @first, @last, 1,
          cast(@value as double precision), @reason, cast(@version as text), @opened, null, null, null)
        on conflict do nothing
        """,
        c => c.With("id", alert.Id).With("endpoint", alert.Endpoint).With("rule", alert.Rule).With("kind", EnumName.Of(alert.Kind))
            .With("subject", alert.Subject).With("window", alert.Window.Microseconds).With("severity", EnumName.Of(alert.Severity))
            .With("owner", alert.Owner).With("first", alert.FirstWindowUs).With("last", alert.LastWindowUs)
            .With("value", alert.LastValue).With("reason", alert.Reason).With("version", alert.ModelVersion)
            .With("opened", alert.OpenedMs),
        cancel);

    /// <summary>Counts one more window; a window that was counted before changes nothing.</summary>
    public static Task<int> TouchAsync(
        DbSession session, string id, long windowUs, double? value, string reason, CancellationToken cancel) => session.ExecuteAsync(
        """
        update alerts set windows = windows + 1, last_window_us = @last, last_value = cast(@value as double precision), reason = @reason
        where id = @id and resolved_ms is null and last_window_us < @last
        """,
        c => c.With("id", id).With("last", windowUs).With("value", value).With("reason", reason),
        cancel);

    public static Task<int> ResolveAsync(DbSession session, string id, long nowMs, CancellationToken cancel) => session.ExecuteAsync(
        "update alerts set state = 'resolved', resolved_ms = @now where id = @id and resolved_ms is null",
        c => c.With("id", id).With("now", nowMs),
        cancel);

    /// <returns>0 when it is not open.</returns>
    public static Task<int> AcknowledgeAsync(DbSession session, string id, string by, long nowMs, CancellationToken cancel) =>
        session.ExecuteAsync(
            "update alerts set state = 'acknowledged', acknowledged_by = @by, acknowledged_ms = @now where id = @id and state = 'open'",
            c => c.With("id", id).With("by", by).With("now", nowMs),
            cancel);

    public static Task<Alert?> FindAsync(DbSession session, string id, CancellationToken cancel) => session.FirstAsync<Alert>(
        $"select {Columns} from alerts where id = @id", c => c.With("id", id), Read, cancel);

    public static Task<List<Alert>> UnresolvedAsync(DbSession session, string endpoint, CancellationToken cancel) => session.QueryAsync(
        $"select {Columns} from alerts where endpoint = @endpoint and resolved_ms is null order by id",
        c => c.With("endpoint", endpoint),
        Read,
        cancel);

    /// <summary>Newest first.</summary>
    public static Task<List<Alert>> ListAsync(
        DbSession session, string? endpoint, AlertState? state, string before, int limit, CancellationToken cancel) => session.QueryAsync(
        $"""
        select {Columns} from alerts
        where (cast(@endpoint as text) is null or endpoint = @endpoint) and (cast(@state as text) is null or state = @state)
          and id < @before
        order by id desc limit @limit
        """,
        c => c.With("endpoint", endpoint).With("state", state is { } s ? EnumName.Of(s) : null).With("before", before)
            .With("limit", limit),
        Read,
        cancel);

    private static Alert Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), EnumName.Parse<FindingKind>(row.GetString(3), "finding"), row.GetString(4),
        WindowLength.FromMicroseconds(row.GetInt64(5)), EnumName.Parse<Severity>(row.GetString(6), "severity"), row.Text(7),
        EnumName.Parse<AlertState>(row.GetString(8), "state"), row.GetInt64(9), row.GetInt64(10), row.GetInt32(11), row.Number(12),
        row.GetString(13), row.Text(14), row.GetInt64(15), row.Text(16), row.Long(17), row.Long(18));
}
