using FsCheck;
using FsCheck.Fluent;
using Slipway.Core.Errors;
using Slipway.Core.Statistics;

namespace Slipway.Tests.Statistics;

public sealed class BinningTests
{
    [Fact]
    public void Quartiles_of_eight_values_hold_two_each()
    {
        double[] reference = [8, 1, 7, 2, 6, 3, 5, 4];
        var edges = Binning.QuantileEdges(reference, 4);
        Assert.Equal([2, 4, 6], edges);
        var counts = new long[4];
        Assert.Equal(0, Binning.Count(reference, edges, counts));
        Assert.Equal([2, 2, 2, 2], counts);
    }

    [Fact]
    public void Values_outside_the_reference_fall_into_the_outer_bins_and_missing_ones_into_none()
    {
        var counts = new long[3];
        double[] values = [double.NegativeInfinity, 1, 1.5, 2, 99, double.PositiveInfinity, double.NaN];
        var missing = Binning.Count(values, [1, 2], counts);
        Assert.Equal(1, missing);
        Assert.Equal([2, 2, 2], counts);
    }

    [Fact]
    public void A_frequent_value_takes_fewer_edges_and_a_constant_none()
    {
        Assert.Equal([0], Binning.QuantileEdges([0, 0, 0, 0, 0, 0, 0, 1, 2, 3], 4)[..1]);
        Assert.Empty(Binning.QuantileEdges([7, 7, 7], 10));
    }

    [Fact]
    public void Every_bin_holds_some_of_the_reference_and_all_of_it_is_counted() =>
        Prop.ForAll(Draw.TiedSamples(50), Gen.Choose(2, 12).ToArbitrary(), (sample, bins) =>
        {
            var edges = Binning.QuantileEdges(sample, bins);
            var counts = new long[edges.Length + 1];
            Binning.Count(sample, edges, counts);
            return counts.Length <= bins && counts.All(c => c > 0) && counts.Sum() == sample.Length;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Bins_without_values_or_with_wrong_counts_are_refused()
    {
        Assert.Equal(ErrorKind.Invalid, Assert.Throws<SlipwayException>(() => Binning.QuantileEdges([], 4)).Kind);
        Assert.Throws<SlipwayException>(() => Binning.QuantileEdges([1, 2], 1));
        Assert.Throws<SlipwayException>(() => Binning.Count([1], [1, 2], new long[2]));
    }

    [Fact]
    public void Categories_are_aligned_over_their_union()
    {
        var counts = CategoryCounts.Align(["b", null, "a", "b"], ["c", "b", null, null]);
        Assert.Equal(["a", "b", "c"], counts.Categories);
        Assert.Equal([1, 2, 0], counts.Reference);
        Assert.Equal([0, 1, 1], counts.Current);
        Assert.Equal((1, 2), (counts.ReferenceMissing, counts.CurrentMissing));
    }
}
