using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Jobs;
using Slipway.TestKit;

namespace Slipway.Tests.Foundation;

public abstract class ScheduleContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private ScheduleService schedules = null!;
    private JobService jobs = null!;

    protected override Task PrepareAsync()
    {
        jobs = new JobService(Db, Time, new JobOptions());
        schedules = new ScheduleService(Db, jobs, Time);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_due_schedule_enqueues_one_job_however_many_servers_look()
    {
        await schedules.PutAsync("nightly", "0 2 * * *", "UTC", "test", new { day = 1 }, Cancel);
        Assert.Equal(0, await schedules.RunDueAsync(Cancel));
        Time.Advance(TimeSpan.FromHours(2));
        await using var otherDb = OpenAgain();
        var other = new ScheduleService(otherDb, new JobService(otherDb, Time, new JobOptions()), Time);
        var counts = await Task.WhenAll(Task.Run(() => schedules.RunDueAsync(Cancel)), Task.Run(() => other.RunDueAsync(Cancel)));
        Assert.Equal(1, counts.Sum());
        Assert.Equal("{\"day\":1}", Assert.Single(await jobs.ListAsync(null, null, 10, Cancel)).Payload);
    }

    [Fact]
    public async Task After_a_long_sleep_a_schedule_runs_once()
    {
        await schedules.PutAsync("hourly", "0 * * * *", "UTC", "test", 0, Cancel);
        Time.Advance(TimeSpan.FromDays(3));
        Assert.Equal(1, await schedules.RunDueAsync(Cancel));
        Assert.Equal(0, await schedules.RunDueAsync(Cancel));
    }

    [Fact]
    public async Task A_local_time_that_summer_time_skips_runs_at_the_next_valid_one()
    {
        // Berlin, 29 March 2026: 02:00 becomes 03:00, so 02:30 does not exist; 03:00 CEST is 01:00 UTC.
        Time.SetUtcNow(new DateTimeOffset(2026, 3, 28, 12, 0, 0, TimeSpan.Zero));
        var schedule = await schedules.PutAsync("berlin", "30 2 * * *", "Europe/Berlin", "test", 0, Cancel);
        Assert.Equal(new DateTimeOffset(2026, 3, 29, 1, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds(), schedule.NextRunMs);
    }

    [Theory]
    [InlineData("61 * * * *", "UTC", "is not a cron expression")]
    [InlineData("0 0 30 2 *", "UTC", "never happens")]
    [InlineData("0 0 * * *", "Mars/Olympus", "no time zone 'Mars/Olympus'")]
    public async Task A_wrong_schedule_is_refused_with_the_reason(string cron, string zone, string reason)
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(() => schedules.PutAsync("wrong", cron, zone, "test", 0, Cancel));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Empty(await schedules.ListAsync(Cancel));
    }
}

public sealed class SchedulesOnSqlite() : ScheduleContract(null);

public sealed class SchedulesOnPostgres(PostgresServer postgres) : ScheduleContract(postgres);
