using System.Collections;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Pipelines.Trainers;

namespace Slipway.Tests.Trainers;

public sealed class BinaryTrainerTests
{
    private static readonly BinaryTrainer Trainer = new();

    [Theory]
    [InlineData(TrainerOptions.LightGbm)]
    [InlineData(TrainerOptions.FastTree)]
    [InlineData(TrainerOptions.LogisticRegression)]
    public void Equal_data_options_and_seed_give_an_equal_file_whatever_the_threads(string algorithm)
    {
        var table = Rows.Draw(3_000, seed: 1);
        var options = new TrainerOptions { Algorithm = algorithm, Trees = 20, RowFraction = 0.5, FeatureFraction = 0.7 };

        var first = Trainer.Train(table, Rows.Features, "late", options, default).ToOnnx();

        Assert.Equal(first, Trainer.Train(table, Rows.Features, "late", options, default).ToOnnx());
        Assert.Equal(first, Trainer.Train(table, Rows.Features, "late", options with { Threads = 1 }, default).ToOnnx());
    }

    [Theory]
    [InlineData(TrainerOptions.LightGbm)]
    [InlineData(TrainerOptions.FastTree)]
    public void Another_seed_draws_other_rows(string algorithm)
    {
        var table = Rows.Draw(3_000, seed: 1);
        var options = new TrainerOptions { Algorithm = algorithm, Trees = 20, RowFraction = 0.5 };

        var first = Trainer.Train(table, Rows.Features, "late", options, default).ToOnnx();

        Assert.NotEqual(first, Trainer.Train(table, Rows.Features, "late", options with { Seed = 2 }, default).ToOnnx());
    }

    [Fact]
    public void One_LightGBM_tree_is_the_Newton_step_from_the_base_rate()
    {
        // p₀ = 45/100, and a leaf is Σ(y − p₀) / Σp₀(1 − p₀) = ∓12.5/12.375; so the logits are ln(0.45/0.55) ∓ 1.010101.
        var options = new TrainerOptions { Trees = 1, LearningRate = 1, L2 = 0 };

        var scores = Trainer.Train(Rows.TwoGroups(), ["x"], "late", options, default).Score(Rows.TwoGroups());

        Assert.Equal(0.22956, scores[0], 4);
        Assert.Equal(0.69200, scores[99], 4);
    }

    [Fact]
    public void Logistic_regression_on_two_groups_gives_each_its_share()
    {
        // Without regularisation the maximum likelihood of a saturated model is the observed frequency: 10/50 and 35/50.
        var options = new TrainerOptions { Algorithm = TrainerOptions.LogisticRegression, L2 = 0 };

        var scores = Trainer.Train(Rows.TwoGroups(), ["x"], "late", options, default).Score(Rows.TwoGroups());

        Assert.Equal(0.2, scores[0], 3);
        Assert.Equal(0.7, scores[99], 3);
    }

    [Fact]
    public void Logistic_regression_takes_a_missing_value_for_the_mean()
    {
        var table = Rows.Draw(2_000, seed: 1);
        var known = Enumerable.Range(0, table.Rows).Where(row => !table["delay"].IsNull(row)).Select(table["delay"].Number);
        var options = new TrainerOptions { Algorithm = TrainerOptions.LogisticRegression };
        var model = Trainer.Train(table, ["delay"], "late", options, default);

        var scores = model.Score(new Table([Column.Float64("delay", [0, known.Average()], new BitArray([true, false]))]));

        Assert.Equal(scores[1], scores[0], 6);
    }

    [Theory]
    [InlineData(TrainerOptions.LightGbm)]
    [InlineData(TrainerOptions.FastTree)]
    public void Trees_learn_from_what_is_missing(string algorithm)
    {
        // Values on both sides of zero: here ML.NET's own way with NaN is right for 70 % of the rows, those that are present.
        var random = new Random(1);
        var missing = new BitArray(2_000);
        var values = new double[missing.Length];
        for (var i = 0; i < values.Length; i++)
        {
            (values[i], missing[i]) = ((random.NextDouble() * 2) - 1, random.NextDouble() < 0.3);
        }

        var table = new Table([Column.Float64("x", values, missing), Column.Bool("late", [.. missing.Cast<bool>()])]);

        var (_, labels) = Trainer.Train(table, ["x"], "late", new TrainerOptions { Algorithm = algorithm }, default).Predict(table);

        Assert.Equal(missing.Cast<bool>(), labels);
    }

    [Fact]
    public void The_feature_that_decides_is_the_most_important()
    {
        var model = Trainer.Train(Rows.Draw(3_000, seed: 1), Rows.Features, "late", new TrainerOptions { Trees = 10 }, default);

        Assert.Equal("delay", model.Importance[0].Feature);
        Assert.Equal(1, model.Importance.Sum(importance => importance.Share), 9);
        Assert.Equal(Rows.Features.Order(), model.Importance.Select(importance => importance.Feature).Order());
    }

    [Fact]
    public void Where_LightGBM_cannot_load_FastTree_trains_and_says_so()
    {
        var trainer = new BinaryTrainer(() => "LightGBM needs the system library libgomp1.");
        var table = Rows.Draw(500, seed: 1);

        var model = trainer.Train(table, Rows.Features, "late", new TrainerOptions { Trees = 3 }, default);

        Assert.Equal(TrainerOptions.FastTree, model.Algorithm);
        Assert.Equal("LightGBM needs the system library libgomp1. FastTree trained instead.", model.Notice);
        Assert.Null(trainer.Train(table, Rows.Features, "late", new TrainerOptions { Algorithm = "fasttree", Trees = 3 }, default).Notice);
    }

    [Fact]
    public void The_signature_names_what_goes_in_and_what_comes_out()
    {
        var options = new TrainerOptions { Trees = 3 };

        var signature = Trainer.Train(Rows.Draw(500, seed: 1), ["weekend", "hour"], "late", options, default).Signature;

        Assert.Equal([new("weekend", DataType.Bool), new("hour", DataType.Int64)], signature.Inputs);
        Assert.Equal([new("label", DataType.Int64, false), new("probability", DataType.Float32, false)], signature.Outputs);
    }

    [Fact]
    public void Training_stops_when_cancelled() => Assert.ThrowsAny<OperationCanceledException>(() =>
        Trainer.Train(Rows.Draw(500, seed: 1), Rows.Features, "late", new TrainerOptions(), new CancellationToken(canceled: true)));
}
