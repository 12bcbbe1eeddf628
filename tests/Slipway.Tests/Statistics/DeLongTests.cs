using FsCheck;
using FsCheck.Fluent;
using Slipway.Core.Errors;
using Slipway.Core.Statistics;

namespace Slipway.Tests.Statistics;

public sealed class DeLongTests
{
    [Fact]
    public void Five_rows_by_hand()
    {
        // A: the positives (0.9, 0.4) outscore 3/3 and 1/3 of the negatives (0.1, 0.5, 0.6); B: (0.8, 0.7) outscore all.
        // V10 B − A = (0, 2/3), sample variance 2/9; V01 B − A = (1 − 1, 1 − ½, 1 − ½), sample variance 1/12.
        var test = DeLong.Compare([0.9, 0.4, 0.1, 0.5, 0.6], [0.8, 0.7, 0.1, 0.2, 0.3], [true, true, false, false, false]);
        Assert.Equal(2.0 / 3, test.AucA, 14);
        Assert.Equal(1, test.AucB, 14);
        Assert.Equal(1.0 / 3, test.Difference, 14);
        Assert.Equal(Math.Sqrt((2.0 / 9 / 2) + (1.0 / 12 / 3)), test.StandardError, 14);
        Assert.Equal(test.PValue, 2 * test.PValueBBetter, 14);
    }

    [Fact]
    public void The_ranks_give_what_comparing_every_pair_gives() => Prop.ForAll(Rows, rows =>
    {
        bool[] labels = [.. rows.Select((_, i) => i % 3 == 0)];
        double[] a = [.. rows.Select(r => (double)(r % 8))];
        double[] b = [.. rows.Select(r => (double)(r / 8))];
        var test = DeLong.Compare(a, b, labels);
        var (difference, error) = ByPairs(a, b, labels);
        return Math.Abs(test.Difference - difference) < 1e-12 && Math.Abs(test.StandardError - error) < 1e-12;
    }).QuickCheckThrowOnFailure();

    private static readonly Arbitrary<int[]> Rows =
        Gen.Choose(6, 40).SelectMany(n => Gen.Choose(0, 63).ArrayOf(n)).ToArbitrary();

    private static (double Difference, double Error) ByPairs(double[] a, double[] b, bool[] labels)
    {
        static double Wins(double x, double y) => x > y ? 1 : x == y ? 0.5 : 0;
        int[] positives = [.. Enumerable.Range(0, labels.Length).Where(i => labels[i])];
        int[] negatives = [.. Enumerable.Range(0, labels.Length).Where(i => !labels[i])];
        double Gain(int p, int n) => Wins(b[p], b[n]) - Wins(a[p], a[n]);
        double[] v10 = [.. positives.Select(p => negatives.Average(n => Gain(p, n)))];
        double[] v01 = [.. negatives.Select(n => positives.Average(p => Gain(p, n)))];
        static double Variance(double[] v) => v.Sum(x => (x - v.Average()) * (x - v.Average())) / (v.Length - 1);
        return (v10.Average(), Math.Sqrt((Variance(v10) / v10.Length) + (Variance(v01) / v01.Length)));
    }

    [Fact]
    public void Swapping_the_models_turns_the_sign() => Prop.ForAll(Rows, rows =>
    {
        bool[] labels = [.. rows.Select((_, i) => i % 2 == 0)];
        double[] a = [.. rows.Select(r => (double)(r % 8))];
        double[] b = [.. rows.Select(r => (double)(r / 8))];
        var (there, back) = (DeLong.Compare(a, b, labels), DeLong.Compare(b, a, labels));
        return Math.Abs(there.Z + back.Z) < 1e-9 && Math.Abs(there.PValue - back.PValue) < 1e-9;
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(0.0, 0.03, 0.07)]
    [InlineData(0.5, 0.9, 1.0)]
    public void A_better_model_is_found_and_an_equal_one_seldom_taken_for_better(double edge, double least, double most)
    {
        // Both models see a common signal with noise of their own; B sees the class more clearly by the edge.
        var random = new Random(11);
        var found = Enumerable.Range(0, 1000).Count(_ =>
        {
            bool[] labels = [.. Enumerable.Range(0, 400).Select(_ => random.NextDouble() < 0.3)];
            double[] common = [.. labels.Select(l => (l ? 1 : 0) + Draw.Normal(random))];
            double[] a = [.. common.Select(x => x + (0.5 * Draw.Normal(random)))];
            double[] b = [.. common.Select((x, i) => x + (labels[i] ? edge : 0) + (0.5 * Draw.Normal(random)))];
            return DeLong.Compare(a, b, labels).PValueBBetter <= 0.05;
        });
        Assert.InRange(found / 1000.0, least, most);
    }

    [Fact]
    public void Without_spread_there_is_no_evidence()
    {
        bool[] labels = [true, true, true, false, false, false, false, false, false, false];
        double[] scores = [.. labels.Select((l, i) => (l ? 10 : 0) + (i / 100.0))];
        var same = DeLong.Compare(scores, [.. scores.Select(s => s * s)], labels);
        Assert.Equal((0.0, 0.5, 1.0), (same.Z, same.PValueBBetter, same.PValue));
        var opposite = DeLong.Compare([.. scores.Select(s => -s)], scores, labels);
        Assert.Equal((1.0, 1.0, 1.0), (opposite.Difference, opposite.PValueBBetter, opposite.PValue));
    }

    [Fact]
    public void Too_few_rows_of_a_class_and_missing_scores_are_refused()
    {
        Assert.Equal(
            ErrorKind.Invalid,
            Assert.Throws<SlipwayException>(() => DeLong.Compare([1, 2, 3], [1, 2, 3], [true, false, false])).Kind);
        Assert.Throws<SlipwayException>(() => DeLong.Compare([1, 2], [1, 2, 3], [true, false, false]));
        Assert.Throws<SlipwayException>(
            () => DeLong.Compare([1, 2, double.NaN, 4], [1, 2, 3, 4], [true, true, false, false]));
    }
}
