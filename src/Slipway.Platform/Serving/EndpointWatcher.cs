using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Slipway.Core.Errors;
using Slipway.Platform.Serving.Predictions;

namespace Slipway.Platform.Serving;

/// <summary>Has every endpoint loaded before the server listens, and follows the changes of other servers within a second.</summary>
internal sealed partial class EndpointWatcher(
    EndpointHost host, FeatureHolds holds, LocalModels local, Retention retention, ServingMetrics metrics, TimeProvider time,
    ILogger<EndpointWatcher> log) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await local.LoadAsync(cancellationToken);
        await host.SyncAsync(cancellationToken);
        await holds.RenewAsync(cancellationToken);
        await retention.ScheduleAsync(cancellationToken);
        metrics.Observe(() => host.Statistics(time));
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await SyncAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // Shutting down.
        }
    }

    private async Task SyncAsync(CancellationToken cancel)
    {
        try
        {
            await host.SyncAsync(cancel);
        }
        catch (SlipwayException failure)
        {
            LogNotSynced(failure.Message);
        }
    }

    [LoggerMessage(4030, LogLevel.Warning, "Endpoints stay as they are for now: {Reason}")]
    private partial void LogNotSynced(string reason);
}
