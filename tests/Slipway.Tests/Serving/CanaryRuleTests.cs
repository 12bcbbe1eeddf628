using Slipway.Core.Errors;
using Slipway.Core.Statistics;
using Slipway.Platform.Foundation;
using Slipway.Platform.Serving.Rollouts;

namespace Slipway.Tests.Serving;

/// <summary>The rule against simulated traffic: every label is wrong or right by the toss of a coin, looked at over and over.</summary>
public sealed class CanaryRuleTests
{
    private const int OutcomesPerLook = 250;

    private static readonly CanaryPlan Plan = new()
    {
        Steps = [10, 50],
        MinOutcomesPerStep = 300,
        Loss = CanaryLoss.ZeroOne,
        Margin = 0.05,
        MaxOutcomes = 6_000,
    };

    /// <summary>One canary from start to end.</summary>
    private static (CanaryVerdict Verdict, long Outcomes) Run(int seed, double championErrors, double challengerErrors, CanaryPlan plan)
    {
        var random = new Random(seed);
        var steps = new List<StepEvidence> { StepEvidence.Start(plan.Steps[0], 1) };
        for (var outcomes = OutcomesPerLook; ; outcomes += OutcomesPerLook)
        {
            steps[^1] = Look(steps[^1], random, championErrors, challengerErrors);
            var verdict = CanaryRule.Decide(plan, steps);
            switch (verdict.Action)
            {
                case CanaryAction.Promote or CanaryAction.RollBack:
                    return (verdict, outcomes);
                case CanaryAction.Advance:
                    steps.Add(StepEvidence.Start(plan.Steps[steps.Count], steps.Count + 1));
                    break;
            }
        }
    }

    private static StepEvidence Look(StepEvidence step, Random random, double championErrors, double challengerErrors)
    {
        var (losses, champion, challenger) = (step.Losses, step.ChampionUnits, step.ChallengerUnits);
        for (var i = 0; i < OutcomesPerLook; i++)
        {
            if (random.NextDouble() < step.Share / 100)
            {
                losses = losses.AddB(random.NextDouble() < challengerErrors ? 1 : 0);
                challenger++;
            }
            else
            {
                losses = losses.AddA(random.NextDouble() < championErrors ? 1 : 0);
                champion++;
            }
        }

        var failures = new RateDifferenceSequence(new RateArm(champion, 0), new RateArm(challenger, 0));
        return step with { Losses = losses, Failures = failures, ChampionUnits = champion, ChallengerUnits = challenger };
    }

    [Fact]
    public void With_no_difference_at_most_alpha_of_the_canaries_are_called_harmful()
    {
        const int runs = 200;
        var harmful = Enumerable.Range(0, runs).Select(seed => Run(seed, 0.2, 0.2, Plan).Verdict)
            .Count(verdict => verdict is { Action: CanaryAction.RollBack, Ground: not CanaryGround.OutcomesUsedUp });

        Assert.InRange(harmful, 0, (int)(Plan.Alpha * runs));
    }

    [Fact]
    public void A_challenger_worse_by_the_margin_is_promoted_in_at_most_alpha_of_the_canaries()
    {
        const int runs = 200;
        var promoted = Enumerable.Range(0, runs).Count(seed => Run(seed, 0.2, 0.25, Plan).Verdict.Action == CanaryAction.Promote);

        Assert.InRange(promoted, 0, (int)(Plan.Alpha * runs));
    }

    [Fact]
    public void A_harmful_challenger_is_rolled_back_within_5000_outcomes()
    {
        var ends = Enumerable.Range(0, 100).Select(seed => Run(seed, 0.2, 0.4, Plan)).ToList();

        Assert.All(ends, end => Assert.Equal(CanaryGround.Harm, end.Verdict.Ground));
        Assert.All(ends, end => Assert.InRange(end.Outcomes, 1, 5000));
    }

    [Fact]
    public void An_equal_challenger_is_promoted_once_there_is_evidence_enough()
    {
        var plan = Plan with { Margin = 0.1, MaxOutcomes = 50_000 };
        var ends = Enumerable.Range(0, 50).Select(seed => Run(seed, 0.2, 0.2, plan)).ToList();

        Assert.InRange(ends.Count(end => end.Verdict.Action == CanaryAction.Promote), 47, 50);
    }

    [Fact]
    public void Days_that_get_worse_do_not_blame_a_challenger_whose_share_grew()
    {
        // Both are right on quiet days and wrong on busy ones; most of the challenger's traffic falls on busy ones. Pooled, its
        // error would be 51/110 against 29/190 of the champion's.
        StepEvidence[] steps =
        [
            Fixed(10, 1, championErrors: 18, champion: 1800, challengerErrors: 2, challenger: 200),
            Fixed(50, 2, championErrors: 500, champion: 1000, challengerErrors: 500, challenger: 1000),
        ];

        Assert.Equal(CanaryAction.Continue, CanaryRule.Decide(Plan with { MaxOutcomes = 100_000 }, steps).Action);
    }

    private static StepEvidence Fixed(double share, long revision, int championErrors, int champion, int challengerErrors, int challenger)
    {
        var losses = MeanDifferenceSequence.Over(0, 1);
        for (var i = 0; i < champion; i++)
        {
            losses = losses.AddA((long)i * championErrors / champion != (i + 1L) * championErrors / champion ? 1 : 0);
        }

        for (var i = 0; i < challenger; i++)
        {
            losses = losses.AddB((long)i * challengerErrors / challenger != (i + 1L) * challengerErrors / challenger ? 1 : 0);
        }

        return new StepEvidence(
            share, revision, losses, new RateDifferenceSequence(new RateArm(champion, 0), new RateArm(challenger, 0)), champion, challenger);
    }

    [Fact]
    public void Evidence_survives_its_storage_to_the_last_bit()
    {
        var step = Look(StepEvidence.Start(10, 3), new Random(1), 0.3, 0.7) with
        {
            Losses = MeanDifferenceSequence.Over(0, 1).AddA(0.1).AddA(1 / 3.0).AddB(0.7),
        };

        Assert.Equal(step, Json.Read<StepEvidence>(Json.Write(step)));
    }

    [Theory]
    [InlineData("50,20", 0.05, 0.02, "increasing")]
    [InlineData("", 0.05, 0.02, "1 to 20 steps")]
    [InlineData("100", 0.05, 0.02, "below 100")]
    [InlineData("10", 0, 0.02, "alpha of a canary is 0.000001 to 0.5; got 0.")]
    [InlineData("10", 0.05, double.NaN, "margin of a canary is 0.000001 to 1; got NaN.")]
    public void A_plan_that_makes_no_sense_is_refused(string steps, double alpha, double margin, string message)
    {
        var plan = new CanaryPlan
        {
            Steps = [.. steps.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(double.Parse)],
            Alpha = alpha,
            Margin = margin,
        };

        var error = Assert.Throws<SlipwayException>(() => plan.Checked());

        Assert.Equal(ErrorKind.Invalid, error.Kind);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
