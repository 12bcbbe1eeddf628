using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Slipway.Core.Errors;
using Slipway.Core.Statistics;

namespace Slipway.Tests.Statistics;

public sealed class ConfidenceSequenceTests
{
    private const double Alpha = 0.05;

    [Theory]
    [InlineData(0.05, 0.5)]
    [InlineData(0.5, 0.9)]
    public void Equal_rates_watched_all_along_are_seldom_told_apart_where_the_ordinary_test_often_errs(
        double rate, double shareOfA)
    {
        var random = new Random(12);
        var (wrong, ordinary) = (0, 0);
        for (var run = 0; run < 1000; run++)
        {
            var state = new RateDifferenceSequence();
            var (ruledOut, significant) = (false, false);
            for (var i = 1; i <= 1000; i++)
            {
                var isEvent = random.NextDouble() < rate;
                state = random.NextDouble() < shareOfA ? state.AddA(isEvent) : state.AddB(isEvent);
                if (i % 10 == 0 && state.A.Count > 0 && state.B.Count > 0)
                {
                    ruledOut |= state.RulesOut(0, Alpha);
                    var (a, b) = (state.A, state.B);
                    significant |= TwoProportionZ.Test(a.Events, a.Count, b.Events, b.Count).PValue <= Alpha;
                }
            }

            wrong += ruledOut ? 1 : 0;
            ordinary += significant ? 1 : 0;
        }

        Assert.InRange(wrong, 0, 50);
        Assert.InRange(ordinary, 200, 1000);
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(0.2)]
    public void Equal_means_watched_all_along_are_seldom_told_apart(double spread)
    {
        var random = new Random(13);
        var wrong = Enumerable.Range(0, 1000).Count(_ =>
        {
            var state = MeanDifferenceSequence.Over(-1, 1);
            return Enumerable.Range(1, 500).Any(i =>
            {
                var x = spread * ((2 * random.NextDouble()) - 1);
                state = random.NextDouble() < 0.5 ? state.AddA(x) : state.AddB(x);
                return i % 5 == 0 && state.RulesOut(0, Alpha);
            });
        });
        Assert.InRange(wrong, 0, 50);
    }

    [Fact]
    public void A_doubled_error_rate_is_found_and_the_interval_holds_the_truth()
    {
        var random = new Random(14);
        var found = Enumerable.Range(0, 200).Count(_ =>
        {
            var state = new RateDifferenceSequence();
            for (var i = 0; i < 2000; i++)
            {
                state = state.AddA(random.NextDouble() < 0.05).AddB(random.NextDouble() < 0.10);
            }

            return state.Interval(Alpha) is { Lower: > 0 } interval && interval.Contains(0.05);
        });
        Assert.InRange(found, 180, 200);
    }

    [Fact]
    public void Small_spread_is_rewarded()
    {
        // Latencies in [0, 10] s about 0.200 and 0.205 s with 10 ms of spread: far below what the range alone would resolve.
        var random = new Random(15);
        var state = MeanDifferenceSequence.Over(0, 10);
        for (var i = 0; i < 20_000; i++)
        {
            state = state.AddA(0.2 + (0.01 * random.NextDouble())).AddB(0.205 + (0.01 * random.NextDouble()));
        }

        var interval = state.Interval(Alpha);
        Assert.True(interval.Contains(0.005), $"{interval}");
        Assert.True(interval.Lower > 0, $"{interval}");
        Assert.True(interval.Width < 0.01, $"{interval}");
    }

    [Fact]
    public void The_width_is_within_twice_and_a_half_of_an_interval_that_may_be_looked_at_once()
    {
        var rates = new RateDifferenceSequence(new(10_000, 500), new(10_000, 500));
        var once = 2 * 1.96 * Math.Sqrt(2 * 0.05 * 0.95 / 10_000);
        Assert.InRange(rates.Interval(Alpha).Width / once, 1.2, 2.5);
        var random = new Random(16);
        var means = MeanDifferenceSequence.Over(0, 1);
        for (var i = 0; i < 10_000; i++)
        {
            means = means.AddA(random.NextDouble()).AddB(random.NextDouble());
        }

        Assert.InRange(means.Interval(Alpha).Width / (2 * 1.96 * Math.Sqrt(2 / 12.0 / 10_000)), 1.2, 2.5);
    }

