using Slipway.Core.Errors;

namespace Slipway.Core.Statistics;

/// <summary>One arm's yes-or-no observations, such as requests that failed: all that inference on their rate needs.</summary>
/// <param name="Count">Observations so far.</param>
/// <param name="Events">Those of them that were a yes.</param>
public readonly record struct RateArm(long Count, long Events) : IArmEvidence
{
    // ln B(½, ½) = ln π.
    private const double LogBetaOfPrior = 1.14472988584940017414342735135;

    public double? Rate => Count == 0 ? null : (double)Events / Count;

    double IArmEvidence.Mean => Count == 0 ? 0.5 : (double)Events / Count;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> unless 0 ≤ events ≤ count.</exception>
    public RateArm Add(long count, long events) => events >= 0 && count >= events
        ? new(Count + count, Events + events)
        : throw SlipwayException.Invalid($"An arm takes 0 ≤ events ≤ count; got {events} events among {count} observations.");

    /// <remarks>
    /// ∫ qˢ(1 − q)ᶠ dBeta(q; ½, ½) / (pˢ(1 − p)ᶠ) = B(s + ½, f + ½)/(B(½, ½)·pˢ(1 − p)ᶠ): Robbins' mixture of likelihood ratios,
    /// an exact martingale under p.
    /// </remarks>
    (double Value, double Slope) IArmEvidence.LogEvidence(double mean)
    {
        if (Events < 0 || Events > Count)
        {
            throw SlipwayException.Invalid($"An arm holds 0 ≤ events ≤ count; got {Events} events among {Count} observations.");
        }

        double failures = Count - Events;
        var mixture = SpecialFunctions.LogBeta(Events + 0.5, failures + 0.5) - LogBetaOfPrior;
        var (value, slope) = (mixture, 0.0);
        if (Events > 0)
        {
            value -= Events * Math.Log(mean);
            slope -= Events / mean;
        }

        if (failures > 0)
        {
            value -= failures * SpecialFunctions.LogOnePlus(-mean);
            slope += failures / (1 - mean);
        }

        return (value, slope);
    }
}
