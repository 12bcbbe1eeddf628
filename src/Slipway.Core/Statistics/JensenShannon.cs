using Slipway.Core.Errors;

namespace Slipway.Core.Statistics;

public static class JensenShannon
{
    /// <summary>JSD = ½·KL(r ‖ a) + ½·KL(c ‖ a) with a = (r + c)/2, over the shares of the bins, in bits: 0 to 1.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the shapes differ or either is empty.</exception>
    /// <remarks>Lin (1991). Needs no floor: an empty bin is finite by itself. Allocates nothing.</remarks>
    public static double Divergence(ReadOnlySpan<long> reference, ReadOnlySpan<long> current)
    {
        var totals = BinCounts.Totals(reference, current);
        var bits = 0.0;
        for (var i = 0; i < reference.Length; i++)
        {
            var r = reference[i] / totals.Reference;
            var c = current[i] / totals.Current;
            bits += Term(r, r + c) + Term(c, r + c);
        }

        return Math.Clamp(0.5 * bits, 0, 1);
    }

    private static double Term(double share, double sum) => share == 0 ? 0 : share * Math.Log2(2 * share / sum);

    /// <summary>√JSD with logarithms to base 2 (`js.distance.bits`): a metric, 0 to 1.</summary>
    /// <remarks>Endres and Schindelin (2003) for the triangle inequality.</remarks>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the shapes differ or either is empty.</exception>
    public static double Distance(ReadOnlySpan<long> reference, ReadOnlySpan<long> current) =>
        Math.Sqrt(Divergence(reference, current));
}
