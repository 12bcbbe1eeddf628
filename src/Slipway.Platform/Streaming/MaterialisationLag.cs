using System.Data.Common;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Slipway.Core.Errors;

namespace Slipway.Platform.Streaming;

/// <summary>
/// The metric <c>slipway.features.lag</c>: per view the seconds between its watermark and the present. A view that was never
/// materialised has none.
/// </summary>
internal sealed partial class MaterialisationLag(MaterialisationService materialisation, TimeProvider time, ILogger<MaterialisationLag> log)
    : BackgroundService
{
    /// <summary>How old a watermark may be that the metric goes by; the time since counts as lag.</summary>
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(5);

    private volatile IReadOnlyList<ViewFreshness> views = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var meter = new Meter("Slipway.Features");
        meter.CreateObservableGauge("slipway.features.lag", Measure, "s", "How far the online values of a feature view are behind the present.");
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                views = await materialisation.FreshnessAsync(stoppingToken);
                await Task.Delay(Refresh, time, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception failure) when (failure is SlipwayException or DbException)
            {
                LogStale(failure.Message);
                await Task.Delay(Refresh, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private IEnumerable<Measurement<double>> Measure()
    {
        var now = time.GetUtcNow();
        return views.Where(view => view.Watermark is not null).Select(view => new Measurement<double>(
            (now - view.Watermark!.Value).TotalSeconds, new KeyValuePair<string, object?>("view", view.View)));
    }

    [LoggerMessage(9003, LogLevel.Warning, "The lag of the feature views is not known for the moment: {Reason}")]
    private partial void LogStale(string reason);
}
