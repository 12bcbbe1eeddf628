using Slipway.Core.Errors;

namespace Slipway.Core.Statistics;

public static class TotalVariation
{
    /// <summary>TVD = ½·Σᵢ |cᵢ − rᵢ| over the shares: the share of rows that would have to change category, 0 to 1.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the shapes differ or either is empty.</exception>
    public static double Distance(ReadOnlySpan<long> reference, ReadOnlySpan<long> current)
    {
        var totals = BinCounts.Totals(reference, current);
        var sum = 0.0;
        for (var i = 0; i < reference.Length; i++)
        {
            sum += Math.Abs((current[i] / totals.Current) - (reference[i] / totals.Reference));
        }

        return 0.5 * sum;
    }
}
