using System.Globalization;
using Slipway.Core.Data;
using Slipway.Core.Statistics;
using Slipway.Inference;
using Slipway.Platform.Pipelines.Trainers;

namespace Slipway.Benchmarks;

/// <summary>
/// Bytes allocated per call on hot paths, which unlike times are the same on every machine. More than the budget fails the build.
/// </summary>
internal static class AllocationGate
{
    private const int Calls = 1000;

    public static async Task<bool> RunAsync(CancellationToken cancel)
    {
        var random = new Random(1);
        long[] reference = [.. Enumerable.Range(0, 50).Select(_ => random.NextInt64(1, 1000))];
        long[] current = [.. Enumerable.Range(0, 50).Select(_ => random.NextInt64(1, 1000))];
        double[] sorted = [.. Enumerable.Range(0, 1000).Select(_ => random.NextDouble()).Order()];
        using var model = OnnxModel.Load(Train(random), "gate");
        float[] rows = [.. Enumerable.Range(0, 30 * 20).Select(_ => random.NextSingle())];
        var probabilities = new float[30];
        var arms = MeanDifferenceSequence.Over(0, 1);

        bool[] held =
        [
            Check("PSI, 50 bins", 0, () => PopulationStability.Psi(reference, current)),
            Check("Jensen-Shannon, 50 bins", 0, () => JensenShannon.Distance(reference, current)),
            Check("Wasserstein of sorted samples of 1,000", 0, () => Wasserstein.DistanceSorted(sorted, sorted)),
            Check("one outcome of a canary", 0, () => arms = arms.AddA(0.25)),
            Check("score 30 rows × 20 features, ONNX", 4096, () => model.Score(rows, 30, probabilities, cancel)),
            await TrackingGate.RunAsync(cancel),
        ];
        return held.All(h => h);
    }

    private static bool Check(string what, long budget, Action call)
    {
        for (var i = 0; i < 200; i++)
        {
            call();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Calls; i++)
        {
            call();
        }

        return Report(what, budget, (GC.GetAllocatedBytesForCurrentThread() - before) / Calls);
    }

    /// <returns>Whether the budget holds.</returns>
    public static bool Report(string what, long budget, long bytes)
    {
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"gate  {what,-42} {bytes,6} B a call, budget {budget,5}: {(bytes <= budget ? "holds" : "BROKEN")}"));
        return bytes <= budget;
    }

    private static byte[] Train(Random random)
    {
        var columns = Enumerable.Range(0, 20)
            .Select(f => Column.Float64($"f{f}", [.. Enumerable.Range(0, 2000).Select(_ => random.NextDouble())])).ToList();
        var label = Column.Bool("label", [.. Enumerable.Range(0, 2000).Select(row => columns[0].Doubles[row] + (0.3 * random.NextDouble()) > 0.6)]);
        var options = new TrainerOptions { Algorithm = TrainerOptions.FastTree, Trees = 20 };
        return new BinaryTrainer().Train(new Table([.. columns, label]), [.. columns.Select(c => c.Name)], "label", options, default).ToOnnx();
    }
}
