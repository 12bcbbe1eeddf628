using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>Sorts in what was logged, every second, run by run: the points of a run and key lie together, and many come at once.</summary>
internal sealed partial class MetricSettler(Db db, TimeProvider time, ILogger<MetricSettler> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                for (var from = ""; from is not null;)
                {
                    from = await MetricLog.SettleSomeAsync(db, from, stoppingToken);
                }
            }
            catch (SlipwayException failure) when (failure.Kind == ErrorKind.Unavailable)
            {
                // The points stay where they are, and the next round is soon.
                LogDelayed(failure.Message);
            }
        }
    }

    [LoggerMessage(2001, LogLevel.Warning, "Logged metrics could not be sorted in yet: {Reason}")]
    private partial void LogDelayed(string reason);
}
