using Slipway.Core.Errors;

namespace Slipway.Core.Statistics;

/// <summary>
/// Anytime-valid inference on μ_B − μ_A, the difference of two independent arms' means of observations in [Minimum, Maximum],
/// for a
/// canary watched while it runs. The record is the whole state: store it, add to it, ask again.
/// </summary>
/// <param name="Minimum">
/// No observation is below it. A range far wider than the spread costs observations.
/// </param>
/// <param name="Maximum">No observation is above it; clip before adding where the quantity has no bound of its own.</param>
/// <param name="A">On the scale where the range is [0, 1].</param>
/// <param name="B">On the scale where the range is [0, 1].</param>
public readonly record struct MeanDifferenceSequence(double Minimum, double Maximum, MeanArm A, MeanArm B)
{
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Invalid"/> unless minimum and maximum are finite and in order.
    /// </exception>
    public static MeanDifferenceSequence Over(double minimum, double maximum) =>
        double.IsFinite(maximum - minimum) && minimum < maximum
            ? new(minimum, maximum, default, default)
            : throw SlipwayException.Invalid($"Observations need finite bounds in order; got {minimum} and {maximum}.");

    /// <summary>Observed mean of B less that of A; null until both arms have an observation.</summary>
    public double? Difference => A.Count == 0 || B.Count == 0 ? null : Range * ((B.Sum / B.Count) - (A.Sum / A.Count));

    private double Range => Maximum > Minimum
        ? Maximum - Minimum
        : throw SlipwayException.Invalid($"Observations need bounds in order; got {Minimum} and {Maximum}.");

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when x is outside the bounds.</exception>
    public MeanDifferenceSequence AddA(double x) => this with { A = A.Add(Scale(x)) };

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when x is outside the bounds.</exception>
    public MeanDifferenceSequence AddB(double x) => this with { B = B.Add(Scale(x)) };

    private double Scale(double x) => x >= Minimum && x <= Maximum
        ? Math.Clamp((x - Minimum) / Range, 0, 1)
        : throw SlipwayException.Invalid($"An observation lies between {Minimum} and {Maximum}; got {x}.");

    /// <summary>
    /// The differences not ruled out. Over the whole run the chance that it ever misses the true one is at most α.
    /// </summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> unless 0 &lt; α &lt; 1.</exception>
    /// <remarks>
    /// Empirical-Bernstein mixture supermartingales of both arms; the true means must not change during the run.
    /// </remarks>
    public ConfidenceInterval Interval(double alpha)
    {
        var unit = ConfidenceSequence.Interval(A, B, alpha);
        return new(Range * unit.Lower, Range * unit.Upper);
    }

    /// <summary>Whether the interval has left the given difference behind; much cheaper than the interval.</summary>
    public bool RulesOut(double difference, double alpha) => ConfidenceSequence.RulesOut(A, B, difference / Range, alpha);

    /// <summary>Against the given difference; may be looked at any time and acted on at once.</summary>
    public double PValue(double difference = 0) => ConfidenceSequence.PValue(A, B, difference / Range);
}
