namespace Slipway.Core.Statistics;

public enum DriftVerdict
{
    /// <summary>The test ran; either chance explains the difference or it is too small to matter.</summary>
    NoDrift,

    /// <summary>The difference is both beyond chance and large enough to matter.</summary>
    Drift,

    /// <summary>A window holds too few values for the test to mean anything; more rows may change that.</summary>
    NotEnoughData,

    /// <summary>The column cannot be tested whatever the number of rows, such as one without any value.</summary>
    NotApplicable,
}

/// <summary>What the decision on one column rests on.</summary>
/// <param name="Method">Test and variant, such as <c>ks.two_sample</c>.</param>
/// <param name="Statistic">Of the test; null when it did not run, as are the p-value and the effect.</param>
/// <param name="PValue">Of this column alone.</param>
/// <param name="AdjustedPValue">Over all columns tested together; null before <see cref="DriftTest.Correct"/>.</param>
/// <param name="EffectMethod">Size of the difference and its variant, such as <c>wasserstein.std</c>.</param>
/// <param name="EffectFloor">The smallest effect that counts as drift.</param>
/// <param name="ReferenceCount">Values of the reference window that were used; missing ones are left out.</param>
/// <param name="CurrentCount">Values of the current window that were used; missing ones are left out.</param>
/// <param name="Reason">A sentence for people.</param>
public sealed record DriftDecision(
    DriftVerdict Verdict,
    string Method,
    double? Statistic,
    double? PValue,
    double? AdjustedPValue,
    string EffectMethod,
    double? Effect,
    double EffectFloor,
    long ReferenceCount,
    long CurrentCount,
    string Reason);
