using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Npgsql;
using Slipway.TestKit;

namespace Slipway.Benchmarks;

/// <summary>
/// The paths of MLflow's protocol that its clients call most, on a real server with durable commits, driven over 16
/// connections from this process on the same cores. Beside each figure: that of MLflow 3.11's own server on a machine of
/// this class (2 cores, SQLite, 4 workers), the best of it where it is a range, and the limit.
/// </summary>
internal static class TrackingBenchmark
{
    private const int Connections = 16;
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(8);

    public static async Task<bool> RunAsync(CancellationToken cancel) => await SqliteAsync(cancel) & await PostgresAsync(cancel);

    public static Task<bool> SqliteAsync(CancellationToken cancel) => RunAsync("SQLite", null, new Limits(6000, 1200, 10_000), cancel);

    public static async Task<bool> PostgresAsync(CancellationToken cancel)
    {
        await using var postgres = new PostgresServer { IsDurable = true };
        return await RunAsync("PostgreSQL", await postgres.CreateDatabaseAsync(cancel), new Limits(3000, 600, 5000), cancel);
    }

    /// <summary>Finishes what PostgreSQL else does by itself in the minutes after much was written, and which takes a core while it lasts.</summary>
    public static async Task RestAsync(string? database, CancellationToken cancel)
    {
        if (database is null)
        {
            return;
        }

        await using var source = NpgsqlDataSource.Create(database);
        foreach (var sql in (string[])["vacuum analyze", "checkpoint"])
        {
            await using var command = source.CreateCommand(sql);
            command.CommandTimeout = 600;
            await command.ExecuteNonQueryAsync(cancel);
        }
    }

    /// <summary>Requests per second.</summary>
    private sealed record Limits(double LogMetric, double LogBatch, double GetRun);

    private static async Task<bool> RunAsync(string engine, string? database, Limits limits, CancellationToken cancel)
    {
        await using var server = await TrackingServer.StartAsync(database, cancel);
        using var one = await LeanHttp.ConnectAsync(server.Port, cancel);
        var experiment = await CreateAsync(one, SearchRequests.Experiment, """{"name":"load"}""", "experiment_id", cancel);
        var runs = new string[Connections];
        for (var i = 0; i < Connections; i++)
        {
            runs[i] = await StartRunAsync(one, experiment, 1_700_000_000_000 + i, cancel);
        }

        var metrics = Array.ConvertAll(runs, SteppedRequest.LogMetric);
        var holds = await LoadAsync(engine, "log-metric", server, i => metrics[i].Next(), 187, limits.LogMetric, 20, cancel);
        var batches = Array.ConvertAll(runs, run => SteppedRequest.LogBatch(run, 100));
        holds &= await LoadAsync(engine, "log-batch of 100", server, i => batches[i].Next(), 83, limits.LogBatch, null, cancel);
        var random = new Random(3);
        var wide = await StartRunAsync(one, experiment, 1_700_000_000_100, cancel);
        await one.SendAsync(SearchRequests.Fill(wide, random), cancel);
        var get = LeanHttp.Get($"/api/2.0/mlflow/runs/get?run_uuid={wide}&run_id={wide}");
        holds &= await LoadAsync(engine, "runs/get", server, _ => get, 200, limits.GetRun, null, cancel);
        holds &= await TrackingSearch.RunAsync(engine, server, database, cancel);
        var peak = server.PeakResidentBytes / 1e6;
        Print(engine, "peak resident memory", $"{peak,9:0} MB", "800 to 1,000 MB", "≤ 250 MB", peak <= 250);
        return holds && peak <= 250;
    }

    public static async Task<string> StartRunAsync(LeanHttp http, string experiment, long startMs, CancellationToken cancel)
    {
        await http.SendAsync(SearchRequests.Create(experiment, startMs), cancel);
        using var answer = JsonDocument.Parse(http.Body);
        return answer.RootElement.GetProperty("run").GetProperty("info").GetProperty("run_id").GetString()!;
    }

    public static async Task<string> CreateAsync(LeanHttp http, string path, string body, string field, CancellationToken cancel)
    {
        await http.SendAsync(LeanHttp.Post(path, body), cancel);
        using var answer = JsonDocument.Parse(http.Body);
        return answer.RootElement.GetProperty(field).GetString()!;
    }

    public static void Print(string engine, string what, string figure, string mlflow, string limit, bool holds) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"tracking  {engine,-10}  {what,-42} {figure}   MLflow {mlflow}; limit {limit}: {(holds ? "holds" : "MISSED")}"));

    /// <param name="next">The next request of a connection.</param>
    private static async Task<bool> LoadAsync(
        string engine, string what, TrackingServer server, Func<int, ReadOnlyMemory<byte>> next, double mlflow, double limit, double? p99Limit,
        CancellationToken cancel)
    {
        await DriveAsync(server.Port, next, Warmup, cancel);
        var latencies = await DriveAsync(server.Port, next, Measured, cancel);
        var rate = latencies.Count / Measured.TotalSeconds;
        latencies.Sort();
        var (p50, p99) = (latencies[latencies.Count / 2], latencies[(int)(latencies.Count * 0.99)]);
        var holds = rate >= limit && (p99Limit is null || p99 <= p99Limit);
        var figure = string.Create(CultureInfo.InvariantCulture, $"{rate,9:0} req/s, p50 {p50:0.0} ms, p99 {p99:0.0} ms, {server.ResidentBytes / 1e6:0} MB");
        var bound = string.Create(CultureInfo.InvariantCulture, $"≥ {limit:0}{(p99Limit is null ? "" : $", p99 ≤ {p99Limit:0} ms")}");
        Print(engine, what, figure, string.Create(CultureInfo.InvariantCulture, $"{mlflow:0}, ratio {rate / mlflow:0}"), bound, holds);
        return holds;
    }

    /// <returns>How long each request took, in milliseconds.</returns>
    private static async Task<List<double>> DriveAsync(
        int port, Func<int, ReadOnlyMemory<byte>> next, TimeSpan time, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        var each = await Task.WhenAll(Enumerable.Range(0, Connections).Select(i => Task.Run(
            async () =>
            {
                using var http = await LeanHttp.ConnectAsync(port, cancel);
                var latencies = new List<double>(1 << 16);
                while (Stopwatch.GetElapsedTime(started) < time)
                {
                    var sent = Stopwatch.GetTimestamp();
                    await http.SendAsync(next(i), cancel);
                    latencies.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
                }

                return latencies;
            },
            cancel)));
        return [.. each.SelectMany(latencies => latencies)];
    }
}
