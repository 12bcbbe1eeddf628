using FsCheck;
using FsCheck.Fluent;
using Slipway.Core.Errors;
using Slipway.Core.Statistics;

namespace Slipway.Tests.Statistics;

public sealed class KolmogorovSmirnovTests
{
    [Fact]
    public void Two_of_twenty_deals_separate_three_from_three()
    {
        var test = KolmogorovSmirnov.TwoSample([3, 1, 2], [6, 5, 4]);
        Assert.Equal(1, test.Statistic);
        Assert.Equal(0.1, test.PValue, 15);
    }

    [Fact]
    public void Ties_are_passed_in_one_step()
    {
        // After 1: F = 2/4, G = 1/2; after 2: F = 1, G = 1/2. Inside the run of ones F − G would reach 1/2 too early.
        var test = KolmogorovSmirnov.TwoSample([1, 1, 2, 2], [1, 3]);
        Assert.Equal(0.5, test.Statistic);
        Assert.Equal(0, KolmogorovSmirnov.TwoSample([1, 1, 2, 2], [1, 2]).Statistic);
        Assert.Equal(1, KolmogorovSmirnov.TwoSample([1, 1, 2, 2], [1, 2]).PValue);
    }

    [Fact]
    public void The_exact_p_counts_every_deal_of_the_pooled_values() =>
        Prop.ForAll(Draw.TiedSamples(6), Draw.TiedSamples(6), (a, b) =>
        {
            var test = KolmogorovSmirnov.TwoSample(a, b);
            return Math.Abs(test.Statistic - Gap(a, b)) < 1e-12 && Math.Abs(test.PValue - ByEnumeration(a, b)) < 1e-12;
        }).QuickCheckThrowOnFailure();

    private static double Gap(double[] a, double[] b) => a.Concat(b).Max(x =>
        Math.Abs(((double)a.Count(v => v <= x) / a.Length) - ((double)b.Count(v => v <= x) / b.Length)));

    private static double ByEnumeration(double[] a, double[] b)
    {
        double[] pooled = [.. a, .. b];
        var observed = Gap(a, b);
        var (deals, extreme) = (0, 0);
        for (var mask = 0; mask < 1 << pooled.Length; mask++)
        {
            if (int.PopCount(mask) == a.Length)
            {
                double[] first = [.. pooled.Where((_, i) => (mask & (1 << i)) != 0)];
                double[] second = [.. pooled.Where((_, i) => (mask & (1 << i)) == 0)];
                deals++;
                extreme += Gap(first, second) >= observed - 1e-12 ? 1 : 0;
            }
        }

        return (double)extreme / deals;
    }

    /// <summary>Gnedenko and Korolyuk (1951): P(nD ≥ k) = 2·Σ (−1)ʲ⁻¹·C(2n, n − jk)/C(2n, n) for equal sizes.</summary>
    private static double EqualSizes(int n, int k)
    {
        var sum = 0.0;
        for (var j = 1; j * k <= n; j++)
        {
            var ratio = 1.0;
            for (var i = 1; i <= j * k; i++)
            {
                ratio *= (double)(n - (j * k) + i) / (n + i);
            }

            sum += j % 2 == 1 ? ratio : -ratio;
        }

        return 2 * sum;
    }

    [Theory]
    [InlineData(20, 9, 1e-12)]
    [InlineData(100, 19, 1e-12)]
    [InlineData(100, 95, 1e-12)]
    [InlineData(1000, 61, 1e-11)]
    [InlineData(1001, 43, 0.005)]
    [InlineData(1001, 61, 0.005)]
    [InlineData(1001, 73, 0.005)]
    [InlineData(4000, 121, 0.005)]
    public void Equal_sizes_follow_the_closed_form(int n, int k, double relative)
    {
        // Shifted by k − ½ steps: the k smallest values are all of the first sample.
        double[] a = [.. Enumerable.Range(0, n).Select(i => (double)i)];
        double[] b = [.. a.Select(x => x + k - 0.5)];
        var test = KolmogorovSmirnov.TwoSampleSorted(a, b);
        Assert.Equal((double)k / n, test.Statistic, 14);
        Assert.InRange(test.PValue / EqualSizes(n, k), 1 - relative, 1 + relative);
    }

    /// <summary>Expected: the lattice-path recursion in Python over all n·m points, in double precision.</summary>
    [Theory]
    [InlineData(1500, 1000, 0.055, 83_500, 0.04726652402036905, 0.01)]
    [InlineData(40_000, 30, 0.24, 308_010, 0.03141899416826607, 0.05)]
    [InlineData(1001, 1000, 0.06, 61_000, 0.04561737598990962, 0.03)]
    [InlineData(1001, 1000, 0.08, 81_000, 0.002606967418243498, 0.03)]
    public void Unequal_sizes_beyond_the_exact_limit_stay_close_to_the_exact_law(
        int n, int m, double shift, long gap, double exact, double relative)
    {
        double[] a = [.. Enumerable.Range(0, n).Select(i => (i + 0.5) / n)];
        double[] b = [.. Enumerable.Range(0, m).Select(j => ((j + 0.5) / m) + shift)];
        var test = KolmogorovSmirnov.TwoSample(a, b);
        Assert.Equal((double)gap / ((long)n * m), test.Statistic, 14);
        Assert.InRange(test.PValue / exact, 1 - relative, 1 + relative);
    }

    [Fact]
    public void Without_drift_the_limit_law_alarms_as_often_as_promised()
    {
        var random = new Random(1);
        var alarms = Enumerable.Range(0, 3000).Count(_ =>
            KolmogorovSmirnov.TwoSample(Draw.Normals(random, 1100), Draw.Normals(random, 1000)).PValue <= 0.05);
        Assert.InRange(alarms / 3000.0, 0.035, 0.06);
    }

    [Fact]
    public void Swapping_the_samples_or_stretching_the_axis_changes_nothing() =>
        Prop.ForAll(Draw.TiedSamples(30), Draw.TiedSamples(30), (a, b) =>
        {
            var test = KolmogorovSmirnov.TwoSample(a, b);
            var swapped = KolmogorovSmirnov.TwoSample(b, a);
            var stretched = KolmogorovSmirnov.TwoSample([.. a.Select(Math.Exp)], [.. b.Select(Math.Exp)]);
            return test.Statistic == swapped.Statistic && Math.Abs(test.PValue - swapped.PValue) < 1e-12 && test == stretched;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_missing_value_an_empty_sample_and_disorder_are_the_callers_errors()
    {
        var error = Assert.Throws<SlipwayException>(() => KolmogorovSmirnov.TwoSample([1, double.NaN], [1]));
        Assert.Equal(ErrorKind.Invalid, error.Kind);
        Assert.Throws<SlipwayException>(() => KolmogorovSmirnov.TwoSample([], [1]));
        Assert.Throws<SlipwayException>(() => KolmogorovSmirnov.TwoSampleSorted([1, 2], [2, 1]));
    }

    [Fact]
    public void Comparing_presorted_samples_allocates_nothing()
    {
        double[] a = [.. Enumerable.Range(0, 800).Select(i => (double)i)];
        double[] b = [.. Enumerable.Range(0, 800).Select(i => i + 20.5)];
        KolmogorovSmirnov.TwoSampleSorted(a, b);
        var before = GC.GetAllocatedBytesForCurrentThread();
        KolmogorovSmirnov.TwoSampleSorted(a, b);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
