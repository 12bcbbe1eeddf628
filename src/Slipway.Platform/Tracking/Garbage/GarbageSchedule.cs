using Microsoft.Extensions.Hosting;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Jobs;

namespace Slipway.Platform.Tracking.Garbage;

/// <summary>Collects every night, as the options say.</summary>
internal sealed class GarbageSchedule(ScheduleService schedules, GarbageOptions options) : IHostedService
{
    public const string JobKind = "tracking.collect_garbage";

    private const string Schedule = "garbage-collection";
    private static readonly Actor Collector = new("garbage-collection", Role.Admin);

    public static async Task<string?> RunAsync(GarbageService garbage, Job job, CancellationToken cancel)
    {
        var order = Json.Read<Order>(job.Payload);
        var report = await garbage.CollectAsync(Collector, new GarbageRequest(TimeSpan.FromSeconds(order.OlderThanSeconds)), cancel);
        return Json.Write(new { items = report.Items.Sum(item => item.Count), report.Bytes });
    }

    /// <summary>Makes the schedule what the options say, also when they said otherwise before.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Retention is { } retention)
        {
            await schedules.PutAsync(Schedule, options.Cron, "UTC", JobKind, new Order((long)retention.TotalSeconds), cancellationToken);
        }
        else if ((await schedules.ListAsync(cancellationToken)).Exists(schedule => schedule.Name == Schedule))
        {
            await schedules.DeleteAsync(Schedule, cancellationToken);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private sealed record Order(long OlderThanSeconds);
}
