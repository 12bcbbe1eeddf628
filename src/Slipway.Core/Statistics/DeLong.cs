using Slipway.Core.Errors;

namespace Slipway.Core.Statistics;

/// <param name="Difference">AUC of B less AUC of A.</param>
/// <param name="StandardError">Of the difference, with the correlation of the two taken into account.</param>
/// <param name="PValueBBetter">One-sided: the chance of such a z or a larger one if B is no better than A.</param>
/// <param name="PValue">Two-sided.</param>
public readonly record struct DeLongResult(
    double AucA, double AucB, double Difference, double StandardError, double Z, double PValueBBetter, double PValue);

/// <summary>The test of DeLong, DeLong and Clarke-Pearson (1988) for the AUC of two models on the same rows.</summary>
public static class DeLong
{
    // Below any true standard error of up to 10⁷ × 10⁷ rows, above what rounding makes of equal placements.
    private const double NoSpread = 1e-15;

    /// <summary>
    /// z = (AUC_B − AUC_A)/√(var(V10_B − V10_A)/P + var(V01_B − V01_A)/N), where V10 of a positive is the share of negatives it
    /// outscores, V01 of a negative the share of positives that outscore it, ties counting half.
    /// </summary>
    /// <param name="scoresA">Any numbers that rank; not necessarily probabilities.</param>
    /// <returns>
    /// Where the standard error is 0 the normal law has nothing to weigh with: models that rank alike get z = 0 and p = ½ (1
    /// two-sided);
    /// models that differ without spread, as on a handful of rows, get z = 0 and both p = 1.
    /// </returns>
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Invalid"/> when the shapes differ, a score is NaN or there are not at least two rows of either class.
    /// </exception>
    /// <remarks>O(n log n) by mid-ranks (Sun and Xu 2014).</remarks>
    public static DeLongResult Compare(ReadOnlySpan<double> scoresA, ReadOnlySpan<double> scoresB, ReadOnlySpan<bool> labels)
    {
        if (scoresA.Length != labels.Length || scoresB.Length != labels.Length)
        {
            throw SlipwayException.Invalid(
                $"Both models score every row; got {scoresA.Length} and {scoresB.Length} scores for {labels.Length} labels.");
        }

        var positives = labels.Count(true);
        var negatives = labels.Length - positives;
        if (positives < 2 || negatives < 2)
        {
            throw SlipwayException.Invalid(
                $"Comparing AUCs needs two rows of either class; got {positives} positives and {negatives} negatives.");
        }

        var a = Placements(scoresA, labels, positives);
        var b = Placements(scoresB, labels, positives);
        var (difference, variance) = Difference(a, b, positives);
        var error = Math.Sqrt(variance);
        var (aucA, aucB) = (Mean(a.AsSpan(0, positives)), Mean(b.AsSpan(0, positives)));
        if (error < NoSpread)
        {
            return new(aucA, aucB, difference, 0, 0, difference == 0 ? 0.5 : 1, 1);
        }

        var z = difference / error;
        var twoSided = 2 * SpecialFunctions.NormalSf(Math.Abs(z));
        return new(aucA, aucB, difference, error, z, SpecialFunctions.NormalSf(z), twoSided);
    }

    /// <summary>V10 of the positives, then V01 of the negatives, each in row order.</summary>
    private static double[] Placements(ReadOnlySpan<double> scores, ReadOnlySpan<bool> labels, int positives)
    {
        var negatives = scores.Length - positives;
        var grouped = new double[scores.Length];
        var (p, q) = (0, positives);
        for (var i = 0; i < scores.Length; i++)
        {
            grouped[labels[i] ? p++ : q++] = double.IsNaN(scores[i])
                ? throw SlipwayException.Invalid($"Row {i} has NaN for a score.")
                : scores[i];
        }

        var all = MidRanks(grouped);
        var withinPositives = MidRanks(grouped.AsSpan(0, positives));
        var withinNegatives = MidRanks(grouped.AsSpan(positives));
        for (var i = 0; i < all.Length; i++)
        {
            all[i] = i < positives
                ? (all[i] - withinPositives[i]) / negatives
                : 1 - ((all[i] - withinNegatives[i - positives]) / positives);
        }

        return all;
    }

    /// <summary>Ranks from 1, equal values sharing the mean of theirs.</summary>
    private static double[] MidRanks(ReadOnlySpan<double> values)
    {
        var sorted = values.ToArray();
        var positions = new int[sorted.Length];
        for (var i = 0; i < positions.Length; i++)
        {
            positions[i] = i;
        }

        Array.Sort(sorted, positions);
        var ranks = new double[sorted.Length];
        for (var start = 0; start < sorted.Length;)
        {
            var end = start + 1;
            while (end < sorted.Length && sorted[end] == sorted[start])
            {
                end++;
            }

            foreach (var position in positions.AsSpan(start, end - start))
            {
                ranks[position] = 0.5 * (start + end + 1);
            }

            start = end;
        }

        return ranks;
    }

    private static (double Mean, double Variance) Difference(double[] a, double[] b, int positives)
    {
        var d = new double[a.Length];
        for (var i = 0; i < d.Length; i++)
        {
            d[i] = b[i] - a[i];
        }

        var p = d.AsSpan(0, positives);
        var n = d.AsSpan(positives);
        return (Mean(p), (Variance(p) / p.Length) + (Variance(n) / n.Length));
    }

    private static double Mean(ReadOnlySpan<double> values)
    {
        var sum = 0.0;
        foreach (var x in values)
        {
            sum += x;
        }

        return sum / values.Length;
    }

    private static double Variance(ReadOnlySpan<double> values)
    {
        var mean = Mean(values);
        var squares = 0.0;
        foreach (var x in values)
        {
            squares += (x - mean) * (x - mean);
        }

        return squares / (values.Length - 1);
    }
}
