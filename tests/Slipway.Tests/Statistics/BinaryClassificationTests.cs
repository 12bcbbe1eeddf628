using FsCheck;
using FsCheck.Fluent;
using Slipway.Core.Errors;
using Slipway.Core.Statistics;

namespace Slipway.Tests.Statistics;

public sealed class BinaryClassificationTests
{
    [Fact]
    public void Four_rows_by_hand()
    {
        var m = BinaryClassification.Evaluate([0.1, 0.4, 0.35, 0.8], [false, false, true, true], threshold: 0.4);

        // Three of four pairs are in order; (0.1² + 0.4² + 0.65² + 0.2²)/4.
        Assert.Equal(0.75, m.Auc);
        Assert.Equal(0.158125, m.Brier, 14);
        Assert.Equal(-(Math.Log(0.9) + Math.Log(0.6) + Math.Log(0.35) + Math.Log(0.8)) / 4, m.LogLoss, 14);
        Assert.Equal((1, 1, 1, 1), (m.TruePositives, m.FalsePositives, m.TrueNegatives, m.FalseNegatives));
        Assert.Equal((0.5, 0.5, 0.5, 0.5), (m.Precision, m.Recall, m.F1, m.Accuracy));
        Assert.Equal((4, 2), (m.Count, m.Positives));
    }

    [Fact]
    public void Brier_matches_the_example_of_scikit_learn() =>
        Assert.Equal(0.0375, BinaryClassification.Evaluate([0.1, 0.9, 0.8, 0.3], [false, true, true, false]).Brier, 14);

    [Fact]
    public void One_class_only_has_no_auc_and_an_absent_ratio_is_null()
    {
        var m = BinaryClassification.Evaluate([0.1, 0.2, 0.0], [false, false, false]);
        Assert.Null(m.Auc);
        Assert.Null(m.Precision);
        Assert.Null(m.Recall);
        Assert.Null(m.F1);
        Assert.Equal(1, m.Accuracy);
    }

    [Fact]
    public void A_certain_error_costs_a_finite_log_loss() =>
        Assert.Equal(52 * Math.Log(2), BinaryClassification.Evaluate([0.0], [true]).LogLoss, 12);

    [Fact]
    public void Auc_is_the_share_of_pairs_in_order() => Prop.ForAll(Rows, rows =>
    {
        var (scores, labels) = Split(rows);
        var auc = BinaryClassification.Evaluate(scores, labels).Auc;
        var pairs = (
            from positive in scores.Where((_, i) => labels[i])
            from negative in scores.Where((_, i) => !labels[i])
            select positive > negative ? 1 : positive == negative ? 0.5 : 0).ToList();
        return pairs.Count == 0 ? auc is null : Math.Abs(auc!.Value - pairs.Average()) < 1e-12;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_order_of_the_rows_does_not_matter() => Prop.ForAll(Rows, rows =>
    {
        var (scores, labels) = Split(rows);
        var there = BinaryClassification.Evaluate(scores, labels);
        var back = BinaryClassification.Evaluate([.. scores.Reverse()], [.. labels.Reverse()]);
        return there.Auc == back.Auc
            && Math.Abs(there.LogLoss - back.LogLoss) < 1e-12
            && Math.Abs(there.ExpectedCalibrationError - back.ExpectedCalibrationError) < 1e-12
            && there.CalibrationBins.Sum(b => b.Count) == rows.Length
            && there.CalibrationBins.Zip(there.CalibrationBins.Skip(1)).All(pair => pair.First.Highest < pair.Second.Lowest);
    }).QuickCheckThrowOnFailure();

    private static readonly Arbitrary<int[]> Rows = Gen.Choose(0, 41).NonEmptyListOf().Select(l => l.ToArray()).ToArbitrary();

    private static (double[] Scores, bool[] Labels) Split(int[] rows) =>
        ([.. rows.Select(r => r / 2 / 20.0)], [.. rows.Select(r => r % 2 == 1)]);

    [Fact]
    public void Calibration_compares_promise_and_outcome_in_ten_equal_bins()
    {
        // Scores 0.00 … 0.99; in each ten exactly as many positives as the bin's number: shares 0, 0.1, …, 0.9 against means
        // 0.045, 0.145, …: off by 0.045 in each bin.
        double[] scores = [.. Enumerable.Range(0, 100).Select(i => i / 100.0)];
        bool[] labels = [.. Enumerable.Range(0, 100).Select(i => i % 10 < i / 10)];
        var m = BinaryClassification.Evaluate(scores, labels);
        Assert.Equal(10, m.CalibrationBins.Count);
        Assert.Equal(0.045, m.ExpectedCalibrationError, 12);
        var third = m.CalibrationBins[2];
        Assert.Equal((0.2, 0.29, 10), (third.Lowest, third.Highest, third.Count));
        Assert.Equal(0.245, third.MeanScore, 12);
        Assert.Equal(0.2, third.PositiveShare, 12);
    }

    [Fact]
    public void Equal_scores_stay_in_one_bin()
    {
        var m = BinaryClassification.Evaluate([.. Enumerable.Repeat(0.3, 50)], [.. Enumerable.Range(0, 50).Select(i => i < 10)]);
        Assert.Single(m.CalibrationBins);
        Assert.Equal(0.1, m.ExpectedCalibrationError, 12);
        Assert.Equal(0.5, m.Auc);
    }

    [Fact]
    public void Scores_that_are_no_probabilities_are_refused()
    {
        Assert.Equal(ErrorKind.Invalid, Assert.Throws<SlipwayException>(() => BinaryClassification.Evaluate([1.2], [true])).Kind);
        Assert.Throws<SlipwayException>(() => BinaryClassification.Evaluate([double.NaN], [true]));
        Assert.Throws<SlipwayException>(() => BinaryClassification.Evaluate([0.5], [true, false]));
        Assert.Throws<SlipwayException>(() => BinaryClassification.Evaluate([], []));
    }
}
