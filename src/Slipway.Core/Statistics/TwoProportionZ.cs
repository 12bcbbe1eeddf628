using Slipway.Core.Errors;

namespace Slipway.Core.Statistics;

/// <param name="Difference">p_B − p_A.</param>
/// <param name="StandardError">Of the difference when there is none, from the pooled share.</param>
/// <param name="PValue">Two-sided.</param>
/// <param name="PValueBGreater">One-sided, for B above A.</param>
public readonly record struct TwoProportionResult(
    double Difference, double StandardError, double Z, double PValue, double PValueBGreater);

public static class TwoProportionZ
{
    /// <summary>
    /// z = (p_B − p_A)/√(p(1 − p)(1/n_A + 1/n_B)) with the pooled share p; z² is Pearson's X² of the 2×2 table. For a sample
    /// size fixed beforehand: for repeated looks see <see cref="RateDifferenceSequence"/>.
    /// </summary>
    /// <remarks>
    /// The normal law wants at least five expected successes and failures in either group. All or no successes: z = 0.
    /// </remarks>
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Invalid"/> unless 0 ≤ successes ≤ count and count &gt; 0.
    /// </exception>
    public static TwoProportionResult Test(long successesA, long countA, long successesB, long countB)
    {
        Require(successesA, countA, "A");
        Require(successesB, countB, "B");
        var difference = ((double)successesB / countB) - ((double)successesA / countA);
        var pooled = ((double)successesA + successesB) / ((double)countA + countB);
        var error = Math.Sqrt(pooled * (1 - pooled) * ((1.0 / countA) + (1.0 / countB)));
        var z = error == 0 ? 0 : difference / error;
        return new(difference, error, z, 2 * SpecialFunctions.NormalSf(Math.Abs(z)), SpecialFunctions.NormalSf(z));
    }

    private static void Require(long successes, long count, string group)
    {
        if (count <= 0 || successes < 0 || successes > count)
        {
            throw SlipwayException.Invalid(
                $"Group {group} needs 0 ≤ successes ≤ count with count > 0; got {successes} of {count}.");
        }
    }
}
