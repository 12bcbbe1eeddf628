namespace Slipway.Core.Statistics;

/// <summary>One arm's bounded observations, scaled to [0, 1]: all that inference on their mean needs.</summary>
/// <param name="Count">Observations so far.</param>
/// <param name="Sum">Of the observations.</param>
/// <param name="SquaredError">V = Σ (xᵢ − x̂ᵢ)², x̂ᵢ being the mean of ½ and all observations before the i-th.</param>
public readonly record struct MeanArm(long Count, double Sum, double SquaredError) : IArmEvidence
{
    private const int Bets = 24;

    private static readonly double[] Lambda = [.. Enumerable.Range(0, Bets).Select(k => 0.75 * Math.Pow(2, -0.5 * k))];
    private static readonly double[] Psi = [.. Lambda.Select(l => -SpecialFunctions.LogOnePlus(-l) - l)];

    // Most on the large bets, which pay where the spread is far below the range: 1/(k + 1), made to sum to 1.
    private static readonly double[] Weights =
        [.. Enumerable.Range(1, Bets).Select(k => 1.0 / k / Enumerable.Range(1, Bets).Sum(j => 1.0 / j))];

    double IArmEvidence.Mean => Count == 0 ? 0.5 : Sum / Count;

    /// <param name="x">In [0, 1].</param>
    internal MeanArm Add(double x)
    {
        var error = x - ((0.5 + Sum) / (Count + 1));
        return new(Count + 1, Sum + x, SquaredError + (error * error));
    }

    /// <summary>Joins what two places saw of one arm, each on its own.</summary>
    public MeanArm Merge(MeanArm other) => new(Count + other.Count, Sum + other.Sum, SquaredError + other.SquaredError);

    /// <remarks>
    /// The weighted mean over λ = ¾·2^(−k/2) of exp(±λ·(Σxᵢ − n·μ) − ψ(λ)·V), ψ(λ) = −ln(1 − λ) − λ. Each term is a
    /// supermartingale under μ by the inequality of Fan, Grama and Liu (2015), as in theorem 4 of Howard, Ramdas, McAuliffe and
    /// Sekhon (2021); V makes it adapt to the variance. The grid is right for V up to some 10⁸ and needs no α.
    /// </remarks>
    LogEvidence IArmEvidence.Bet(double mean, int direction)
    {
        var deviation = direction * (Sum - (Count * mean));
        Span<LogEvidence> bets = stackalloc LogEvidence[Bets];
        for (var k = 0; k < Bets; k++)
        {
            bets[k] = new((Lambda[k] * deviation) - (Psi[k] * SquaredError), -direction * Lambda[k] * Count);
        }

        return LogEvidence.WeightedSum(bets, Weights);
    }
}
