using System.Diagnostics;
using System.Globalization;
using Slipway.TestKit;

namespace Slipway.Benchmarks;

/// <summary>1,000,000 entities × 50 float64 features from a Parquet file into the online store, with durable commits.</summary>
internal static class MaterializeBenchmark
{
    private const int Users = 1_000_000;
    private const int Features = 50;

    public static async Task<bool> RunAsync(CancellationToken cancel) => await EmbeddedAsync(cancel) & await RedisAsync(cancel);

    public static Task<bool> EmbeddedAsync(CancellationToken cancel) => MeasureAsync("embedded", null, 20, cancel);

    public static async Task<bool> RedisAsync(CancellationToken cancel)
    {
        await using var redis = new RedisServer();
        return await MeasureAsync("Redis, appendonly", await redis.AddressAsync(cancel), 30, cancel);
    }

    private static async Task<bool> MeasureAsync(string store, string? redis, double limit, CancellationToken cancel)
    {
        var file = Path.Combine(Path.GetTempPath(), $"slipway-bench-{Guid.CreateVersion7():N}.parquet");
        try
        {
            await using var fixture = await FeatureFixture.OpenAsync(null, redis, Features, cancel);
            await FeatureFixture.WriteFileAsync(fixture.Analytics, file, Users, Features, cancel);
            var started = Stopwatch.GetTimestamp();
            var rows = await fixture.MaterialiseAsync(file, cancel);
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            var peak = Process.GetCurrentProcess().PeakWorkingSet64 / 1e9;
            var holds = rows == Users && seconds <= limit;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"materialize  {store,-18} {rows:N0} × {Features}: {seconds:0.0} s, {rows / seconds:N0} entities/s, peak {peak:0.0} GB   limit ≤ {limit} s: {(holds ? "holds" : "MISSED")}"));
            return holds;
        }
        finally
        {
            File.Delete(file);
        }
    }
}
