using Slipway.Core.Statistics;

namespace Slipway.Platform.Serving.Rollouts;

/// <summary>Puts a verdict into words, with the numbers it rests on.</summary>
internal static class CanaryReason
{
    public static string Of(CanaryPlan plan, IReadOnlyList<StepEvidence> steps, CanaryVerdict verdict)
    {
        var step = steps[verdict.Step];
        return $"Step {verdict.Step + 1} of {plan.Steps.Count} ({step.Share} %): {verdict.Ground switch
        {
            CanaryGround.RatioMismatch => Ratio(plan, step),
            CanaryGround.Failures => Failures(plan, step),
            CanaryGround.Harm => $"{Loss(plan, step)} The challenger is worse.",
            CanaryGround.NotInferior => $"{Loss(plan, step)} The upper bound is below the margin {plan.Margin}.",
            CanaryGround.NoHarmSoFar => $"{Loss(plan, step)} No harm after {plan.MinOutcomesPerStep} outcomes.",
            CanaryGround.OutcomesUsedUp =>
                $"{Loss(plan, step)} Undecided after {CanaryRule.Outcomes(steps)} outcomes, the plan's maximum is {plan.MaxOutcomes}.",
            _ => Loss(plan, step),
        }}";
    }

    private static string Ratio(CanaryPlan plan, StepEvidence step) =>
        $"sample ratio mismatch: the champion got {step.ChampionUnits} and the challenger {step.ChallengerUnits} units where "
        + $"{100 - step.Share} to {step.Share} percent were planned "
        + $"(p = {CanaryRule.RatioPValue(step):g3}, alpha {CanaryRule.RatioAlpha(plan):g3}).";

    private static string Failures(CanaryPlan plan, StepEvidence step)
    {
        var (champion, challenger) = (step.Failures.A, step.Failures.B);
        var interval = step.Failures.Interval(CanaryRule.FailureAlpha(plan));
        return $"the challenger failed on {challenger.Events} of {challenger.Count} rows, the champion on {champion.Events} of "
            + $"{champion.Count}; difference in [{interval.Lower:g4}, {interval.Upper:g4}] at alpha {CanaryRule.FailureAlpha(plan):g3}.";
    }

    private static string Loss(CanaryPlan plan, StepEvidence step)
    {
        var loss = plan.Loss == CanaryLoss.Brier ? "Brier loss" : "zero-one loss";
        var harm = step.Losses.Interval(CanaryRule.LossAlpha(plan));
        return $"mean {loss} of the champion {Mean(step.Losses.A)} (n = {step.Losses.A.Count}), of the challenger "
            + $"{Mean(step.Losses.B)} (n = {step.Losses.B.Count}); "
            + $"harm in [{harm.Lower:g4}, {harm.Upper:g4}] at alpha {CanaryRule.LossAlpha(plan):g3}.";
    }

    private static string Mean(MeanArm arm) => arm.Count == 0 ? "unknown" : $"{arm.Sum / arm.Count:g4}";
}
