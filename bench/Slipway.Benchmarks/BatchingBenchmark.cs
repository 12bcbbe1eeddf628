using System.Diagnostics;
using Slipway.Core.Data;
using Slipway.Inference;
using Slipway.Platform.Pipelines.Trainers;

namespace Slipway.Benchmarks;

/// <summary>
/// A forest of 100 trees and 30 features behind 64 callers of one row at a time, in process, with batching as it is by default and
/// off, in turns; then one caller alone. Budget: ≥ 1.5 × the rows/s at 64 callers, p50 of one caller ≤ 1.1 ×.
/// </summary>
internal static class BatchingBenchmark
{
    private const int Features = 30;
    private const int Rounds = 3;
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(2);
    private static readonly CallOptions Off = new() { Batching = new BatchingOptions { Mode = BatchingMode.Off } };

    public static async Task<bool> RunAsync(CancellationToken cancel)
    {
        using var model = OnnxModel.Load(Train(), "forest");
        Console.WriteLine($"batching: the rows of the forest answer alike in any company: {model.AnswersRowsAlike}");
        var many = await CompareAsync(model, callers: 64, cancel);
        var one = await CompareAsync(model, callers: 1, cancel);
        Console.WriteLine($"batching: {many.On.Rate / many.Off.Rate:F2} x the rows/s at 64 callers (at least 1.5), {one.On.P50 / one.Off.P50:F2} x the p50 of one caller (at most 1.1)");
        return many.On.Rate >= 1.5 * many.Off.Rate && one.On.P50 <= 1.1 * one.Off.P50;
    }

    private static async Task<(Load On, Load Off)> CompareAsync(OnnxModel model, int callers, CancellationToken cancel)
    {
        List<Load> on = [], off = [];
        for (var round = 0; round < Rounds; round++)
        {
            off.Add(await LoadAsync(model, callers, Off, cancel));
            on.Add(await LoadAsync(model, callers, CallOptions.Default, cancel));
        }

        var medians = (On: Median(on), Off: Median(off));
        foreach (var (name, load) in (ValueTuple<string, Load>[])[("off", medians.Off), ("on", medians.On)])
        {
            Console.WriteLine($"  {callers,2} callers, batching {name,-3} {load.Rate,10:N0} rows/s   p50 {load.P50,8:F1} us   {load.RowsPerCall,5:F1} rows a native call");
        }

        return medians;
    }

    private static Load Median(List<Load> loads) => loads.OrderBy(load => load.Rate).ElementAt(loads.Count / 2);

    private static async Task<Load> LoadAsync(OnnxModel model, int callers, CallOptions options, CancellationToken cancel)
    {
        model.ClearStatistics();
        var started = Stopwatch.GetTimestamp();
        var latencies = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => CallAsync(model, caller, started, options, cancel))));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var sorted = latencies.SelectMany(all => all).Order().ToList();
        var statistics = model.Statistics(TimeProvider.System);
        return new Load(sorted.Count / seconds, sorted[sorted.Count / 2], (double)statistics.InferenceCount / statistics.ExecutionCount);
    }

    /// <returns>Microseconds of each call.</returns>
    private static async Task<List<double>> CallAsync(OnnxModel model, int seed, long started, CallOptions options, CancellationToken cancel)
    {
        var random = new Random(seed);
        var row = new float[Features];
        var probability = new float[1];
        var latencies = new List<double>();
        while (Stopwatch.GetElapsedTime(started) < Span)
        {
            for (var i = 0; i < row.Length; i++)
            {
                row[i] = random.NextSingle();
            }

            var call = Stopwatch.GetTimestamp();
            await model.ScoreAsync(row, 1, probability, options, cancel);
            latencies.Add(Stopwatch.GetElapsedTime(call).TotalMicroseconds);

            // A server's callers come one after the other through the thread pool.
            await Task.Yield();
        }

        return latencies;
    }

    private static byte[] Train()
    {
        var random = new Random(1);
        var columns = Enumerable.Range(0, Features)
            .Select(f => Column.Float64($"f{f}", [.. Enumerable.Range(0, 20_000).Select(_ => random.NextDouble())])).ToList();
        var label = Column.Bool("y", [.. Enumerable.Range(0, 20_000).Select(row =>
            columns[0].Doubles[row] + (columns[1].Doubles[row] * columns[2].Doubles[row]) + (0.2 * random.NextDouble()) > 0.7)]);
        var options = new TrainerOptions { Algorithm = TrainerOptions.LightGbm };
        return new BinaryTrainer().Train(new Table([.. columns, label]), [.. columns.Select(c => c.Name)], "y", options, default).ToOnnx();
    }

    /// <param name="P50">Microseconds.</param>
    private sealed record Load(double Rate, double P50, double RowsPerCall);
}
