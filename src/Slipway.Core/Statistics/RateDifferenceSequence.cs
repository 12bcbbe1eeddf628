using Slipway.Core.Errors;

namespace Slipway.Core.Statistics;

/// <summary>
/// Anytime-valid inference on p_B − p_A, the difference of two arms' rates (of errors, say), for a canary watched while it runs.
/// The record is the whole state: store it, add to it, ask again.
/// </summary>
public readonly record struct RateDifferenceSequence(RateArm A, RateArm B)
{
    /// <summary>Observed p_B − p_A; null until both arms have an observation.</summary>
    public double? Difference => B.Rate - A.Rate;

    public RateDifferenceSequence AddA(bool isEvent) => this with { A = A.Add(1, isEvent ? 1 : 0) };

    public RateDifferenceSequence AddB(bool isEvent) => this with { B = B.Add(1, isEvent ? 1 : 0) };

    /// <summary>
    /// The differences not ruled out. Over the whole run the chance that it ever misses the true one is at most α.
    /// </summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> unless 0 &lt; α &lt; 1.</exception>
    public ConfidenceInterval Interval(double alpha) => ConfidenceSequence.Interval(A, B, alpha);

    /// <summary>Whether the interval has left the given difference behind; much cheaper than the interval.</summary>
    public bool RulesOut(double difference, double alpha) => ConfidenceSequence.RulesOut(A, B, difference, alpha);

    /// <summary>Against the given difference; may be looked at any time and acted on at once.</summary>
    public double PValue(double difference = 0) => ConfidenceSequence.PValue(A, B, difference);
}
