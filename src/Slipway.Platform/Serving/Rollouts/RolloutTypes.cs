using System.ComponentModel.DataAnnotations;
using Slipway.Core.Errors;
using Slipway.Core.Statistics;

namespace Slipway.Platform.Serving.Rollouts;

/// <summary>What an outcome costs the version that predicted it; both lie in [0, 1].</summary>
public enum CanaryLoss
{
    /// <summary>(p − y)²: rewards probabilities that are right.</summary>
    Brier,

    /// <summary>1 where the label is wrong, else 0.</summary>
    ZeroOne,
}

/// <summary>What makes a canary look at its evidence.</summary>
public enum CanaryClock
{
    /// <summary>News of traffic and outcomes, within seconds.</summary>
    System,

    /// <summary>Only the caller, for traffic that is replayed: looks at the same places of the same replay decide the same.</summary>
    Event,
}

public enum RolloutState
{
    Running,
    Promoted,
    RolledBack,
}

/// <summary>How a challenger earns the traffic.</summary>
public sealed record CanaryPlan
{
    /// <summary>The challenger's percent of the traffic, step by step: increasing, above 0 and below 100.</summary>
    public IReadOnlyList<double> Steps { get; init; } = [5, 25, 50];

    /// <summary>Outcomes of the challenger after which a step that shows no harm gives way to the next; the last step has no such
    /// way out.</summary>
    [Range(1, 10_000_000)]
    public int MinOutcomesPerStep { get; init; } = 500;

    /// <summary>The chance, over the whole canary however often it is looked at, that a challenger no worse than the champion is
    /// rolled back as harmful, or one worse by the margin is promoted. The steps share it equally; within a step 80 % goes to
    /// the loss and 10 % each to failures and to the sample ratio.</summary>
    [Range(1e-6, 0.5)]
    public double Alpha { get; init; } = 0.05;

    /// <summary>How much worse the challenger's mean loss may be, in units of the loss, and still be promoted.</summary>
    [Range(1e-6, 1)]
    public double Margin { get; init; } = 0.02;

    public CanaryLoss Loss { get; init; } = CanaryLoss.Brier;

    public CanaryClock Clock { get; init; } = CanaryClock.System;

    /// <summary>Outcomes of both versions after which an undecided canary is rolled back.</summary>
    [Range(1, 1_000_000_000)]
    public long MaxOutcomes { get; init; } = 100_000;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the rule that is broken.</exception>
    public CanaryPlan Checked()
    {
        if (Steps.Count is 0 or > 20 || Steps.Any(s => !(s is > 0 and < 100)) || Steps.Zip(Steps.Skip(1)).Any(p => p.First >= p.Second))
        {
            throw SlipwayException.Invalid(
                $"A canary has 1 to 20 steps in percent, increasing, above 0 and below 100; got {string.Join(", ", Steps)}.");
        }

        Limit.Range("minOutcomesPerStep of a canary", MinOutcomesPerStep, 1, 10_000_000);
        Limit.Range("maxOutcomes of a canary", MaxOutcomes, 1, 1_000_000_000);
        if (Alpha is not (>= 1e-6 and <= 0.5))
        {
            throw SlipwayException.Invalid($"alpha of a canary is 0.000001 to 0.5; got {Alpha}.");
        }

        return Margin is >= 1e-6 and <= 1
            ? this
            : throw SlipwayException.Invalid($"margin of a canary is 0.000001 to 1; got {Margin}.");
    }
}

/// <summary>
/// All that one step has seen. Steps are judged apart: pooling them would compare a champion of quiet days with a challenger of
/// busy ones, because their shares differ from step to step (Simpson's paradox).
/// </summary>
/// <param name="Share">Percent given to the challenger.</param>
/// <param name="Revision">Of the endpoint; predictions logged with it belong to this step.</param>
/// <param name="Losses">A is the champion, B the challenger.</param>
/// <param name="Failures">Rows without a score among all rows; A is the champion, B the challenger.</param>
/// <param name="ChampionUnits">Rows or, where callers route by key, distinct keys.</param>
public sealed record StepEvidence(
    double Share, long Revision, MeanDifferenceSequence Losses, RateDifferenceSequence Failures, long ChampionUnits, long ChallengerUnits)
{
    public static StepEvidence Start(double share, long revision) => new(share, revision, MeanDifferenceSequence.Over(0, 1), default, 0, 0);
}

/// <param name="Evidence">One entry per step that was begun.</param>
/// <param name="Reason">Of the state, with the numbers it rests on.</param>
/// <param name="ApprovalId">Lets a promotion move the version to production in the registry; null leaves the registry alone.</param>
/// <param name="Cause">What started it.</param>
public sealed record Rollout(
    string Id, string Endpoint, string Model, string Champion, string Challenger, CanaryPlan Plan, string? ApprovalId, RolloutState State,
    IReadOnlyList<StepEvidence> Evidence, string Reason, string Actor, string Cause, long StartedMs, long? FinishedMs)
{
    /// <summary>The step that runs or ran last, from 0.</summary>
    public int Step => Evidence.Count - 1;
}
