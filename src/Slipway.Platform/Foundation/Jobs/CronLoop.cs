using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Slipway.Core.Errors;

namespace Slipway.Platform.Foundation.Jobs;

/// <summary>Looks once a second for schedules that are due.</summary>
public sealed partial class CronLoop(ScheduleService schedules, TimeProvider time, ILogger<CronLoop> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await schedules.RunDueAsync(stoppingToken);
                }
                catch (SlipwayException failure)
                {
                    LogFailed(failure.Message);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Shutting down.
        }
    }

    [LoggerMessage(1010, LogLevel.Warning, "Schedules could not be run: {Reason}")]
    private partial void LogFailed(string reason);
}
