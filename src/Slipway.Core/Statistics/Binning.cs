using Slipway.Core.Errors;

namespace Slipway.Core.Statistics;

/// <summary>
/// Bins of a numeric column: ascending edges e₁ &lt; … &lt; eₖ make the k + 1 bins (−∞, e₁], (e₁, e₂], …, (eₖ, +∞), so that every
/// value falls into one, also those outside the range seen in training.
/// </summary>
public static class Binning
{
    /// <summary>
    /// Edges at the quantiles i/bins of the reference, each an observed value; every bin holds some of the reference.
    /// </summary>
    /// <returns>
    /// At most bins − 1 edges: fewer where a value is so frequent that quantiles coincide, none when the reference is constant.
    /// </returns>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for no values, a NaN, or bins below 2.</exception>
    /// <remarks>Quantiles by the inverse of the empirical distribution (type 1 of Hyndman and Fan 1996).</remarks>
    public static double[] QuantileEdges(ReadOnlySpan<double> reference, int bins)
    {
        if (bins < 2)
        {
            throw SlipwayException.Invalid($"At least 2 bins are needed; got {bins}.");
        }

        using var sample = new SortedSample(reference, "reference");
        var sorted = sample.Values;
        var edges = new List<double>(bins - 1);
        for (var i = 1; i < bins; i++)
        {
            var edge = sorted[(int)((((long)i * sorted.Length) - 1) / bins)];
            if (edge < sorted[^1] && (edges.Count == 0 || edge > edges[^1]))
            {
                edges.Add(edge);
            }
        }

        return [.. edges];
    }

    /// <summary>The index of the bin that holds x: the number of edges below it.</summary>
    public static int BinOf(double x, ReadOnlySpan<double> edges)
    {
        var low = 0;
        var high = edges.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = edges[middle] < x ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    /// <summary>Adds the values to their bins.</summary>
    /// <param name="counts">Added to, shape [edges + 1].</param>
    /// <returns>How many values were NaN and so in no bin.</returns>
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Invalid"/> when there is not one count more than edges.
    /// </exception>
    public static long Count(ReadOnlySpan<double> values, ReadOnlySpan<double> edges, Span<long> counts)
    {
        if (counts.Length != edges.Length + 1)
        {
            throw SlipwayException.Invalid($"{edges.Length} edges make {edges.Length + 1} bins; got {counts.Length} counts.");
        }

        var missing = 0L;
        foreach (var x in values)
        {
            if (double.IsNaN(x))
            {
                missing++;
            }
            else
            {
                counts[BinOf(x, edges)]++;
            }
        }

        return missing;
    }
}
