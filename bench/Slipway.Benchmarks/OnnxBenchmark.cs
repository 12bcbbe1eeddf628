using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using Slipway.Core.Data;
using Slipway.Core.Tensors;
using Slipway.Inference;
using Slipway.Platform.Pipelines.Trainers;

namespace Slipway.Benchmarks;

/// <summary>
/// Training 300,000 rows × 20 features × 100 trees, writing the model as ONNX, and scoring 10,000 rows three ways side by
/// side: ours, ML.NET's own and bare ONNX Runtime with everything prepared. Budget: the export ≤ 100 ms; 10,000 rows
/// ≥ 0.95 × bare ONNX Runtime and ≥ 1.5 × ML.NET; one row ≥ 0.8 × bare ONNX Runtime. Medians after a warm-up; the rounds take
/// turns, so that noise hits all alike.
/// </summary>
internal static class OnnxBenchmark
{
    private const int TrainingRows = 300_000;
    private const int Features = 20;
    private const int ScoredRows = 10_000;
    private const int Rounds = 25;

    private static readonly string[] Names = [.. Enumerable.Range(0, Features).Select(i => $"f{i}")];

    public static Task<bool> RunAsync(CancellationToken cancel)
    {
        var training = Draw(TrainingRows, seed: 1);
        var scoring = Draw(ScoredRows, seed: 2);
        string[] algorithms = [TrainerOptions.LightGbm, TrainerOptions.FastTree, TrainerOptions.LogisticRegression];
        foreach (var algorithm in algorithms)
        {
            Run(training, scoring, new TrainerOptions { Algorithm = algorithm });
        }

        return Task.FromResult(true);
    }

    private static void Run(Table training, Table scoring, TrainerOptions options)
    {
        TrainedModel model = null!;
        var trained = Milliseconds(() => model = new BinaryTrainer().Train(training, Names, "y", options, default));
        var export = Median(() => model.ToOnnx());
        var file = model.ToOnnx();
        Console.WriteLine($"{model.Algorithm}: {TrainingRows:N0} rows x {Features} features x {options.Trees} trees");
        Console.WriteLine($"  train                    {trained,10:F0} ms   {model.Notice}");
        Console.WriteLine($"  export to ONNX           {export,10:F2} ms   {file.Length:N0} bytes");
        Batch(model, file, scoring);
        OneRow(file, FeatureMatrix.From(scoring, Names));
    }

    private static void Batch(TrainedModel model, byte[] file, Table scoring)
    {
        using var onnx = OnnxModel.Load(file, "bench");
        var rows = FeatureMatrix.From(scoring, Names);
        using var bare = new BareRuntime(file, rows.Values.ToArray(), ScoredRows);
        var probabilities = new float[ScoredRows];

        var times = Medians(
            () => onnx.Score(rows.Values.Span, ScoredRows, probabilities),
            () => model.Score(scoring),
            bare.Run);
        if (!bare.Probabilities.SequenceEqual(probabilities))
        {
            throw new InvalidOperationException("The two ways through ONNX Runtime differ; their times cannot be compared.");
        }

        Console.WriteLine($"  score {ScoredRows:N0} rows, ours  {times[0],10:F2} ms   {ScoredRows / times[0] * 1000:N0} rows/s");
        Console.WriteLine($"                   ML.NET  {times[1],10:F2} ms   ours is {times[1] / times[0]:F2} x as fast");
        Console.WriteLine($"                 bare ORT  {times[2],10:F2} ms   ours is {times[2] / times[0]:F2} x as fast");
    }

    private static void OneRow(byte[] file, FeatureMatrix rows)
    {
        const int calls = ScoredRows;
        using var onnx = OnnxModel.Load(file, "bench");
        using var bare = new BareRuntime(file, new float[Features], 1);
        var probability = new float[1];

        // Another row each time: the branch predictor learns a row that repeats.
        var times = Medians(
            () => Repeat(calls, i => onnx.Score(rows.Row(i), 1, probability)),
            () => Repeat(calls, i =>
            {
                rows.Row(i).CopyTo(bare.Values);
                bare.Run();
            }));

        Console.WriteLine($"  score 1 row, ours        {times[0] / calls * 1000,10:F2} us");
        Console.WriteLine($"           bare ORT        {times[1] / calls * 1000,10:F2} us   ours is {times[1] / times[0]:F2} x as fast");
    }

    private static void Repeat(int times, Action<int> work)
    {
        for (var i = 0; i < times; i++)
        {
            work(i);
        }
    }

    private static double Median(Action work) => Medians(work)[0];

    private static double[] Medians(params Action[] works)
    {
        var times = works.Select(_ => new double[Rounds]).ToArray();
        Array.ForEach(works, work => Repeat(3, _ => work()));
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < works.Length; i++)
            {
                times[i][round] = Milliseconds(works[i]);
            }
        }

        return [.. times.Select(rounds => rounds.Order().ElementAt(Rounds / 2))];
    }

    private static double Milliseconds(Action work)
    {
        var start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    /// <summary>P(y) = σ(½·Σⱼ sin(fⱼ + j) / (1 + j mod 5)), with 5 % of the values missing.</summary>
    private static Table Draw(int rows, int seed)
    {
        var random = new Random(seed);
        var logits = new double[rows];
        var columns = new List<Column>();
        for (var j = 0; j < Features; j++)
        {
            var values = new double[rows];
            var missing = new System.Collections.BitArray(rows);
            for (var i = 0; i < rows; i++)
            {
                values[i] = j % 3 == 0 ? random.Next(50) : (random.NextDouble() * 10) - 5;
                missing[i] = random.NextDouble() < 0.05;
                logits[i] += missing[i] ? 0 : 0.5 * Math.Sin(values[i] + j) / (1 + (j % 5));
            }

            columns.Add(Column.Float64(Names[j], values, missing));
        }

        bool[] labels = [.. logits.Select(logit => random.NextDouble() < 1 / (1 + Math.Exp(-logit)))];
        return new Table([.. columns, Column.Bool("y", labels)]);
    }

    /// <summary>The least that a call of ONNX Runtime can cost: same options, values and names made once.</summary>
    private sealed class BareRuntime : IDisposable
    {
        private readonly SessionOptions options = new() { IntraOpNumThreads = 1, InterOpNumThreads = 1 };
        private readonly RunOptions run = new();
        private readonly InferenceSession session;
        private readonly OrtValue input, output;

        public BareRuntime(byte[] file, float[] values, int rows)
        {
            session = new InferenceSession(file, options);
            Values = values;
            Probabilities = new float[rows];
            input = OrtValue.CreateTensorValueFromMemory(values, [rows, values.Length / rows]);
            output = OrtValue.CreateTensorValueFromMemory(Probabilities, [rows]);
        }

        public float[] Values { get; }

        public float[] Probabilities { get; }

        public void Run() => session.Run(run, ["features"], [input], ["probability"], [output]);

        public void Dispose()
        {
            input.Dispose();
            output.Dispose();
            session.Dispose();
            run.Dispose();
            options.Dispose();
        }
    }
}
