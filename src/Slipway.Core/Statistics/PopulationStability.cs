using Slipway.Core.Errors;

namespace Slipway.Core.Statistics;

public static class PopulationStability
{
    /// <summary>Population Stability Index: PSI = Σᵢ (cᵢ − rᵢ)·ln(cᵢ / rᵢ) over the shares of the bins, in nats.</summary>
    /// <param name="reference">Counts per bin at training time, shape [bins].</param>
    /// <param name="current">Counts per bin now, shape [bins].</param>
    /// <param name="floor">Smallest share a bin is given, so that an empty bin costs a finite amount; in (0, 1).</param>
    /// <returns>
    /// A value ≥ 0. Common reading: below 0.1 stable, above 0.25 drifted; but see <see cref="PValue"/>, for with 200 rows and ten
    /// bins 0.1 is an ordinary value without any drift.
    /// </returns>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the shapes differ or either is empty.</exception>
    /// <remarks>Divergence after Jeffreys (1946); thresholds after Siddiqi (2006). Allocates nothing.</remarks>
    public static double Psi(ReadOnlySpan<long> reference, ReadOnlySpan<long> current, double floor = 1e-4)
    {
        if (!(floor > 0 && floor < 1))
        {
            throw SlipwayException.Invalid($"The floor of a bin's share lies between 0 and 1; got {floor}.");
        }

        var totals = BinCounts.Totals(reference, current);
        var psi = 0.0;
        for (var i = 0; i < reference.Length; i++)
        {
            var r = Math.Max(reference[i] / totals.Reference, floor);
            var c = Math.Max(current[i] / totals.Current, floor);
            psi += (c - r) * Math.Log(c / r);
        }

        return psi;
    }

    /// <summary>The chance of at least this PSI between two samples of one population.</summary>
    /// <remarks>
    /// Without drift PSI ≈ (1/n + 1/m)·χ² with bins − 1 degrees of freedom, to first order; wants some 10 rows per bin.
    /// </remarks>
    public static double PValue(double psi, long referenceCount, long currentCount, int bins) =>
        bins < 2 ? 1 : SpecialFunctions.ChiSquareSf(psi / ((1.0 / referenceCount) + (1.0 / currentCount)), bins - 1);
}
