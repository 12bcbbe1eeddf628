using FsCheck;
using FsCheck.Fluent;
using Slipway.Core.Errors;
using Slipway.Core.Statistics;

namespace Slipway.Tests.Statistics;

public sealed class MultipleTestingTests
{
    private static void Close(double[] expected, double[] actual) => Assert.All(
        expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 14));

    [Fact]
    public void Five_p_values_by_hand()
    {
        double[] p = [0.03, 0.01, 0.05, 0.02, 0.04];
        Close([0.15, 0.05, 0.25, 0.1, 0.2], MultipleTesting.Bonferroni(p));
        Close([0.09, 0.05, 0.09, 0.08, 0.09], MultipleTesting.Holm(p));
        Close([0.05, 0.05, 0.05, 0.05, 0.05], MultipleTesting.BenjaminiHochberg(p));
    }

    [Fact]
    public void The_thrombolysis_example_of_the_paper_finds_four_where_bonferroni_finds_three()
    {
        // Benjamini and Hochberg (1995), section 3.2.
        double[] p =
        [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1,
        ];
        Assert.Equal(4, MultipleTesting.BenjaminiHochberg(p).Count(x => x <= 0.05));
        Assert.Equal(3, MultipleTesting.Bonferroni(p).Count(x => x <= 0.05));
    }

    [Fact]
    public void Adjusting_keeps_the_order_and_never_lowers_and_holm_lies_between() =>
        Prop.ForAll(Gen.Choose(0, 1000).Select(k => k / 1000.0).NonEmptyListOf().Select(l => l.ToArray()).ToArbitrary(), p =>
        {
            var bh = MultipleTesting.BenjaminiHochberg(p);
            var holm = MultipleTesting.Holm(p);
            var bonferroni = MultipleTesting.Bonferroni(p);
            return Enumerable.Range(0, p.Length).All(i =>
                    p[i] <= bh[i] && bh[i] <= holm[i] + 1e-12 && holm[i] <= bonferroni[i] + 1e-12 && bonferroni[i] <= 1)
                && KeepsOrder(p, bh) && KeepsOrder(p, holm);
        }).QuickCheckThrowOnFailure();

    private static bool KeepsOrder(double[] raw, double[] adjusted) => raw
        .Zip(adjusted).OrderBy(pair => pair.First).ThenBy(pair => pair.Second).Select(pair => pair.Second)
        .Aggregate((Last: 0.0, Holds: true), (state, x) => (x, state.Holds && x >= state.Last)).Holds;

    [Fact]
    public void What_is_no_probability_is_refused_and_nothing_gives_nothing()
    {
        Assert.Equal(ErrorKind.Invalid, Assert.Throws<SlipwayException>(() => MultipleTesting.Holm([0.1, double.NaN])).Kind);
        Assert.Throws<SlipwayException>(() => MultipleTesting.Bonferroni([1.1]));
        Assert.Empty(MultipleTesting.BenjaminiHochberg([]));
    }
}
