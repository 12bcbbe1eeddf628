using System.Diagnostics;
using System.Globalization;
using System.Text;
using Slipway.Cluster;
using Slipway.Core.Data;
using Slipway.Platform.Features.Online;
using Slipway.TestKit;
using StackExchange.Redis;

namespace Slipway.Benchmarks;

/// <summary>
/// Reading features online: 50 entities × 250 features from each store, beside a bare MGET of the same packed bytes through the same
/// client library, read by turns; and 1 entity × 50 features, in the process and over HTTP.
/// </summary>
internal static class OnlineBenchmark
{
    private const int Users = 5000;
    private const int Rounds = 4000;

    public static async Task<bool> RunAsync(CancellationToken cancel)
    {
        await using var redis = new RedisServer();
        await using var postgres = new PostgresServer { IsDurable = true };
        var (raw, ours) = await RedisAsync(await redis.AddressAsync(cancel), cancel);
        Print("Redis, bare MGET of the packed bytes", 50, 250, raw, "the peer", true);
        var holds = Print("Redis", 50, 250, ours, $"p99 ≤ {3 * raw.P99:0.000} ms, 3 × the peer's", ours.P99 <= 3 * raw.P99);
        await using (var embedded = await FilledAsync(null, null, 250, cancel))
        {
            var figure = await MeasureAsync(embedded, 50, cancel);
            holds &= Print("embedded", 50, 250, figure, $"p99 ≤ {ours.P99:0.000} ms, that of Redis", figure.P99 <= ours.P99);
        }

        await using (var sql = await FilledAsync(await postgres.CreateDatabaseAsync(cancel), null, 250, cancel))
        {
            Print("PostgreSQL, read-through", 50, 250, await MeasureAsync(sql, 50, cancel), "none", true);
        }

        await using (var narrow = await FilledAsync(null, null, 50, cancel))
        {
            var figure = await MeasureAsync(narrow, 1, cancel);
            holds &= Print("embedded, in the process", 1, 50, figure, "p99 ≤ 0.3 ms", figure.P99 <= 0.3);
        }

        var http = await HttpAsync(cancel);
        return holds & Print("embedded, over HTTP", 1, 50, http, "p99 ≤ 1 ms", http.P99 <= 1);
    }

    /// <summary>Milliseconds.</summary>
    private sealed record Latency(double P50, double P99)
    {
        public static Latency Of(List<double> milliseconds)
        {
            milliseconds.Sort();
            return new Latency(milliseconds[milliseconds.Count / 2], milliseconds[(int)(milliseconds.Count * 0.99)]);
        }
    }

    private static bool Print(string what, int entities, int features, Latency figure, string limit, bool holds)
    {
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"online  {entities,2} × {features,-3}  {what,-38} p50 {figure.P50:0.000} ms, p99 {figure.P99:0.000} ms   limit {limit}: {(holds ? "holds" : "MISSED")}"));
        return holds;
    }

    private static async Task<FeatureFixture> FilledAsync(string? postgres, string? redis, int features, CancellationToken cancel)
    {
        var fixture = await FeatureFixture.OpenAsync(postgres, redis, features, cancel);
        var file = Path.Combine(Path.GetTempPath(), $"slipway-bench-{Guid.CreateVersion7():N}.parquet");
        try
        {
            await FeatureFixture.WriteFileAsync(fixture.Analytics, file, Users, features, cancel);
            await fixture.MaterialiseAsync(file, cancel);
        }
        finally
        {
            File.Delete(file);
        }

        return fixture;
    }

    private static async Task<(Latency Raw, Latency Ours)> RedisAsync(string address, CancellationToken cancel)
    {
        await using var fixture = await FilledAsync(null, address, 250, cancel);
        var parsed = RedisAddress.Parse(address);
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{parsed.Host}:{parsed.Port}");
        var (bare, random) = (connection.GetDatabase(parsed.Database), new Random(1));
        var (raw, ours) = (new List<double>(Rounds), new List<double>(Rounds));
        for (var round = -Rounds / 4; round < Rounds; round++)
        {
            var users = Sample(random, 50);
            var keys = EntityKeys.Of([Column.Int64("user_id", users)], users.Length);
            RedisKey[] named = [.. Enumerable.Range(0, users.Length).Select(i => (RedisKey)(byte[])[.. Encoding.UTF8.GetBytes($"{parsed.Prefix}:wide@1:"), .. keys[i]])];
            var started = Stopwatch.GetTimestamp();
            var found = await bare.StringGetAsync(named);
            Keep(raw, round, started);
            Check(found.All(value => value.Length() > 2000));
            started = Stopwatch.GetTimestamp();
            var table = await fixture.Online.GetAsync("wide_service", new Table([Column.Int64("user_id", users)]), cancel);
            Keep(ours, round, started);
            Check(table is { Rows: 50, Columns.Count: 250 } && !table.Columns[249].IsNull(49));
        }

        return (Latency.Of(raw), Latency.Of(ours));
    }

    private static async Task<Latency> MeasureAsync(FeatureFixture fixture, int entities, CancellationToken cancel)
    {
        var (random, times) = (new Random(1), new List<double>(Rounds));
        for (var round = -Rounds / 4; round < Rounds; round++)
        {
            var users = Sample(random, entities);
            var started = Stopwatch.GetTimestamp();
            var table = await fixture.Online.GetAsync("wide_service", new Table([Column.Int64("user_id", users)]), cancel);
            Keep(times, round, started);
            Check(table.Rows == entities && !table.Columns[^1].IsNull(0));
        }

        return Latency.Of(times);
    }

    private static async Task<Latency> HttpAsync(CancellationToken cancel)
    {
        var sources = Directory.CreateTempSubdirectory("slipway-bench-");
        try
        {
            using (var analytics = new Platform.Foundation.Analytics.AnalyticsEngine(new()))
            {
                await FeatureFixture.WriteFileAsync(analytics, Path.Combine(sources.FullName, "wide.parquet"), Users, 50, cancel);
            }

            await using var server = await TrackingServer.StartAsync(null, cancel, "--feature-sources", sources.FullName);
            using var client = new Client.SlipwayClient(new Uri($"http://127.0.0.1:{server.Port}"));
            using var http = await LeanHttp.ConnectAsync(server.Port, cancel);
            await http.SendAsync(LeanHttp.Post("/api/v1/features/apply", FeatureFixture.Yaml(50)), cancel);
            var run = await client.Features.StartMaterializationAsync(new(), cancel);
            while (!run.HasEnded)
            {
                await Task.Delay(50, cancel);
                run = await client.Features.GetMaterializationAsync(run.Id, cancel);
            }

            var (random, times) = (new Random(1), new List<double>(Rounds));
            for (var round = -4 * Rounds; round < Rounds; round++)
            {
                var request = LeanHttp.Post("/api/v1/features/online", $$$"""{"service":"wide_service","entities":{"user_id":[{{{random.Next(Users)}}}]}}""");
                var started = Stopwatch.GetTimestamp();
                await http.SendAsync(request, cancel);
                Keep(times, round, started);
                Check(http.Body.Length > 1000);
            }

            return Latency.Of(times);
        }
        finally
        {
            sources.Delete(recursive: true);
        }
    }

    private static long[] Sample(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (long)random.Next(Users))];

    /// <summary>Rounds below zero warm up.</summary>
    private static void Keep(List<double> times, int round, long started)
    {
        if (round >= 0)
        {
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }
    }

    private static void Check(bool holds)
    {
        if (!holds)
        {
            throw new InvalidOperationException("A read gave other than what was written.");
        }
    }
}
