using Slipway.Core.Errors;

namespace Slipway.Core.Statistics;

/// <summary>
/// Adjusted p-values for many tests at once, in the order given: comparing one with α bounds the error rate over all of them.
/// Adjusted values keep the order of the raw ones and are never below them.
/// </summary>
public static class MultipleTesting
{
    /// <summary>min(1, k·p): bounds the chance of any false alarm among k tests, under any dependence.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when a p-value is not in [0, 1].</exception>
    public static double[] Bonferroni(ReadOnlySpan<double> pValues)
    {
        var adjusted = Copy(pValues);
        for (var i = 0; i < adjusted.Length; i++)
        {
            adjusted[i] = Math.Min(1, adjusted.Length * adjusted[i]);
        }

        return adjusted;
    }

    /// <summary>The same promise as Bonferroni with more power: maxⱼ≤ᵢ (k − j + 1)·p₍ⱼ₎ (Holm 1979).</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when a p-value is not in [0, 1].</exception>
    public static double[] Holm(ReadOnlySpan<double> pValues)
    {
        var (sorted, positions) = Sort(pValues);
        var adjusted = new double[sorted.Length];
        var largest = 0.0;
        for (var i = 0; i < sorted.Length; i++)
        {
            largest = Math.Max(largest, Math.Min(1, (sorted.Length - i) * sorted[i]));
            adjusted[positions[i]] = largest;
        }

        return adjusted;
    }

    /// <summary>
    /// minⱼ≥ᵢ k·p₍ⱼ₎/j: bounds the expected share of false alarms among the alarms, for independent or positively dependent
    /// tests.
    /// </summary>
    /// <remarks>Benjamini and Hochberg (1995); Benjamini and Yekutieli (2001) for the dependence.</remarks>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when a p-value is not in [0, 1].</exception>
    public static double[] BenjaminiHochberg(ReadOnlySpan<double> pValues)
    {
        var (sorted, positions) = Sort(pValues);
        var adjusted = new double[sorted.Length];
        var smallest = 1.0;
        for (var i = sorted.Length - 1; i >= 0; i--)
        {
            // k/j ≥ 1, multiplied after the division, keeps the last p-value exactly as it was.
            smallest = Math.Min(smallest, sorted[i] * ((double)sorted.Length / (i + 1)));
            adjusted[positions[i]] = smallest;
        }

        return adjusted;
    }

    private static (double[] Sorted, int[] Positions) Sort(ReadOnlySpan<double> pValues)
    {
        var sorted = Copy(pValues);
        var positions = new int[sorted.Length];
        for (var i = 0; i < positions.Length; i++)
        {
            positions[i] = i;
        }

        Array.Sort(sorted, positions);
        return (sorted, positions);
    }

    private static double[] Copy(ReadOnlySpan<double> pValues)
    {
        foreach (var p in pValues)
        {
            if (!(p >= 0 && p <= 1))
            {
                throw SlipwayException.Invalid($"A p-value lies between 0 and 1; got {p}.");
            }
        }

        return pValues.ToArray();
    }
}
