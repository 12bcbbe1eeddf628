using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Slipway.Benchmarks;

/// <summary>
/// Searches over 10,000 and 100,000 runs of 20 metrics and 10 params, each with a metric filter and an order; the median of 30,
/// and of 30 pages that follow each other. The server is warm; PostgreSQL is at rest:
/// vacuumed, with a checkpoint behind it.
/// </summary>
internal static class TrackingSearch
{
    private const int Repeats = 30;

    /// <summary>Until the run-time has compiled the path for good.</summary>
    private const int Warmup = 100;
    private const string MlflowPage = "200 to 2,800 ms";
    private const string MlflowLong = "2,000 to 5,000 ms";

    public static async Task<bool> RunAsync(string engine, TrackingServer server, string? database, CancellationToken cancel)
    {
        var holds = true;
        foreach (var (runs, limit100, limit1000) in ((int, int, int?)[])[(10_000, 15, 80), (100_000, 40, null)])
        {
            // A connection that waits while runs are made would be closed by the server.
            using var first = await LeanHttp.ConnectAsync(server.Port, cancel);
            var experiment = await TrackingBenchmark.CreateAsync(
                first, SearchRequests.Experiment, $$"""{"name":"search of {{runs}}"}""", "experiment_id", cancel);
            await SeedAsync(engine, server, experiment, runs, cancel);
            await TrackingBenchmark.RestAsync(database, cancel);
            using var http = await LeanHttp.ConnectAsync(server.Port, cancel);
            foreach (var (filter, order) in ((string, string?)[])
            [
                ("metrics.m0 > 0.5", "metrics.m1 DESC"),
                ("metrics.m0 > 0.5 and params.p1 = 'v3'", "metrics.m1 ASC"),
                ("metrics.m0 > 0.999", null),
                ("metrics.m0 > 0.5 or params.p1 = 'v3'", null),
                ("metrics.m0 > 0.9", "metrics.m0 DESC"),
            ])
            {
                holds &= await MeasureAsync(http, engine, experiment, runs, filter, order, 100, limit100, cancel);
            }

            if (limit1000 is { } limit)
            {
                holds &= await MeasureAsync(http, engine, experiment, runs, "metrics.m0 > 0.5", "metrics.m1 DESC", 1000, limit, cancel);
            }
        }

        return holds;
    }

    private static async Task SeedAsync(string engine, TrackingServer server, string experiment, int runs, CancellationToken cancel)
    {
        const int writers = 16;
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, writers).Select(w => Task.Run(
            async () =>
            {
                var random = new Random(w);
                using var http = await LeanHttp.ConnectAsync(server.Port, cancel);
                for (var i = w; i < runs; i += writers)
                {
                    var run = await TrackingBenchmark.StartRunAsync(http, experiment, 1_700_000_000_000 + i, cancel);
                    await http.SendAsync(SearchRequests.Fill(run, random), cancel);
                }
            },
            cancel)));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"tracking  {engine,-10}  {runs:N0} runs created and filled in {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s"));
    }

    private static async Task<bool> MeasureAsync(
        LeanHttp http, string engine, string experiment, int runs, string filter, string? order, int max, int limitMs, CancellationToken cancel)
    {
        var first = SearchRequests.Search(experiment, filter, order, max, null);
        for (var i = 0; i < Warmup; i++)
        {
            await TimeAsync(http, first, cancel);
        }

        var firsts = new List<double>();
        for (var i = 0; i < Repeats; i++)
        {
            firsts.Add(await TimeAsync(http, first, cancel));
        }

        var pages = new List<double>();
        var token = TokenOf(http);
        for (var i = 0; i < Repeats && token is not null; i++)
        {
            pages.Add(await TimeAsync(http, SearchRequests.Search(experiment, filter, order, max, token), cancel));
            token = TokenOf(http);
        }

        firsts.Sort();
        pages.Sort();
        var (p50, p95, deep) = (firsts[Repeats / 2], firsts[Repeats * 19 / 20], pages.Count == 0 ? 0 : pages[pages.Count / 2]);
        var holds = p50 <= limitMs && deep <= limitMs;
        var what = $"{runs / 1000}k, {max}: {filter}{(order is null ? "" : $", {order}")}";
        TrackingBenchmark.Print(
            engine, what, string.Create(CultureInfo.InvariantCulture, $"p50 {p50:0.0} ms, p95 {p95:0.0} ms, next {pages.Count} pages {deep:0.0} ms"),
            max == 100 ? MlflowPage : MlflowLong, string.Create(CultureInfo.InvariantCulture, $"≤ {limitMs} ms"), holds);
        return holds;
    }

    private static async Task<double> TimeAsync(LeanHttp http, byte[] request, CancellationToken cancel)
    {
        var sent = Stopwatch.GetTimestamp();
        await http.SendAsync(request, cancel);
        return Stopwatch.GetElapsedTime(sent).TotalMilliseconds;
    }

    private static string? TokenOf(LeanHttp http)
    {
        using var answer = JsonDocument.Parse(http.Body);
        return answer.RootElement.TryGetProperty("next_page_token", out var token) ? token.GetString() : null;
    }
}
