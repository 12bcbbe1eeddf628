namespace Slipway.Core.Statistics;

/// <summary>What one arm of a comparison says against a supposed mean. Observations are scaled to [0, 1].</summary>
internal interface IArmEvidence
{
    long Count { get; }

    /// <summary>The mean of what was observed, ½ before anything was.</summary>
    double Mean { get; }

    /// <summary>
    /// ln e(μ) of an e-process that bets on observations above μ (<paramref name="direction"/> 1) or below it (−1): while μ is
    /// the
    /// true mean, the chance that e(μ) ever reaches 1/α is at most α (Ville 1939). Convex in μ, at most 0 at the observed mean.
    /// </summary>
    /// <returns>The value and its derivative by μ.</returns>
    LogEvidence Bet(double mean, int direction);
}
