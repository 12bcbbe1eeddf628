using System.Collections;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Pipelines.Trainers;

namespace Slipway.Tests.Trainers;

public sealed class BinaryTrainerRefusalTests
{
    private static readonly Table Table = Rows.TwoGroups();

    [Fact]
    public void A_label_of_one_class_is_refused() => Refused(
        "The label 'late' is 0 in all 100 rows; a classifier needs rows of both classes.",
        Table.With(Column.Bool("late", new bool[100])));

    [Fact]
    public void A_missing_label_is_refused() => Refused(
        "The label 'late' is missing in 1 of 100 rows; leave those rows out.",
        Table.With(Column.Bool("late", Table["late"].Bools, new BitArray(100) { [7] = true })));

    [Fact]
    public void A_label_that_is_neither_0_nor_1_is_refused() => Refused(
        "The label 'late' is 0 or 1 (or a boolean); row 3 holds 2.",
        Table.With(Column.Int64("late", [0, 1, 0, 2, .. new long[96]])));

    [Fact]
    public void A_label_of_text_is_refused() => Refused(
        "Column 'late' is string, not a numeric column.", Table.With(Column.String("late", [.. Enumerable.Repeat("yes", 100)])));

    [Fact]
    public void No_rows_are_refused() => Refused(
        "The label 'late' is 0 in all 0 rows; a classifier needs rows of both classes.", Table.Take([]));

    [Fact]
    public void A_feature_of_text_is_refused() => Refused(
        "Feature 'x' is a string; a model takes numbers and booleans. Encode it as a feature first.",
        Table.With(Column.String("x", new string?[100])));

    [Fact]
    public void A_value_beyond_the_range_of_a_float_is_refused() => Refused(
        "The feature 'x' is infinite, or beyond ±3.4e38, in row 1; make it missing or bound it.",
        Table.With(Column.Float64("x", [0, 1e300, .. new double[98]])));

    [Fact]
    public void An_absent_feature_is_refused() => Refused("There is no column 'speed'; there are x, late.", Table, ["speed"]);

    [Fact]
    public void No_features_are_refused() => Refused("A model needs at least one feature; got none.", Table, []);

    [Fact]
    public void A_feature_given_twice_is_refused() =>
        Refused("The feature 'x' stands 2 times in the list of features.", Table, ["x", "x"]);

    [Fact]
    public void The_label_as_a_feature_is_refused() =>
        Refused("The label 'late' is also a feature; the model would only copy it.", Table, ["x", "late"]);

    [Fact]
    public void An_unknown_algorithm_is_refused() => Refused(
        "The trainer option 'algorithm' is lightgbm, fasttree or logistic-regression; got 'oracle'.",
        Table, options: new TrainerOptions { Algorithm = "oracle" });

    [Fact]
    public void An_option_out_of_range_is_refused() => Refused(
        "The trainer option 'minRowsPerLeaf' lies between 1 and 1000000; got 0.", Table, options: new TrainerOptions { MinRowsPerLeaf = 0 });

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(0)]
    [InlineData(1.5)]
    public void A_learning_rate_outside_its_range_is_refused(double rate)
    {
        var error = Assert.Throws<SlipwayException>(() => new TrainerOptions { LearningRate = rate }.Validate());
        Assert.StartsWith("The trainer option 'learningRate' lies between 0.0001 and 1; got ", error.Message, StringComparison.Ordinal);
    }

    private static void Refused(string message, Table table, string[]? features = null, TrainerOptions? options = null)
    {
        var error = Assert.Throws<SlipwayException>(() =>
            new BinaryTrainer().Train(table, features ?? ["x"], "late", options ?? new TrainerOptions(), default));
        Assert.Equal((ErrorKind.Invalid, message), (error.Kind, error.Message));
    }
}
