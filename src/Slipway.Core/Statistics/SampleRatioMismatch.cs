using Slipway.Core.Errors;

namespace Slipway.Core.Statistics;

/// <param name="Statistic">X² against the plan; 0 while an expected count is below five.</param>
/// <param name="PValue">Of one look at a time fixed beforehand.</param>
/// <param name="AnytimePValue">May be looked at any time and acted on at once.</param>
public readonly record struct SampleRatioResult(double Statistic, int DegreesOfFreedom, double PValue, double AnytimePValue);

/// <summary>Whether traffic reached the arms in the planned shares. If not, no comparison of the arms can be trusted.</summary>
public static class SampleRatioMismatch
{
    /// <summary>Chi-square goodness of fit, and a Dirichlet mixture against the multinomial for repeated looks.</summary>
    /// <param name="counts">Observations per arm, at least one.</param>
    /// <param name="plannedShares">All above 0, summing to 1.</param>
    /// <remarks>
    /// Since a mismatch is a defect and not a finding, alarms are customarily raised below p = 0.001 only (Fabijan et al. 2019).
    /// Anytime: e = ∫ Π qᵢ^nᵢ dDirichlet(q; 1, …, 1) / Π sᵢ^nᵢ, p = min(1, 1/e) (Lindon and Malek 2022).
    /// </remarks>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when counts or shares break these rules.</exception>
    public static SampleRatioResult Test(ReadOnlySpan<long> counts, ReadOnlySpan<double> plannedShares)
    {
        var fit = ChiSquare.GoodnessOfFit(counts, plannedShares);
        var total = 0.0;
        var log = SpecialFunctions.LogGamma(counts.Length);
        for (var i = 0; i < counts.Length; i++)
        {
            total += counts[i];
            log += SpecialFunctions.LogGamma(counts[i] + 1.0) - (counts[i] * Math.Log(plannedShares[i]));
        }

        log -= SpecialFunctions.LogGamma(counts.Length + total);
        return new(fit.Statistic, fit.DegreesOfFreedom, fit.PValue, Math.Min(1, Math.Exp(-log)));
    }
}
