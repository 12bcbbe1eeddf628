using Slipway.Core.Statistics;

namespace Slipway.Platform.Serving.Rollouts;

internal enum CanaryAction
{
    Continue,
    Advance,
    Promote,
    RollBack,
}

/// <summary>Which rule decided.</summary>
internal enum CanaryGround
{
    NothingYet,
    RatioMismatch,
    Failures,
    Harm,
    NotInferior,
    NoHarmSoFar,
    OutcomesUsedUp,
}

/// <param name="Step">The step that decided, from 0.</param>
internal readonly record struct CanaryVerdict(CanaryAction Action, CanaryGround Ground, int Step);

/// <summary>
/// Decides from the evidence alone, in this order; "harm" is the challenger's mean loss less the champion's, and every bound
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

    public static CanaryVerdict Decide(CanaryPlan plan, IReadOnlyList<StepEvidence> steps)
    {
        for (var i = 0; i < steps.Count; i++)
        {
            if (Broken(plan, steps[i]) is { } ground)
            {
                return new CanaryVerdict(CanaryAction.RollBack, ground, i);
            }
        }

        var step = steps[^1];
        var isLast = steps.Count == plan.Steps.Count;
        if (step.Losses.Difference < plan.Margin && step.Losses.PValue(plan.Margin) <= LossAlpha(plan))
        {
            return new CanaryVerdict(isLast ? CanaryAction.Promote : CanaryAction.Advance, CanaryGround.NotInferior, steps.Count - 1);
        }

        if (!isLast && step.Losses.B.Count >= plan.MinOutcomesPerStep)
        {
            return new CanaryVerdict(CanaryAction.Advance, CanaryGround.NoHarmSoFar, steps.Count - 1);
        }

        return Outcomes(steps) >= plan.MaxOutcomes
            ? new CanaryVerdict(CanaryAction.RollBack, CanaryGround.OutcomesUsedUp, steps.Count - 1)
            : new CanaryVerdict(CanaryAction.Continue, CanaryGround.NothingYet, steps.Count - 1);
    }

    public static long Outcomes(IReadOnlyList<StepEvidence> steps) => steps.Sum(step => step.Losses.A.Count + step.Losses.B.Count);

    public static double LossAlpha(CanaryPlan plan) => LossShare * plan.Alpha / plan.Steps.Count;

    public static double FailureAlpha(CanaryPlan plan) => FailureShare * plan.Alpha / plan.Steps.Count;

    public static double RatioAlpha(CanaryPlan plan) => RatioShare * plan.Alpha / plan.Steps.Count;

    /// <summary>How likely traffic this far from the plan is; 1 before there was any.</summary>
    public static double RatioPValue(StepEvidence step) => step.ChampionUnits + step.ChallengerUnits == 0
        ? 1
        : SampleRatioMismatch.Test([step.ChampionUnits, step.ChallengerUnits], [1 - (step.Share / 100), step.Share / 100]).AnytimePValue;

    // A difference of 0 that is ruled out, and observed above 0, is the same as a lower bound above 0, and found without
    // searching for the bound.
    private static CanaryGround? Broken(CanaryPlan plan, StepEvidence step) => step switch
    {
        _ when RatioPValue(step) <= RatioAlpha(plan) => CanaryGround.RatioMismatch,
        { Failures.Difference: > 0 } when step.Failures.PValue() <= FailureAlpha(plan) => CanaryGround.Failures,
        { Losses.Difference: > 0 } when step.Losses.PValue() <= LossAlpha(plan) => CanaryGround.Harm,
        _ => null,
    };
}
