using FsCheck;
using FsCheck.Fluent;
using Slipway.Core.Errors;
using Slipway.Core.Statistics;

namespace Slipway.Tests.Statistics;

public sealed class CountTests
{
    [Fact]
    public void Contingency_matches_the_example_of_scipy()
    {
        // scipy.stats.chi2_contingency([[10, 10, 20], [20, 20, 20]]).
        var test = ChiSquare.Contingency([10, 10, 20], [20, 20, 20]);
        Assert.Equal(2.7777777777777777, test.Statistic, 13);
        Assert.Equal(2, test.DegreesOfFreedom);
        Assert.Equal(0.24935220877729622, test.PValue, 14);
    }

    [Fact]
    public void Goodness_of_fit_matches_the_example_of_scipy()
    {
        // scipy.stats.chisquare([16, 18, 16, 14, 12, 12], f_exp=[16, 16, 16, 16, 16, 8]).
        double[] shares = [2 / 11.0, 2 / 11.0, 2 / 11.0, 2 / 11.0, 2 / 11.0, 1 / 11.0];
        var test = ChiSquare.GoodnessOfFit([16, 18, 16, 14, 12, 12], shares);
        Assert.Equal(3.5, test.Statistic, 13);
        Assert.Equal(0.62338762774958223, test.PValue, 13);
    }

    [Fact]
    public void Rare_categories_are_merged_until_five_are_expected()
    {
        // Pooled 4 + 4 + 4 in samples of equal size: together six are expected in either, and six were seen.
        var test = ChiSquare.Contingency([100, 3, 2, 1, 0], [100, 1, 2, 3, 0]);
        Assert.Equal(new ChiSquareResult(0, 1, 1, 3), test);
    }

    [Fact]
    public void Rare_ones_still_too_few_together_join_the_rarest_other()
    {
        // The last two (pooled 4, expected 2) join the second: 24 of 100 against 12 of 100.
        var test = ChiSquare.Contingency([76, 20, 4, 0], [88, 12, 0, 0]);
        Assert.Equal((1, 2), (test.DegreesOfFreedom, test.Merged));
        Assert.Equal(2 * 36 / 18.0 + (2 * 36 / 82.0), test.Statistic, 12);
    }

    [Fact]
    public void With_fewer_than_two_categories_left_the_test_refuses()
    {
        Assert.Equal(new ChiSquareResult(0, 0, 1, 2), ChiSquare.Contingency([100, 3], [100, 1]));
        Assert.Equal(new ChiSquareResult(0, 0, 1, 0), ChiSquare.Contingency([100], [50]));
        Assert.Equal(0, ChiSquare.GoodnessOfFit([1, 2], [0.5, 0.5]).DegreesOfFreedom);
    }

    [Theory]
    [InlineData(50, 50)]
    [InlineData(500, 100)]
    [InlineData(1000, 1000)]
    [InlineData(10_000, 30)]
    public void Without_drift_contingency_alarms_as_often_as_promised(int n, int m)
    {
        var random = new Random(3);
        double[] shares = [0.4, 0.3, 0.2, 0.06, 0.03, 0.01];
        var alarms = Enumerable.Range(0, 3000).Count(_ =>
            ChiSquare.Contingency(Draw.Multinomial(random, n, shares), Draw.Multinomial(random, m, shares)).PValue <= 0.05);
        Assert.InRange(alarms / 3000.0, 0.03, 0.06);
    }

    [Fact]
    public void The_order_of_categories_does_not_matter() => Prop.ForAll(Draw.Histograms(), Draw.Histograms(), (a, b) =>
    {
        var test = ChiSquare.Contingency(a, b);
        var reversed = ChiSquare.Contingency([.. a.Reverse()], [.. b.Reverse()]);
        return test.DegreesOfFreedom == reversed.DegreesOfFreedom && Math.Abs(test.PValue - reversed.PValue) < 1e-9;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Two_proportions_by_hand()
    {
        // Pooled 0.2: z = 0.1/√(0.2·0.8·0.02) = 1.76777; 2·(1 − Φ(z)) by mpmath.
        var test = TwoProportionZ.Test(15, 100, 25, 100);
        Assert.Equal(1.7677669529663687, test.Z, 13);
        Assert.Equal(0.07709987174354177, test.PValue, 13);
        Assert.Equal(0.07709987174354177 / 2, test.PValueBGreater, 13);
        Assert.Equal(ChiSquare.Contingency([15, 85], [25, 75]).Statistic, test.Z * test.Z, 12);
    }

    [Fact]
    public void Proportions_all_alike_give_no_evidence_and_impossible_ones_are_refused()
    {
        Assert.Equal((0.0, 1.0), (TwoProportionZ.Test(5, 5, 9, 9).Z, TwoProportionZ.Test(5, 5, 9, 9).PValue));
        Assert.Equal(ErrorKind.Invalid, Assert.Throws<SlipwayException>(() => TwoProportionZ.Test(6, 5, 1, 2)).Kind);
        Assert.Throws<SlipwayException>(() => TwoProportionZ.Test(0, 0, 1, 2));
    }

    [Fact]
    public void A_planned_split_that_came_out_otherwise_is_noticed()
    {
        var fair = SampleRatioMismatch.Test([5030, 4970], [0.5, 0.5]);
        var skewed = SampleRatioMismatch.Test([9300, 700], [0.95, 0.05]);
        Assert.True(fair.PValue > 0.5 && fair.AnytimePValue == 1);
        Assert.True(skewed.PValue < 1e-10 && skewed.AnytimePValue < 1e-10);

        // ∫ q³(1 − q) dq / (0.5)⁴ = 0.05·16 = 0.8.
        Assert.Equal(1, SampleRatioMismatch.Test([3, 1], [0.5, 0.5]).AnytimePValue);

        // ∫ q⁸ dq / 0.5⁸ = 256/9.
        Assert.Equal(9 / 256.0, SampleRatioMismatch.Test([8, 0], [0.5, 0.5]).AnytimePValue, 14);
        Assert.Throws<SlipwayException>(() => SampleRatioMismatch.Test([1, 2], [0.5, 0.6]));
        Assert.Throws<SlipwayException>(() => SampleRatioMismatch.Test([1, 2], [1, 0]));
    }

    [Fact]
    public void Watching_the_split_after_every_request_seldom_alarms_without_a_mismatch()
    {
        var random = new Random(4);
        var alarms = Enumerable.Range(0, 1000).Count(_ =>
        {
            var counts = new long[2];
            return Enumerable.Range(0, 200).Any(_ =>
            {
                counts[random.NextDouble() < 0.9 ? 0 : 1]++;
                return SampleRatioMismatch.Test(counts, [0.9, 0.1]).AnytimePValue <= 0.05;
            });
        });
        Assert.InRange(alarms, 1, 50);
    }
}
