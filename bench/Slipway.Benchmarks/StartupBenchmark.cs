using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Slipway.Benchmarks;

/// <summary>
/// Process start → first 200 of <c>/readyz</c>, on a fresh data folder, beside the least server ASP.NET Core can be.
/// Limit: 1.5 s at the median on 2 cores.
/// </summary>
internal static class StartupBenchmark
{
    private const int Rounds = 15;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task<bool> RunAsync(CancellationToken cancel)
    {
        var (slipway, hello) = (new List<TimeSpan>(), new List<TimeSpan>());

        // In turns, so that a busy moment of the machine hits both; the first round warms the file cache.
        for (var round = 0; round <= Rounds; round++)
        {
            var (own, peer) = (await MeasureSlipwayAsync(cancel), await MeasureHelloAsync(cancel));
            if (round > 0)
            {
                slipway.Add(own);
                hello.Add(peer);
            }
        }

        slipway.Sort();
        hello.Sort();
        var ratio = Median(slipway) / Median(hello);
        Print("slipway serve", slipway);
        Print("hello world", hello);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"startup  ratio {ratio:0.00}; limit {Limit.TotalMilliseconds:0} ms: {(Median(slipway) <= Limit ? "holds" : "MISSED")}"));
        return Median(slipway) <= Limit;
    }

    private static async Task<TimeSpan> MeasureSlipwayAsync(CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("slipway-bench-");
        try
        {
            var (port, grpcPort) = (FreePort(), FreePort());
            return await MeasureAsync(
                port,
                ["slipway.dll", "serve", "--data", folder.FullName, "--urls", Url(port), "--grpc-urls", Url(grpcPort)],
                cancel);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Task<TimeSpan> MeasureHelloAsync(CancellationToken cancel)
    {
        var port = FreePort();
        return MeasureAsync(port, ["HelloWorld.dll", "--urls", Url(port)], cancel);
    }

    private static async Task<TimeSpan> MeasureAsync(int port, string[] command, CancellationToken cancel)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, command[0]), .. command[1..]])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        try
        {
            await UntilReadyAsync(port, process, patience.Token);
            return watch.Elapsed;
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static async Task UntilReadyAsync(int port, Process process, CancellationToken cancel)
    {
        using var http = new HttpClient { BaseAddress = new Uri(Url(port)) };
        while (true)
        {
            try
            {
                using var answer = await http.GetAsync("/readyz", cancel);
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (HttpRequestException) when (!process.HasExited)
            {
                // Nobody listens yet.
            }

            await Task.Delay(2, cancel);
        }
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private static string Url(int port) => $"http://127.0.0.1:{port}";

    private static TimeSpan Median(List<TimeSpan> sorted) => sorted[sorted.Count / 2];

    private static void Print(string name, List<TimeSpan> sorted) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"startup  {name,-13}  median {Median(sorted).TotalMilliseconds,5:0} ms   min {sorted[0].TotalMilliseconds,5:0}   max {sorted[^1].TotalMilliseconds,5:0}   ({sorted.Count} starts)"));
}
