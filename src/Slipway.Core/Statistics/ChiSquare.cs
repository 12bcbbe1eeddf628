using Slipway.Core.Errors;

namespace Slipway.Core.Statistics;

/// <param name="DegreesOfFreedom">0 when the counts are too few to test; then the statistic is 0 and the p-value 1.</param>
/// <param name="Merged">How many categories were too rare to stand alone.</param>
public readonly record struct ChiSquareResult(double Statistic, int DegreesOfFreedom, double PValue, int Merged);

/// <summary>Pearson's chi-square tests on counts, kept to where the χ² law holds: every expected count at least five.</summary>
public static class ChiSquare
{
    /// <summary>The smallest expected count of a cell (Cochran 1954).</summary>
    public const double SmallestExpected = 5;

    /// <summary>
    /// Whether two samples fall into k categories alike: the 2×k contingency table, X² = Σ (o − e)²/e, k − 1 degrees of freedom.
    /// Both samples are random here; taking the reference's counts as exact would inflate X² by 1 + m/n.
    /// </summary>
    /// <remarks>
    /// Categories whose expected count in the smaller sample is below five are merged into one, together with the rarest other
    /// one if they are still too few. What is merged depends on the pooled counts only, so the size of the test stays right.
    /// When fewer than two categories remain the test refuses (see <see cref="ChiSquareResult.DegreesOfFreedom"/>). No
    /// continuity correction. Allocates nothing.
    /// </remarks>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the shapes differ or either is empty.</exception>
    public static ChiSquareResult Contingency(ReadOnlySpan<long> reference, ReadOnlySpan<long> current)
    {
        var totals = BinCounts.Totals(reference, current);
        var enough = SmallestExpected * (totals.Reference + totals.Current) / Math.Min(totals.Reference, totals.Current);
        var (rare, rarestKept) = (0.0, double.PositiveInfinity);
        for (var i = 0; i < reference.Length; i++)
        {
            var pooled = (double)reference[i] + current[i];
            (rare, rarestKept) = pooled < enough ? (rare + pooled, rarestKept) : (rare, Math.Min(rarestKept, pooled));
        }

        // All that tie for the rarest join, so that the order of the categories does not matter.
        return Merged(reference, current, totals, rare > 0 && rare < enough ? rarestKept : Math.BitDecrement(enough));
    }

    private static ChiSquareResult Merged(
        ReadOnlySpan<long> reference, ReadOnlySpan<long> current, (double Reference, double Current) totals, double mostMerged)
    {
        var rest = (Reference: 0.0, Current: 0.0, Count: 0);
        var (statistic, cells) = (0.0, 0);
        for (var i = 0; i < reference.Length; i++)
        {
            var pooled = (double)reference[i] + current[i];
            if (pooled > mostMerged)
            {
                statistic += Cell(reference[i], current[i], totals);
                cells++;
            }
            else if (pooled > 0)
            {
                rest = (rest.Reference + reference[i], rest.Current + current[i], rest.Count + 1);
            }
        }

        if (rest.Count > 0)
        {
            statistic += Cell(rest.Reference, rest.Current, totals);
            cells++;
        }

        return cells < 2
            ? new(0, 0, 1, rest.Count)
            : new(statistic, cells - 1, SpecialFunctions.ChiSquareSf(statistic, cells - 1), rest.Count);
    }

    /// <summary>Both cells of one category: (r·M − c·N)²/(N·M·(r + c)) for totals N, M.</summary>
    private static double Cell(double r, double c, (double Reference, double Current) totals)
    {
        var difference = (r / totals.Reference) - (c / totals.Current);
        return difference * difference * totals.Reference * totals.Current / (r + c);
    }

    /// <summary>Whether counts follow given shares: X² = Σ (o − n·s)²/(n·s), k − 1 degrees of freedom.</summary>
    /// <param name="shares">All above 0, summing to 1, shape of <paramref name="counts"/>; exact, not estimated.</param>
    /// <remarks>Refuses (0 degrees of freedom, p = 1) while an expected count is below five.</remarks>
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Invalid"/> when shapes, counts or shares break these rules.
    /// </exception>
    public static ChiSquareResult GoodnessOfFit(ReadOnlySpan<long> counts, ReadOnlySpan<double> shares)
    {
        var total = BinCounts.Total(counts, "observed");
        RequireShares(shares, counts.Length);
        var statistic = 0.0;
        for (var i = 0; i < counts.Length; i++)
        {
            var expected = total * shares[i];
            if (expected < SmallestExpected)
            {
                return new(0, 0, 1, 0);
            }

            statistic += (counts[i] - expected) * (counts[i] - expected) / expected;
        }

        var df = counts.Length - 1;
        return new(statistic, df, df == 0 ? 1 : SpecialFunctions.ChiSquareSf(statistic, df), 0);
    }

    private static void RequireShares(ReadOnlySpan<double> shares, int length)
    {
        var sum = 0.0;
        foreach (var share in shares)
        {
            sum += share > 0 ? share : throw SlipwayException.Invalid($"A planned share is above 0; got {share}.");
        }

        if (shares.Length != length || !(Math.Abs(sum - 1) <= 1e-9))
        {
            throw SlipwayException.Invalid($"{length} counts need {length} shares of sum 1; got {shares.Length} of sum {sum}.");
        }
    }
}
