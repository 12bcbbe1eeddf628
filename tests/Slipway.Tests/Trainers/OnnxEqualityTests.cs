using Slipway.Core.Data;
using Slipway.Core.Tensors;
using Slipway.Inference;
using Slipway.Platform.Pipelines.Trainers;

namespace Slipway.Tests.Trainers;

/// <summary>ML.NET's own scoring is the oracle for the ONNX files written here.</summary>
public sealed class OnnxEqualityTests
{
    public static TheoryData<string> Algorithms =>
        [TrainerOptions.LightGbm, TrainerOptions.FastTree, TrainerOptions.LogisticRegression];

    [Theory, MemberData(nameof(Algorithms))]
    public void Ten_thousand_rows_score_and_label_as_in_MLNET(string algorithm)
    {
        var model = new BinaryTrainer().Train(
            Rows.Draw(8_000, seed: 1), Rows.Features, "late", new TrainerOptions { Algorithm = algorithm, Trees = 60 }, default);
        var rows = WithThresholds(Rows.Draw(10_000, seed: 2), model, seed: 3);
        using var onnx = OnnxModel.Load(model.ToOnnx(), algorithm);

        AssertEqual(model, onnx, rows);
    }

    [Theory, MemberData(nameof(Algorithms))]
    public void Scoring_the_short_way_gives_the_same_bits(string algorithm)
    {
        var model = new BinaryTrainer().Train(
            Rows.Draw(2_000, seed: 1), Rows.Features, "late", new TrainerOptions { Algorithm = algorithm, Trees = 20 }, default);
        using var onnx = OnnxModel.Load(model.ToOnnx(), algorithm);
        var rows = FeatureMatrix.From(Rows.Draw(5_000, seed: 2), Rows.Features);

        var probabilities = new float[rows.Rows];
        onnx.Score(rows.Values.Span, rows.Rows, probabilities);

        Assert.Equal(onnx.Run([Matrix(rows)])[1].Values<float>().ToArray(), probabilities);
    }

    [Theory, MemberData(nameof(Algorithms))]
    public void A_constant_and_an_empty_feature_do_no_harm(string algorithm)
    {
        var drawn = Rows.Draw(1_000, seed: 4);
        var table = drawn.With(
            Column.Float64("always_seven", [.. Enumerable.Repeat(7d, drawn.Rows)]),
            Column.Float64("never_known", [.. Enumerable.Repeat(0d, drawn.Rows)], new(drawn.Rows, true)));
        var model = new BinaryTrainer().Train(table, ["always_seven", "never_known", "delay"], "late",
            new TrainerOptions { Algorithm = algorithm, Trees = 20 }, default);
        using var onnx = OnnxModel.Load(model.ToOnnx(), algorithm);

        AssertEqual(model, onnx, FeatureMatrix.From(table, model.Features));
        Assert.Equal("delay", model.Importance[0].Feature);
        Assert.Equal(1, model.Importance[0].Share, 9);
    }

    [Theory, MemberData(nameof(Algorithms))]
    public void A_model_of_features_that_say_nothing_scores_every_row_the_same(string algorithm)
    {
        var table = Rows.TwoGroups().With(Column.Float64("x", [.. Enumerable.Repeat(7d, 100)]));
        var model = new BinaryTrainer().Train(table, ["x"], "late", new TrainerOptions { Algorithm = algorithm, Trees = 5 }, default);
        using var onnx = OnnxModel.Load(model.ToOnnx(), algorithm);

        AssertEqual(model, onnx, FeatureMatrix.From(table, ["x"]));
        Assert.Single(model.Score(table).Distinct());
        Assert.Equal(0, model.Importance[0].Share);
    }

    [Fact]
    public void The_file_names_its_features_and_takes_one_matrix()
    {
        var model = new BinaryTrainer().Train(Rows.Draw(500, seed: 1), Rows.Features, "late", new TrainerOptions { Trees = 2 }, default);
        using var onnx = OnnxModel.Load(model.ToOnnx(), "late");

        Assert.Equal(Rows.Features, onnx.Features);
        Assert.Equal("lightgbm", onnx.Metadata["algorithm"]);
        var input = Assert.Single(onnx.Inputs);
        Assert.Equal(("features", TensorType.Float32), (input.Name, input.Type));
        Assert.Equal([-1L, 5L], input.Shape);
        Assert.Equal(["label", "probability"], onnx.Outputs.Select(output => output.Name));
        Assert.Equal([TensorType.Int64, TensorType.Float32], onnx.Outputs.Select(output => output.Type));
        Assert.All(onnx.Outputs, output => Assert.Equal([-1L], output.Shape));
        Assert.Equal(5, onnx.Scorer!.FeatureCount);
    }

    private static void AssertEqual(TrainedModel model, OnnxModel onnx, FeatureMatrix rows)
    {
        var (expected, expectedLabels) = model.Predict(rows);
        var outputs = onnx.Run([Matrix(rows)]);
        var labels = outputs[0].Values<long>().ToArray();
        var probabilities = outputs[1].Values<float>().ToArray();

        Assert.Equal(0, Enumerable.Range(0, rows.Rows).Count(row => labels[row] != (expectedLabels[row] ? 1 : 0)));
        Assert.InRange(Enumerable.Range(0, rows.Rows).Max(row => Math.Abs(probabilities[row] - expected[row])), 0, 1e-5);
    }

    private static Tensor Matrix(FeatureMatrix rows) => Tensor.Of(rows.Values.ToArray(), rows.Rows, rows.Names.Count);

    /// <summary>Sets every fourth value to a threshold of a split on its feature, or to a float next to one.</summary>
    private static FeatureMatrix WithThresholds(Table table, TrainedModel model, int seed)
    {
        var thresholds = model.Trees
            .SelectMany(tree => tree.NumericalSplitFeatureIndexes.Zip(tree.NumericalSplitThresholds))
            .ToLookup(split => model.Features[split.First], split => split.Second);
        Assert.Equal(model.Trees.Count > 0, thresholds.Count > 0);
        var random = new Random(seed);
        var columns = model.Features.Select(name => Replace(table[name], [.. thresholds[name]], random));
        return FeatureMatrix.From(new Table([.. columns]), model.Features);
    }

    private static Column Replace(Column column, float[] thresholds, Random random)
    {
        var values = Enumerable.Range(0, column.Length).Select(column.Number).ToArray();
        for (var row = 0; row < values.Length && thresholds.Length > 0; row++)
        {
            var threshold = thresholds[random.Next(thresholds.Length)];
            values[row] = random.Next(12) switch
            {
                0 => threshold,
                1 => float.BitIncrement(threshold),
                2 => float.BitDecrement(threshold),
                _ => values[row],
            };
        }

        return Column.Float64(column.Name, values);
    }
}
