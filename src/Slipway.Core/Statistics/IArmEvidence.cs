namespace Slipway.Core.Statistics;

/// <summary>What one arm of a comparison says against a supposed mean.</summary>
internal interface IArmEvidence
{
    /// <summary>Observations are scaled to [0, 1]; the mean of what was observed, ½ before anything was.</summary>
    double Mean { get; }

    long Count { get; }

    /// <summary>
    /// ln e(μ) of an e-process for the mean μ: while μ is the true mean, the chance that e(μ) ever reaches 1/α is at most α
    /// (Ville 1939). Convex in μ and at most 0 at the observed mean.
    /// </summary>
    /// <returns>The value, +∞ when μ is impossible, and its derivative by μ.</returns>
    (double Value, double Slope) LogEvidence(double mean);
}
