using FsCheck;
using FsCheck.Fluent;
using Slipway.Core.Errors;
using Slipway.Core.Statistics;

namespace Slipway.Tests.Statistics;

public sealed class DistanceTests
{
    [Fact]
    public void Psi_of_half_and_half_against_sixty_forty() =>
        Assert.Equal(0.1 * Math.Log(1.5), PopulationStability.Psi([50, 50], [6, 4]), 15);

    [Fact]
    public void An_empty_bin_costs_what_the_floor_says() =>
        Assert.Equal((0.5 - 0.01) * Math.Log(50) + (0.5 * Math.Log(2)), PopulationStability.Psi([1, 1], [0, 2], floor: 0.01), 14);

    [Fact]
    public void Psi_is_a_symmetric_distance() => Prop.ForAll(Draw.Histograms(), Draw.Histograms(), (a, b) =>
        PopulationStability.Psi(a, b) >= 0
        && Math.Abs(PopulationStability.Psi(a, b) - PopulationStability.Psi(b, a)) < 1e-12
        && PopulationStability.Psi(a, a) == 0).QuickCheckThrowOnFailure();

    [Fact]
    public void The_p_value_of_psi_alarms_as_often_as_promised_where_a_fixed_threshold_does_not()
    {
        var random = new Random(2);
        double[] deciles = [.. Enumerable.Repeat(0.1, 10)];
        var psi = Enumerable.Range(0, 3000)
            .Select(_ => PopulationStability.Psi(Draw.Multinomial(random, 200, deciles), Draw.Multinomial(random, 200, deciles)))
            .ToList();
        Assert.InRange(psi.Count(x => PopulationStability.PValue(x, 200, 200, 10) <= 0.05) / 3000.0, 0.03, 0.075);
        Assert.True(psi.Count(x => x > 0.1) > 600);
    }

    [Fact]
    public void Jensen_shannon_of_a_coin_against_a_certainty()
    {
        // ½·(½·log₂(½/¾) + ½·log₂(½/¼)) + ½·log₂(1/¾) = 3/4·log₂(4/3)… = 0.311278 bits.
        Assert.Equal(0.3112781244591328, JensenShannon.Divergence([1, 1], [7, 0]), 14);
        Assert.Equal(1, JensenShannon.Distance([1, 0], [0, 1]), 14);
        Assert.Equal(0, JensenShannon.Distance([3, 4], [6, 8]), 7);
    }

    [Fact]
    public void Jensen_shannon_and_total_variation_are_metrics() =>
        Prop.ForAll(Draw.Histograms(), Draw.Histograms(), Draw.Histograms(), (a, b, c) =>
            IsMetric(JensenShannon.Distance, a, b, c) && IsMetric(TotalVariation.Distance, a, b, c)).QuickCheckThrowOnFailure();

    private delegate double HistogramDistance(ReadOnlySpan<long> a, ReadOnlySpan<long> b);

    private static bool IsMetric(HistogramDistance distance, long[] a, long[] b, long[] c) =>
        distance(a, b) is >= 0 and <= 1
        && Math.Abs(distance(a, b) - distance(b, a)) < 1e-12
        && distance(a, c) <= distance(a, b) + distance(b, c) + 1e-7;

    [Fact]
    public void Total_variation_is_the_share_that_changed_category() =>
        Assert.Equal(0.3, TotalVariation.Distance([5, 5, 0], [2, 5, 3]), 15);

    [Fact]
    public void Wasserstein_moves_earth_the_shortest_way()
    {
        // Sorted against sorted: (|0−5| + |1−6| + |3−8|)/3.
        Assert.Equal(5, Wasserstein.Distance([3, 0, 1], [5, 6, 8]), 14);

        // F steps ½ at 0 and 1, G ⅔ at 0 and ⅓ at 3: |½ − ⅔|·1 + |1 − ⅔|·2.
        Assert.Equal((1.0 / 6) + (2.0 / 3), Wasserstein.Distance([0, 1], [0, 0, 3]), 14);
    }

    [Fact]
    public void Per_standard_deviation_a_shift_counts_in_sd_whatever_the_unit()
    {
        double[] reference = [1e9 + 1, 1e9 + 2, 1e9 + 3, 1e9 + 4];
        double[] shifted = [.. reference.Select(x => x + (0.5 * Math.Sqrt(1.25)))];
        Assert.Equal(0.5, Wasserstein.PerStandardDeviation(reference, shifted), 6);
        Assert.Equal(0, Wasserstein.PerStandardDeviation([7, 7], [7]));
        Assert.Equal(double.PositiveInfinity, Wasserstein.PerStandardDeviation([7, 7], [8]));
    }

    [Fact]
    public void Wasserstein_is_a_metric_that_measures_a_shift_by_its_size() =>
        Prop.ForAll(Draw.TiedSamples(12), Draw.TiedSamples(12), Draw.TiedSamples(12), (a, b, c) =>
            Math.Abs(Wasserstein.Distance(a, b) - Wasserstein.Distance(b, a)) < 1e-12
            && Wasserstein.Distance(a, c) <= Wasserstein.Distance(a, b) + Wasserstein.Distance(b, c) + 1e-12
            && Math.Abs(Wasserstein.Distance(a, [.. a.Select(x => x - 2.5)]) - 2.5) < 1e-12
            && Wasserstein.Distance(a, b) >= Math.Abs(a.Average() - b.Average()) - 1e-12).QuickCheckThrowOnFailure();

    [Fact]
    public void Histograms_that_do_not_match_and_values_that_are_not_finite_are_refused()
    {
        Assert.Equal(ErrorKind.Invalid, Assert.Throws<SlipwayException>(() => PopulationStability.Psi([1, 2], [1])).Kind);
        Assert.Throws<SlipwayException>(() => JensenShannon.Distance([0, 0], [1, 1]));
        Assert.Throws<SlipwayException>(() => TotalVariation.Distance([1, -1], [1, 1]));
        Assert.Throws<SlipwayException>(() => PopulationStability.Psi([1], [1], floor: 0));
        Assert.Throws<SlipwayException>(() => Wasserstein.Distance([1, double.PositiveInfinity], [1]));
    }
}