    [Fact]
    public void The_evidence_by_hand_where_symmetry_gives_the_minimum()
    {
        // None of n against all of n: by symmetry and convexity the rates least contradicted are ½ and ½. A bet λ on "below"
        // has then made (½ + ½·e^(−λ))^(−n) on arm A, and as much on "above" on arm B.
        const int N = 12;
        double[] lambda = [.. Enumerable.Range(0, 24).Select(k => 2 * Math.Pow(2, -0.5 * k))];
        var right = lambda.Average(l => Math.Pow(0.5 + (0.5 * Math.Exp(-l)), -N));
        var wrong = lambda.Average(l => Math.Pow(0.5 + (0.5 * Math.Exp(l)), -N));
        var state = new RateDifferenceSequence(new(N, 0), new(N, N));
        Assert.Equal(2 / ((right * right) + (wrong * wrong)), state.PValue(), 12);
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    public void Over_every_outcome_of_thirty_trials_an_arm_the_p_value_keeps_its_promise(double rate)
    {
        const int N = 30;
        var chance = Enumerable.Range(0, N + 1).Select(s => Math.Exp(
            SpecialFunctions.LogGamma(N + 1) - SpecialFunctions.LogGamma(s + 1) - SpecialFunctions.LogGamma(N - s + 1))
            * Math.Pow(rate, s) * Math.Pow(1 - rate, N - s)).ToArray();
        var outcomes = (
            from a in Enumerable.Range(0, N + 1)
            from b in Enumerable.Range(0, N + 1)
            select (P: new RateDifferenceSequence(new(N, a), new(N, b)).PValue(), Weight: chance[a] * chance[b])).ToList();
        Assert.All([0.5, 0.2, 0.05, 0.01, 0.001], alpha =>
            Assert.True(outcomes.Where(o => o.P <= alpha).Sum(o => o.Weight) <= alpha));

        // An e-value has mean at most 1, so its reciprocal p, cut at 1, has 1/p of mean at most 2.
        Assert.InRange(outcomes.Sum(o => o.Weight / o.P), 1, 2);
        Assert.True(outcomes.Min(o => o.P) < 1e-6);
    }

    [Fact]
    public void The_interval_and_the_p_value_agree() => Prop.ForAll(Arms, Arms, (a, b) =>
    {
        var state = new RateDifferenceSequence(a, b);
        var interval = state.Interval(Alpha);
        const double step = 1e-6;
        return interval.Contains((b.Rate ?? 0.5) - (a.Rate ?? 0.5))
            && (interval.Lower <= -1 || (P(interval.Lower - step) <= Alpha && P(interval.Lower + step) > Alpha))
            && (interval.Upper >= 1 || (P(interval.Upper + step) <= Alpha && P(interval.Upper - step) > Alpha));

        double P(double difference) => state.PValue(difference);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_stricter_level_widens_the_interval_and_swapping_the_arms_mirrors_it() => Prop.ForAll(Arms, Arms, (a, b) =>
    {
        var loose = new RateDifferenceSequence(a, b).Interval(0.1);
        var strict = new RateDifferenceSequence(a, b).Interval(0.001);
        var mirrored = new RateDifferenceSequence(b, a).Interval(0.1);
        return strict.Lower <= loose.Lower && loose.Upper <= strict.Upper
            && Math.Abs(loose.Lower + mirrored.Upper) < 1e-9 && Math.Abs(loose.Upper + mirrored.Lower) < 1e-9;
    }).QuickCheckThrowOnFailure();

    private static readonly Arbitrary<RateArm> Arms = Gen.Choose(0, 3000)
        .SelectMany(count => Gen.Choose(0, count).Select(events => new RateArm(count, events)))
        .ToArbitrary();

    [Fact]
    public void Nothing_seen_rules_nothing_out()
    {
        Assert.Equal(new ConfidenceInterval(-1, 1), default(RateDifferenceSequence).Interval(Alpha));
        Assert.Equal(new ConfidenceInterval(-4, 4), MeanDifferenceSequence.Over(1, 5).Interval(Alpha));
        Assert.Null(default(RateDifferenceSequence).Difference);
    }

    [Fact]
    public void The_state_survives_json_and_goes_on_where_it_stopped()
    {
        var state = MeanDifferenceSequence.Over(0, 2).AddA(0.5).AddB(1.5).AddB(1.25);
        var restored = JsonSerializer.Deserialize<MeanDifferenceSequence>(JsonSerializer.Serialize(state));
        Assert.Equal(state, restored);
        Assert.Equal(state.AddA(1).Interval(Alpha), restored.AddA(1).Interval(Alpha));
        Assert.Equal(0.875, restored.Difference!.Value, 14);
        var rates = new RateDifferenceSequence(new(10, 2), new(20, 3));
        Assert.Equal(rates, JsonSerializer.Deserialize<RateDifferenceSequence>(JsonSerializer.Serialize(rates)));
    }

    [Fact]
    public void What_cannot_be_is_refused()
    {
        Assert.Equal(
            ErrorKind.Invalid, Assert.Throws<SlipwayException>(() => MeanDifferenceSequence.Over(0, 1).AddA(1.5)).Kind);
        Assert.Throws<SlipwayException>(() => MeanDifferenceSequence.Over(0, 1).AddB(double.NaN));
        Assert.Throws<SlipwayException>(() => MeanDifferenceSequence.Over(1, 1));
        Assert.Throws<SlipwayException>(() => default(MeanDifferenceSequence).AddA(0));
        Assert.Throws<SlipwayException>(() => default(MeanDifferenceSequence).Interval(Alpha));
        Assert.Throws<SlipwayException>(() => new RateDifferenceSequence(new(1, 2), default).Interval(Alpha));
        Assert.Throws<SlipwayException>(() => default(RateArm).Add(1, 2));
        Assert.Throws<SlipwayException>(() => default(RateDifferenceSequence).Interval(1));
        Assert.Equal(0, new RateDifferenceSequence(new(5, 1), new(5, 1)).PValue(1.5));
    }
}
