using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Slipway.Core.Data;
using Slipway.Inference;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Pipelines.Trainers;
using Slipway.Platform.Registry;
using Slipway.Platform.Serving;
using Slipway.Platform.Serving.Predictions;
using Slipway.Platform.Tracking;

namespace Slipway.Benchmarks;

/// <summary>
/// Predictions through the service, in process, on embedded stores: a LightGBM model of 30 features and 100 trees, requests of
/// 1 and of 30 rows, the log on. Beside it the same rows through the bare model, and what the log takes and gives back.
/// Budget: 30 rows at a time ≥ 0.2 × the bare model; a window of 1,000,000 rows read in ≤ 5 s.
/// </summary>
public static class ServingBenchmark
{
    internal const int Features = 30;
    private const int LoggedRows = 1_000_000;
    private static readonly string[] Names = [.. Enumerable.Range(0, Features).Select(i => $"f{i}")];
    private static readonly Actor Bench = new("bench", Role.Admin);

    public static async Task<bool> RunAsync(CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("slipway-bench-").FullName;
        try
        {
            var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
            builder.Services.AddSingleton(TimeProvider.System).AddFoundation(new FoundationOptions(folder, null))
                .AddAccess().AddTracking().AddRegistry().AddServing()
                .AddSingleton(new PredictionLogOptions { CapacityRows = 10_000_000 });
            using var host = builder.Build();
            await host.StartAsync(cancel);
            var onnx = Train();
            await DeployAsync(host.Services, onnx, cancel);
            var holds = await PredictAsync(host.Services, onnx, cancel);
            holds &= await LogAsync(host.Services, cancel);
            await host.StopAsync(cancel);
            return holds;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    internal static byte[] Train()
    {
        var table = Draw(20_000, seed: 1);
        var late = new bool[table.Rows];
        for (var row = 0; row < late.Length; row++)
        {
            late[row] = table["f0"].Doubles[row] + (table["f1"].Doubles[row] * table["f2"].Doubles[row]) > 0.6;
        }

        var options = new TrainerOptions { Algorithm = TrainerOptions.LightGbm };
        return new BinaryTrainer().Train(table.With(Column.Bool("y", late)), Names, "y", options, default).ToOnnx();
    }

    private static async Task DeployAsync(IServiceProvider services, byte[] onnx, CancellationToken cancel)
    {
        var registry = services.GetRequiredService<RegistryService>();
        await registry.RegisterModelAsync(Bench, new NewModel("bench"), cancel);
        var signature = new ModelSignature(
            [.. Names.Select(name => new ColumnSchema(name, DataType.Float32))], [new ColumnSchema("probability", DataType.Float32)]);
        await registry.CreateVersionAsync(Bench, new NewVersion("bench", signature), new MemoryStream(onnx), cancel);
        await services.GetRequiredService<ServingService>().DeployAsync("bench", "bench", "1.0.0", Bench, "", cancel);
    }

    private static async Task<bool> PredictAsync(IServiceProvider services, byte[] onnx, CancellationToken cancel)
    {
        var serving = services.GetRequiredService<ServingService>();
        using var bare = OnnxModel.Load(onnx, "bare");
        var holds = true;
        foreach (var rows in (int[])[1, 30])
        {
            var request = new PredictRequest(Draw(rows, seed: 2));
            var features = new float[rows * Features];
            var probabilities = new float[rows];
            var ours = await RowsPerSecondAsync(rows, () => serving.PredictAsync("bench", request, cancel));
            var model = await RowsPerSecondAsync(rows, () =>
            {
                bare.Score(features, rows, probabilities, cancel);
                return Task.CompletedTask;
            });
            await services.GetRequiredService<PredictionLog>().FlushAsync(cancel);
            Console.WriteLine($"predict, {rows,2} rows a request: {ours.Rate,12:N0} rows/s, {ours.CpuMicroseconds:F1} µs CPU a request, writing the log included   bare model {model.Rate:N0} rows/s, {model.CpuMicroseconds:F1} µs   ratio {ours.Rate / model.Rate:F2}");
            holds &= rows == 1 || ours.Rate >= 0.2 * model.Rate;
        }

        Console.WriteLine($"dropped by the log: {services.GetRequiredService<PredictionLog>().Dropped:N0} rows");
        return holds;
    }

    private static async Task<bool> LogAsync(IServiceProvider services, CancellationToken cancel)
    {
        var serving = services.GetRequiredService<ServingService>();
        var log = services.GetRequiredService<PredictionLog>();
        var reader = services.GetRequiredService<PredictionReader>();
        await services.GetRequiredService<ServingService>().DeployAsync("log", "bench", "1.0.0", Bench, "", cancel);
        var batch = new PredictRequest(Draw(10_000, seed: 3));
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < LoggedRows / 10_000; i++)
        {
            await serving.PredictAsync("log", batch, cancel);
        }

        await log.FlushAsync(cancel);
        var written = Stopwatch.GetElapsedTime(started).TotalSeconds;
        started = Stopwatch.GetTimestamp();
        var window = await reader.WindowAsync("log", 0, long.MaxValue, cancel);
        var read = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Console.WriteLine($"log: {LoggedRows / written:N0} rows/s predicted and written; a window of {window.Rows:N0} rows read in {read:F2} s (limit 5 s)");
        return window.Rows == LoggedRows && read <= 5;
    }

    /// <summary>Over two seconds, after half a second of warm-up.</summary>
    private static async Task<(double Rate, double CpuMicroseconds)> RowsPerSecondAsync(int rows, Func<Task> once)
    {
        var calls = 0L;
        var started = Stopwatch.GetTimestamp();
        var cpu = Environment.CpuUsage.TotalTime;
        var counting = false;
        while (true)
        {
            await once();
            calls++;
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            if (!counting && seconds > 0.5)
            {
                (counting, calls, started, cpu) = (true, 0, Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
            }
            else if (counting && seconds > 2)
            {
                return (calls * rows / seconds, (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / calls);
            }
        }
    }

    private static Table Draw(int rows, int seed)
    {
        var random = new Random(seed);
        return new Table([.. Names.Select(name => Column.Float64(name, [.. Enumerable.Range(0, rows).Select(_ => random.NextDouble())]))]);
    }
}
