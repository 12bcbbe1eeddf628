using System.Data.Common;
using Cronos;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Foundation.Jobs;

/// <summary>Cron with time zones. Each due time enqueues one job, however many servers share the database.</summary>
public sealed class ScheduleService(Db db, JobService jobs, TimeProvider time)
{
    private const string Columns = "name, cron, time_zone, kind, payload, next_run_ms, last_run_ms, enabled";

    /// <summary>Adds the schedule, or replaces the one of this name.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for a cron expression or zone that is not one.</exception>
    public async Task<Schedule> PutAsync<T>(
        string name, string cron, string timeZone, string kind, T payload, CancellationToken cancel, bool enabled = true)
    {
        var next = Next(name, cron, timeZone, time.GetUtcNow());
        var schedule = new Schedule(name, cron, timeZone, kind, Json.Write(payload), next.ToUnixTimeMilliseconds(), null, enabled);
        await db.ExecuteAsync(
            $"""
            insert into schedules ({Columns}) values (@name, @cron, @zone, @kind, @payload, @next, null, @enabled)
            on conflict (name) do update set cron = excluded.cron, time_zone = excluded.time_zone, kind = excluded.kind,
              payload = excluded.payload, next_run_ms = excluded.next_run_ms, enabled = excluded.enabled
            """,
            c => c.With("name", name).With("cron", cron).With("zone", timeZone).With("kind", kind).With("payload", schedule.Payload)
                .With("next", schedule.NextRunMs).With("enabled", enabled),
            cancel);
        return schedule;
    }

    public Task<List<Schedule>> ListAsync(CancellationToken cancel) =>
        db.QueryAsync($"select {Columns} from schedules order by name", null, Read, cancel);

    public async Task DeleteAsync(string name, CancellationToken cancel)
    {
        if (await db.ExecuteAsync("delete from schedules where name = @name", c => c.With("name", name), cancel) == 0)
        {
            throw SlipwayException.NotFound($"There is no schedule '{name}'.");
        }
    }

    /// <summary>Enqueues what is due. After a long sleep a schedule runs once, not once for each time it missed.</summary>
    /// <returns>How many jobs were enqueued.</returns>
    internal async Task<int> RunDueAsync(CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var due = await db.QueryAsync(
            $"select {Columns} from schedules where enabled = true and next_run_ms <= @now order by next_run_ms",
            c => c.With("now", now.ToUnixTimeMilliseconds()),
            Read,
            cancel);
        var count = 0;
        foreach (var schedule in due)
        {
            count += await db.WriteAsync(session => RunAsync(session, schedule, now, cancel), cancel);
        }

        return count;
    }

    private async Task<int> RunAsync(DbSession session, Schedule schedule, DateTimeOffset now, CancellationToken cancel)
    {
        var next = Next(schedule.Name, schedule.Cron, schedule.TimeZone, now).ToUnixTimeMilliseconds();
        var moved = await session.ExecuteAsync(
            "update schedules set next_run_ms = @next, last_run_ms = @due where name = @name and next_run_ms = @due",
            c => c.With("next", next).With("due", schedule.NextRunMs).With("name", schedule.Name),
            cancel);
        if (moved == 0)
        {
            return 0; // another server was first
        }

        using var payload = System.Text.Json.JsonDocument.Parse(schedule.Payload);
        var id = await jobs.EnqueueAsync(
            session, schedule.Kind, payload.RootElement, cancel, $"schedule:{schedule.Name}@{schedule.NextRunMs}");
        return id is null ? 0 : 1;
    }

    private static DateTimeOffset Next(string name, string cron, string timeZone, DateTimeOffset after)
    {
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(timeZone, out var zone))
        {
            throw SlipwayException.Invalid($"Schedule '{name}': there is no time zone '{timeZone}'; use an IANA name such as Europe/Berlin or UTC.");
        }

        try
        {
            var fields = cron.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
            var expression = CronExpression.Parse(cron, fields == 6 ? CronFormat.IncludeSeconds : CronFormat.Standard);
            return expression.GetNextOccurrence(after, zone)
                ?? throw SlipwayException.Invalid($"Schedule '{name}': '{cron}' never happens.");
        }
        catch (CronFormatException wrong)
        {
            throw SlipwayException.Invalid($"Schedule '{name}': '{cron}' is not a cron expression: {wrong.Message}");
        }
    }

    private static Schedule Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetInt64(5), row.Long(6),
        row.GetBoolean(7));
}
