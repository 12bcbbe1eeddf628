using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Slipway.Configuration;
using Slipway.Hosting;
using Slipway.Platform.Access;
using Slipway.Platform.Tracking;

namespace Slipway.Benchmarks;

/// <summary>
/// Bytes allocated per logged metric by the whole process: the service on SQLite, and the same behind HTTP as an MLflow client sends
/// it. One caller, so each metric bears a whole transaction. Of several rounds the least counts: the others hold what background
/// services allocated meanwhile.
/// </summary>
internal static class TrackingGate
{
    private const int Rounds = 8;
    private const int Calls = 500;

    public static async Task<bool> RunAsync(CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("slipway-gate-");
        try
        {
            await using var host = SlipwayHost.Create(new SlipwayOptions
            {
                DataDirectory = folder.FullName,
                Urls = [new ListenAddress("127.0.0.1", 0)],
                GrpcUrls = [new ListenAddress("127.0.0.1", 0)],
                LogLevel = LogLevel.Error,
            });
            await host.StartAsync(cancel);
            return await RunAsync(host, cancel);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<bool> RunAsync(SlipwayHost host, CancellationToken cancel)
    {
        var tracking = host.Services.GetRequiredService<TrackingService>();
        var me = new Actor("gate", Role.Admin);
        var run = (await tracking.StartRunAsync(me, new RunStart(0), cancel)).Id;
        using var http = await LeanHttp.ConnectAsync(host.Address.Port, cancel);
        var request = SteppedRequest.LogMetric(run);
        long step = 0;
        bool[] held =
        [
            await CheckAsync("log a metric, service on SQLite", 12_288, () => tracking.LogMetricsAsync(
                me, run, [new MetricPoint("loss", 0.4715, 1_700_000_000_000, step++)], cancel)),
            await CheckAsync("log a metric, MLflow over HTTP", 12_288, () => http.SendAsync(request.Next(), cancel)),
        ];
        return held.All(h => h);
    }

    private static async Task<bool> CheckAsync(string what, long budget, Func<Task> call)
    {
        var least = long.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var i = 0; i < Calls; i++)
            {
                await call();
            }

            least = Math.Min(least, (GC.GetTotalAllocatedBytes(precise: true) - before) / Calls);
        }

        return AllocationGate.Report(what, budget, least);
    }
}
