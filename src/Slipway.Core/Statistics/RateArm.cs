using Slipway.Core.Errors;

namespace Slipway.Core.Statistics;

/// <summary>One arm's yes-or-no observations, such as requests that failed: all that inference on their rate needs.</summary>
/// <param name="Count">Observations so far.</param>
/// <param name="Events">Those of them that were a yes.</param>
public readonly record struct RateArm(long Count, long Events) : IArmEvidence
{
    private const int Bets = 24;

    private static readonly double[] Lambda = [.. Enumerable.Range(0, Bets).Select(k => 2 * Math.Pow(2, -0.5 * k))];
    private static readonly double[] Rise = [.. Lambda.Select(l => Math.Exp(l) - 1)];
    private static readonly double[] Fall = [.. Lambda.Select(l => Math.Exp(-l) - 1)];
    private static readonly double[] Weights = [.. Enumerable.Repeat(1.0 / Bets, Bets)];

    public double? Rate => Count == 0 ? null : (double)Events / Count;

    double IArmEvidence.Mean => Count == 0 ? 0.5 : (double)Events / Count;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> unless 0 ≤ events ≤ count.</exception>
    public RateArm Add(long count, long events) => events >= 0 && count >= events
        ? new(Count + count, Events + events)
        : throw SlipwayException.Invalid($"An arm takes 0 ≤ events ≤ count; got {events} events among {count} observations.");

    /// <remarks>
    /// The mean over λ = ±2·2^(−k/2) of e^(λ·s)/(1 − p + p·e^λ)ⁿ for s events among n: likelihood ratios against tilted rates, so
    /// an exact martingale under p (Robbins 1970 for the mixture). A grid, rather than a Beta law over all rates, because its
    /// price does not grow with n: at n = 10,000 the interval is a fifth narrower.
    /// </remarks>
    LogEvidence IArmEvidence.Bet(double mean, int direction)
    {
        if (Events < 0 || Events > Count)
        {
            throw SlipwayException.Invalid($"An arm holds 0 ≤ events ≤ count; got {Events} events among {Count} observations.");
        }

        var gains = direction > 0 ? Rise : Fall;
        Span<LogEvidence> bets = stackalloc LogEvidence[Bets];
        for (var k = 0; k < Bets; k++)
        {
            var change = mean * gains[k];
            var log = (direction * Lambda[k] * Events) - (Count * SpecialFunctions.LogOnePlus(change));
            bets[k] = new(log, -Count * gains[k] / (1 + change));
        }

        return LogEvidence.WeightedSum(bets, Weights);
    }
}
