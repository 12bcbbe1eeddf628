using Slipway.Core.Statistics;

namespace Slipway.Platform.Serving.Rollouts;

internal enum CanaryAction
{
    Continue,
    Advance,
    Promote,
    RollBack,
}

/// <param name="Reason">With the numbers it rests on.</param>
internal sealed record CanaryDecision(CanaryAction Action, string Reason);

/// <summary>
/// Decides from the evidence alone, in this order; "harm" is the challenger's mean loss less the champion's, and every interval
/// and p-value holds however often one looks:
/// <list type="number">
/// <item>roll back when, in any step, the traffic did not arrive in the planned ratio (no comparison could be trusted);</item>
/// <item>roll back when, in any step, the challenger fails on more rows: lower bound of the difference above 0;</item>
/// <item>roll back when, in any step, the lower bound of harm is above 0;</item>
/// <item>go on to the next step, or promote after the last, when the upper bound of harm in this step is below the margin;</item>
/// <item>go on to the next step when the challenger has the plan's minimum of outcomes in this one;</item>
/// <item>roll back, undecided, when the plan's maximum of outcomes is used up.</item>
/// </list>
/// </summary>
internal static class CanaryRule
{
    private const double LossShare = 0.8;
    private const double FailureShare = 0.1;
    private const double RatioShare = 0.1;

    public static CanaryDecision Decide(CanaryPlan plan, IReadOnlyList<StepEvidence> steps)
    {
        for (var i = 0; i < steps.Count; i++)
        {
            if (Broken(plan, steps[i]) is { } reason)
            {
                return new CanaryDecision(CanaryAction.RollBack, $"{Title(plan, steps, i)}: {reason}");
            }
        }

        var step = steps[^1];
        var harm = Harm(plan, step);
        var told = $"{Title(plan, steps, steps.Count - 1)}: {Told(plan, step, harm)}";
        var isLast = steps.Count == plan.Steps.Count;
        if (harm.Upper < plan.Margin)
        {
            return new CanaryDecision(
                isLast ? CanaryAction.Promote : CanaryAction.Advance, $"{told} The upper bound is below the margin {plan.Margin}.");
        }

        if (!isLast && step.Losses.B.Count >= plan.MinOutcomesPerStep)
        {
            return new CanaryDecision(CanaryAction.Advance, $"{told} No harm after {plan.MinOutcomesPerStep} outcomes.");
        }

        var outcomes = steps.Sum(s => s.Losses.A.Count + s.Losses.B.Count);
        return outcomes >= plan.MaxOutcomes
            ? new CanaryDecision(CanaryAction.RollBack, $"{told} Undecided after {outcomes} outcomes, the plan's maximum.")
            : new CanaryDecision(CanaryAction.Continue, told);
    }

    /// <summary>The interval of harm in one step.</summary>
    public static ConfidenceInterval Harm(CanaryPlan plan, StepEvidence step) => step.Losses.Interval(LossAlpha(plan));

    private static string? Broken(CanaryPlan plan, StepEvidence step)
    {
        var share = step.Share / 100;
        var ratio = SampleRatioMismatch.Test([step.ChampionUnits, step.ChallengerUnits], [1 - share, share]).AnytimePValue;
        if (ratio < Of(plan, RatioShare))
        {
            return $"sample ratio mismatch: the champion got {step.ChampionUnits} and the challenger {step.ChallengerUnits} units where {100 - step.Share} to {step.Share} percent were planned (p = {ratio:g3} < {Of(plan, RatioShare):g3}).";
        }

        var failures = step.Failures.Interval(Of(plan, FailureShare));
        if (failures.Lower > 0)
        {
            return $"the challenger failed on {step.Failures.B.Events} of {step.Failures.B.Count} rows, the champion on {step.Failures.A.Events} of {step.Failures.A.Count}; difference in [{failures.Lower:g4}, {failures.Upper:g4}] at alpha {Of(plan, FailureShare):g3}.";
        }

        var harm = Harm(plan, step);
        return harm.Lower > 0 ? $"{Told(plan, step, harm)} The challenger is worse." : null;
    }

    private static string Title(CanaryPlan plan, IReadOnlyList<StepEvidence> steps, int step) =>
        $"Step {step + 1} of {plan.Steps.Count} ({steps[step].Share} %)";

    private static string Told(CanaryPlan plan, StepEvidence step, ConfidenceInterval harm)
    {
        var loss = plan.Loss == CanaryLoss.Brier ? "Brier loss" : "zero-one loss";
        return $"mean {loss} of the champion {Mean(step.Losses.A)} (n = {step.Losses.A.Count}), of the challenger {Mean(step.Losses.B)} (n = {step.Losses.B.Count}); harm in [{harm.Lower:g4}, {harm.Upper:g4}] at alpha {LossAlpha(plan):g3}.";
    }

    private static string Mean(MeanArm arm) => arm.Count == 0 ? "unknown" : $"{arm.Sum / arm.Count:g4}";

    private static double LossAlpha(CanaryPlan plan) => Of(plan, LossShare);

    private static double Of(CanaryPlan plan, double share) => share * plan.Alpha / plan.Steps.Count;
}
