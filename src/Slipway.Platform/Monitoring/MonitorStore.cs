using System.Data.Common;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Monitoring;

internal sealed record MonitorRow(MonitorDefinition Definition, string? ReferenceVersion, long UpdatedMs);

internal sealed record ReferenceRow(ReferenceSource Source, string ProfileBlob, ReferenceSummary Summary);

internal static class MonitorStore
{
    private const string TriggerColumns = "id, endpoint, pipeline, cause, window_us, start_us, end_us, reason, created_ms";

    public static Task<int> PutAsync(DbSession session, MonitorDefinition monitor, long nowMs, CancellationToken cancel) =>
        session.ExecuteAsync(
            """
            insert into monitors (endpoint, definition, updated_ms) values (@endpoint, @definition, @now)
            on conflict (endpoint) do update set definition = excluded.definition, updated_ms = excluded.updated_ms
            """,
            c => c.With("endpoint", monitor.Endpoint).With("definition", Json.Write(monitor)).With("now", nowMs),
            cancel);

    public static Task<MonitorRow?> FindAsync(DbSession session, string endpoint, CancellationToken cancel) =>
        session.FirstAsync<MonitorRow>(
            "select definition, reference_version, updated_ms from monitors where endpoint = @endpoint",
            c => c.With("endpoint", endpoint),
            row => new MonitorRow(Json.Read<MonitorDefinition>(row.GetString(0)), row.Text(1), row.GetInt64(2)),
            cancel);

    /// <summary>Holds the monitor until the transaction ends: its windows are closed one at a time, by whichever server.</summary>
    public static Task<int> LockAsync(DbSession session, string endpoint, CancellationToken cancel) => session.ExecuteAsync(
        "update monitors set updated_ms = updated_ms where endpoint = @endpoint", c => c.With("endpoint", endpoint), cancel);

    public static Task<int> PutReferenceAsync(DbSession session, string endpoint, ReferenceRow reference, CancellationToken cancel) =>
        session.ExecuteAsync(
            """
            insert into monitor_references (endpoint, model_version, source, profile_blob, summary, created_ms)
            values (@endpoint, @version, @source, @profile, @summary, @created)
            on conflict (endpoint, model_version) do update set profile_blob = excluded.profile_blob, summary = excluded.summary
            """,
            c => c.With("endpoint", endpoint).With("version", reference.Source.ModelVersion).With("source", Json.Write(reference.Source))
                .With("profile", reference.ProfileBlob).With("summary", Json.Write(reference.Summary))
                .With("created", reference.Summary.CreatedMs),
            cancel);

    public static Task<int> UseReferenceAsync(DbSession session, string endpoint, string version, long nowMs, CancellationToken cancel) =>
        session.ExecuteAsync(
            "update monitors set reference_version = @version, updated_ms = @now where endpoint = @endpoint",
            c => c.With("endpoint", endpoint).With("version", version).With("now", nowMs),
            cancel);

    public static Task<ReferenceRow?> FindReferenceAsync(DbSession session, string endpoint, string version, CancellationToken cancel) =>
        session.FirstAsync<ReferenceRow>(
            """
            select source, profile_blob, summary from monitor_references where endpoint = @endpoint and model_version = @version
            """,
            c => c.With("endpoint", endpoint).With("version", version),
            row => new ReferenceRow(
                Json.Read<ReferenceSource>(row.GetString(0)), row.GetString(1), Json.Read<ReferenceSummary>(row.GetString(2))),
            cancel);

    /// <summary>By window length: the start of the next window to close.</summary>
    public static async Task<Dictionary<WindowLength, long>> CursorsAsync(DbSession session, string endpoint, CancellationToken cancel)
    {
        var rows = await session.QueryAsync(
            "select window_us, next_start_us from monitor_cursors where endpoint = @endpoint",
            c => c.With("endpoint", endpoint),
            row => (Window: WindowLength.FromMicroseconds(row.GetInt64(0)), Next: row.GetInt64(1)),
            cancel);
        return rows.ToDictionary(r => r.Window, r => r.Next);
    }

    public static Task<int> StartCursorAsync(
        DbSession session, string endpoint, WindowLength window, long startUs, CancellationToken cancel) => session.ExecuteAsync(
            """
            insert into monitor_cursors (endpoint, window_us, next_start_us) values (@endpoint, @window, @start) on conflict do nothing
            """,
            c => c.With("endpoint", endpoint).With("window", window.Microseconds).With("start", startUs),
            cancel);

    /// <returns>0 when somebody has closed this window already.</returns>
    public static Task<int> MoveCursorAsync(
        DbSession session, string endpoint, WindowLength window, long startUs, CancellationToken cancel) => session.ExecuteAsync(
            """
            update monitor_cursors set next_start_us = @next
            where endpoint = @endpoint and window_us = @window and next_start_us = @start
            """,
            c => c.With("endpoint", endpoint).With("window", window.Microseconds).With("start", startUs)
                .With("next", startUs + window.Microseconds),
            cancel);

    /// <returns>0 when this cause has triggered already.</returns>
    public static Task<int> AddTriggerAsync(DbSession session, TriggerRecord trigger, CancellationToken cancel) => session.ExecuteAsync(
        $"""
        insert into monitor_triggers ({TriggerColumns})
        values (@id, @endpoint, @pipeline, @cause, @window, @start, @end, @reason, @created) on conflict do nothing
        """,
        c => c.With("id", trigger.Id).With("endpoint", trigger.Endpoint).With("pipeline", trigger.Pipeline).With("cause", trigger.Cause)
            .With("window", trigger.Window.Microseconds).With("start", trigger.StartUs).With("end", trigger.EndUs)
            .With("reason", trigger.Reason).With("created", trigger.CreatedMs),
        cancel);

    /// <summary>The end of the latest window that triggered, in µs.</summary>
    public static Task<long?> LastTriggerAsync(DbSession session, string endpoint, CancellationToken cancel) => session.FirstAsync(
        "select max(end_us) from monitor_triggers where endpoint = @endpoint", c => c.With("endpoint", endpoint), row => row.Long(0), cancel);

    /// <summary>Newest first.</summary>
    public static Task<List<TriggerRecord>> TriggersAsync(
        DbSession session, string endpoint, string before, int limit, CancellationToken cancel) => session.QueryAsync(
        $"select {TriggerColumns} from monitor_triggers where endpoint = @endpoint and id < @before order by id desc limit @limit",
        c => c.With("endpoint", endpoint).With("before", before).With("limit", limit),
        ReadTrigger,
        cancel);

    private static TriggerRecord ReadTrigger(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), WindowLength.FromMicroseconds(row.GetInt64(4)),
        row.GetInt64(5), row.GetInt64(6), row.GetString(7), row.GetInt64(8));
}
