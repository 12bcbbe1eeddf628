using Slipway.Core.Errors;

namespace Slipway.Core.Statistics;

/// <summary>The first Wasserstein (earth mover's) distance of two samples on the line: W₁ = ∫ |F(x) − G(x)| dx.</summary>
public static class Wasserstein
{
    /// <summary>W₁ in the unit of the values; sorts copies in pooled memory.</summary>
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Invalid"/> when a sample is empty or a value not finite.
    /// </exception>
    public static double Distance(ReadOnlySpan<double> reference, ReadOnlySpan<double> current)
    {
        using var a = new SortedSample(reference, "reference");
        using var b = new SortedSample(current, "current");
        return DistanceSorted(a.Values, b.Values);
    }

    /// <summary>The same over samples in ascending order, O(n + m), allocating nothing.</summary>
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Invalid"/> when a sample is empty, unsorted or not finite.
    /// </exception>
    public static double DistanceSorted(ReadOnlySpan<double> reference, ReadOnlySpan<double> current)
    {
        SortedSample.RequireFinite(reference, "reference");
        SortedSample.RequireFinite(current, "current");
        var i = 0;
        var j = 0;
        var x = Math.Min(reference[0], current[0]);
        var area = 0.0;
        while (i < reference.Length || j < current.Length)
        {
            var next = j == current.Length || (i < reference.Length && reference[i] <= current[j]) ? reference[i] : current[j];
            area += Math.Abs(((double)i / reference.Length) - ((double)j / current.Length)) * (next - x);
            x = next;
            i += i < reference.Length && reference[i] == x ? 1 : 0;
            j += j < current.Length && current[j] == x ? 1 : 0;
        }

        return area;
    }

    /// <summary>
    /// W₁ / sd(reference), `wasserstein.std`: free of the unit; a shift by one sd gives 1. The sd is the population's (divisor
    /// n).
    /// A constant reference gives 0 when nothing moved and +∞ otherwise.
    /// </summary>
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Invalid"/> when a sample is empty or a value not finite.
    /// </exception>
    public static double PerStandardDeviation(ReadOnlySpan<double> reference, ReadOnlySpan<double> current)
    {
        var distance = Distance(reference, current);
        return distance == 0 ? 0 : distance / StandardDeviation(reference);
    }

    /// <summary>
    /// √(Σ(x − x̄)²/n) in two passes, the second corrected for the rounding of the mean; exactly 0 for a constant.
    /// </summary>
    internal static double StandardDeviation(ReadOnlySpan<double> values)
    {
        var shift = values[0];
        var mean = 0.0;
        foreach (var x in values)
        {
            mean += (x - shift) / values.Length;
        }

        var squares = 0.0;
        var rest = 0.0;
        foreach (var x in values)
        {
            var d = x - shift - mean;
            squares += d * d;
            rest += d;
        }

        return Math.Sqrt(Math.Max(0, squares - (rest * rest / values.Length)) / values.Length);
    }
}
