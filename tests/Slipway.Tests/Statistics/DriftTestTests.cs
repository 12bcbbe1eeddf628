using System.Collections;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Core.Statistics;

namespace Slipway.Tests.Statistics;

public sealed class DriftTestTests
{
    private static readonly DriftOptions EvidenceOnly = new() { NumericEffectFloor = 0, CategoricalEffectFloor = 0 };

    [Fact]
    public void A_shift_is_drift_and_the_decision_says_why()
    {
        var random = new Random(5);
        var decision = DriftTest.Decide(Draw.Normals(random, 500), Draw.Normals(random, 500, mean: 1));
        Assert.Equal(DriftVerdict.Drift, decision.Verdict);
        Assert.Equal(("ks.two_sample", "wasserstein.std"), (decision.Method, decision.EffectMethod));
        Assert.InRange(decision.Effect!.Value, 0.8, 1.2);
        Assert.Equal((500, 500), (decision.ReferenceCount, decision.CurrentCount));
        Assert.Contains("beyond chance and large enough to matter", decision.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_real_but_small_difference_is_no_drift_unless_the_floor_is_lowered()
    {
        double[] reference = [.. Enumerable.Range(0, 100_000).Select(i => i / 100_000.0)];
        double[] current = [.. reference.Select(x => x + 0.01)];
        var decision = DriftTest.Decide(reference, current);
        Assert.True(decision.PValue < 1e-3);
        Assert.Equal(DriftVerdict.NoDrift, decision.Verdict);
        Assert.Contains("too small to matter", decision.Reason, StringComparison.Ordinal);
        Assert.Equal(DriftVerdict.Drift, DriftTest.Decide(reference, current, new() { NumericEffectFloor = 0.01 }).Verdict);
    }

    [Theory]
    [InlineData(30, 30)]
    [InlineData(200, 200)]
    [InlineData(1000, 100)]
    [InlineData(1200, 1200)]
    public void Numeric_false_alarms_stay_below_one_fifth_above_nominal(int n, int m)
    {
        var random = new Random(6);
        var alarms = Enumerable.Range(0, 2000).Count(_ =>
            DriftTest.Decide(Draw.Normals(random, n), Draw.Normals(random, m), EvidenceOnly).Verdict == DriftVerdict.Drift);
        Assert.InRange(alarms / 2000.0, 0.02, 0.06);
    }

    [Theory]
    [InlineData(30, 30, 5)]
    [InlineData(200, 200, 5)]
    [InlineData(1000, 1000, 5)]
    [InlineData(10_000, 200, 2)]
    public void Categorical_false_alarms_stay_below_one_fifth_above_nominal(int n, int m, int categories)
    {
        var random = new Random(7);
        double[] shares = [.. Enumerable.Repeat(1.0 / categories, categories)];
        string[] names = [.. shares.Select((_, i) => $"c{i}")];
        var alarms = Enumerable.Range(0, 2000).Count(_ => DriftTest.Decide(
            new CategoryCounts(names, Draw.Multinomial(random, n, shares), Draw.Multinomial(random, m, shares), 0, 0),
            EvidenceOnly).Verdict == DriftVerdict.Drift);
        Assert.InRange(alarms / 2000.0, 0.02, 0.06);
    }

    [Fact]
    public void Half_a_standard_deviation_is_found_in_two_hundred_rows()
    {
        var random = new Random(8);
        var found = Enumerable.Range(0, 1000).Count(_ =>
            DriftTest.Decide(Draw.Normals(random, 200), Draw.Normals(random, 200, mean: 0.5)).Verdict == DriftVerdict.Drift);
        Assert.InRange(found, 950, 1000);
    }

    [Fact]
    public void A_constant_column_has_no_drift_until_it_moves()
    {
        double[] sevens = [.. Enumerable.Repeat(7.0, 50)];
        double[] eights = [.. Enumerable.Repeat(8.0, 50)];
        var still = DriftTest.Decide(sevens, sevens);
        Assert.Equal((DriftVerdict.NoDrift, 1.0, 0.0), (still.Verdict, still.PValue, still.Effect));
        Assert.Contains("do not differ", still.Reason, StringComparison.Ordinal);

        // Both windows together: half 7, half 8, sd ½, so moving by 1 is two of them.
        var moved = DriftTest.Decide(sevens, eights);
        Assert.Equal((DriftVerdict.Drift, "wasserstein.pooled_std"), (moved.Verdict, moved.EffectMethod));
        Assert.Equal(2, moved.Effect!.Value, 12);
        Assert.Equal(DriftVerdict.NoDrift, DriftTest.Decide(sevens, [.. sevens[1..], 8]).Verdict);
    }

    [Fact]
    public void A_window_without_values_or_with_few_gets_a_verdict_not_a_crash()
    {
        double[] values = [.. Enumerable.Range(0, 40).Select(i => (double)i)];
        double[] empty = [.. Enumerable.Repeat(double.NaN, 40)];
        Assert.Equal(DriftVerdict.NotApplicable, DriftTest.Decide(values, empty).Verdict);
        Assert.Equal(DriftVerdict.NotApplicable, DriftTest.Decide(empty, values).Verdict);
        Assert.Equal(DriftVerdict.NotEnoughData, DriftTest.Decide(values, values.AsSpan(0, 29)).Verdict);
        Assert.Equal(DriftVerdict.NotEnoughData, DriftTest.Decide([], values).Verdict);
        var partly = DriftTest.Decide([.. values, double.NaN, double.PositiveInfinity], values);
        Assert.Equal((DriftVerdict.NoDrift, 40L), (partly.Verdict, partly.ReferenceCount));
        Assert.Equal(DriftVerdict.NotApplicable, DriftTest.Decide(new string?[40], new string?[40]).Verdict);
    }

    [Fact]
    public void Categories_that_moved_are_drift_also_when_training_never_saw_them()
    {
        string[] reference = [.. Enumerable.Repeat("a", 60), .. Enumerable.Repeat("b", 40)];
        string[] current = [.. Enumerable.Repeat("a", 60), .. Enumerable.Repeat("new", 40)];
        var decision = DriftTest.Decide(reference, current);
        Assert.Equal(DriftVerdict.Drift, decision.Verdict);
        Assert.Equal(("chi_square.contingency", "tvd"), (decision.Method, decision.EffectMethod));
        Assert.Equal(0.4, decision.Effect!.Value, 12);

        // a: 60/60, b: 40/0, new: 0/40 gives X² = 0 + 40 + 40 with 2 degrees of freedom: p = e^(−40).
        Assert.Equal(80, decision.Statistic!.Value, 10);
        Assert.Equal(Math.Exp(-40), decision.PValue!.Value, 1e-27);
    }

    [Fact]
    public void Categories_each_seen_once_cannot_be_compared()
    {
        string[] reference = [.. Enumerable.Range(0, 50).Select(i => $"r{i}")];
        string[] current = [.. Enumerable.Range(0, 50).Select(i => $"c{i}")];
        Assert.Equal(DriftVerdict.NotEnoughData, DriftTest.Decide(reference, current).Verdict);
        string[] single = [.. Enumerable.Repeat("a", 50)];
        Assert.Equal(DriftVerdict.NoDrift, DriftTest.Decide(single, single).Verdict);
    }

    [Fact]
    public void A_column_is_tested_by_its_type()
    {
        static string Method(Column column) => DriftTest.Decide(column, column).Method;
        var rows = Enumerable.Range(0, 70).ToArray();
        Assert.Equal("ks.two_sample", Method(Column.Float64("x", [.. rows.Select(i => (double)i)])));
        Assert.Equal("ks.two_sample", Method(Column.Int64("delay", [.. rows.Select(i => (long)i)])));
        Assert.Equal("chi_square.contingency", Method(Column.Int64("weekday", [.. rows.Select(i => i % 7L)])));
        Assert.Equal("chi_square.contingency", Method(Column.Bool("late", [.. rows.Select(i => i % 2 == 0)])));
        Assert.Equal("chi_square.contingency", Method(Column.String("origin", [.. rows.Select(i => $"airport {i % 3}")])));
        var time = Column.Timestamp("date", [.. rows.Select(i => (long)i)]);
        Assert.Equal(DriftVerdict.NotApplicable, DriftTest.Decide(time, time).Verdict);
        var allNull = Column.Int64("empty", new long[70], new BitArray(70, true));
        Assert.Equal(DriftVerdict.NotApplicable, DriftTest.Decide(allNull, allNull).Verdict);
        Assert.Throws<SlipwayException>(() => DriftTest.Decide(time, allNull));
    }

    [Fact]
    public void Many_clean_columns_together_alarm_no_more_often_than_one()
    {
        var random = new Random(9);
        var (plain, corrected) = (0, 0);
        for (var run = 0; run < 300; run++)
        {
            DriftDecision[] columns =
            [
                .. Enumerable.Range(0, 20).Select(_ => DriftTest.Decide(Draw.Normals(random, 100), Draw.Normals(random, 100))),
            ];
            plain += columns.Any(c => c.Verdict == DriftVerdict.Drift) ? 1 : 0;
            corrected += DriftTest.Correct(columns).Any(c => c.Verdict == DriftVerdict.Drift) ? 1 : 0;
        }

        Assert.InRange(plain, 100, 300);
        Assert.InRange(corrected, 0, 25);
    }

    [Fact]
    public void Correction_passes_untested_columns_on_and_keeps_strong_findings()
    {
        var random = new Random(10);
        var corrected = DriftTest.Correct(
        [
            DriftTest.Decide([], [1, 2]),
            DriftTest.Decide(Draw.Normals(random, 300), Draw.Normals(random, 300, mean: 1)),
        ]);
        Assert.Equal([DriftVerdict.NotEnoughData, DriftVerdict.Drift], corrected.Select(c => c.Verdict));
        Assert.Null(corrected[0].AdjustedPValue);
        Assert.Equal(corrected[1].PValue, corrected[1].AdjustedPValue);
    }

    [Fact]
    public void An_option_out_of_range_is_named() => Assert.Contains(
        "Alpha",
        Assert.Throws<SlipwayException>(() => DriftTest.Decide([1.0], [1.0], new() { Alpha = 1.5 })).Message,
        StringComparison.Ordinal);
}
