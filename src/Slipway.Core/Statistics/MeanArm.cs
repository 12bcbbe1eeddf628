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

    double IArmEvidence.Mean => Count == 0 ? 0.5 : Sum / Count;

    /// <param name="x">In [0, 1].</param>
    internal MeanArm Add(double x)
    {
        var error = x - ((0.5 + Sum) / (Count + 1));
        return new(Count + 1, Sum + x, SquaredError + (error * error));
    }

    /// <summary>Joins what two places saw of one arm; the order in which they saw it does not matter.</summary>
    public MeanArm Merge(MeanArm other) => new(Count + other.Count, Sum + other.Sum, SquaredError + other.SquaredError);

    /// <remarks>
    /// The mean over λ = ¾·2^(−k/2) and both signs of exp(±λ·(Σxᵢ − n·μ) − ψ(λ)·V), ψ(λ) = −ln(1 − λ) − λ. Each term is a
    /// supermartingale under μ by the inequality of Fan, Grama and Liu (2015), as in theorem 4 of Howard, Ramdas, McAuliffe and
    /// Sekhon (2021); V makes it adapt to the variance. The grid is right for V up to some 10⁸ and needs no α.
    /// </remarks>
    (double Value, double Slope) IArmEvidence.LogEvidence(double mean)
    {
        var deviation = Sum - (Count * mean);
        var distance = Math.Abs(deviation);
        var largest = double.NegativeInfinity;
        for (var k = 0; k < Bets; k++)
        {
            largest = Math.Max(largest, (Lambda[k] * distance) - (Psi[k] * SquaredError));
        }

        var (total, gain) = (0.0, 0.0);
        for (var k = 0; k < Bets; k++)
        {
            var price = Psi[k] * SquaredError;
            var won = Math.Exp((Lambda[k] * distance) - price - largest);
            var lost = Math.Exp((-Lambda[k] * distance) - price - largest);
            total += won + lost;
            gain += Lambda[k] * (won - lost);
        }

        return (largest + Math.Log(total / (2 * Bets)), -Count * Math.Sign(deviation) * gain / total);
    }
}
