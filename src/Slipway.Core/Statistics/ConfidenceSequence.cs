using Slipway.Core.Errors;

namespace Slipway.Core.Statistics;

/// <summary>
/// Anytime-valid inference on the difference of two arms' means: valid however often one looks and whenever one stops.
/// </summary>
/// <remarks>
/// For a pair of means (μ, μ + θ) the evidence is ½·e_A↑(μ)·e_B↓(μ + θ) + ½·e_A↓(μ)·e_B↑(μ + θ): the products and their mean are
/// e-processes again. A difference θ stays in while some pair does: min over μ of ln e &lt; ln 1/α. ln e is convex in (μ, θ), so
/// bisection finds the minimum and the θ kept form an interval. Its width shrinks like √(1/n_A + 1/n_B), as that of an ordinary
/// interval, but for a factor of about two.
/// </remarks>
internal static class ConfidenceSequence
{
    private const int Halvings = 50;

    /// <summary>The differences B − A, on the scale of [−1, 1], that are not yet ruled out at level α.</summary>
    public static ConfidenceInterval Interval<TArm>(TArm a, TArm b, double alpha) where TArm : struct, IArmEvidence
    {
        var bound = Bound(alpha);
        var centre = b.Mean - a.Mean;
        return new(Edge(a, b, centre, -1, bound), Edge(a, b, centre, 1, bound));
    }

    public static bool RulesOut<TArm>(TArm a, TArm b, double difference, double alpha) where TArm : struct, IArmEvidence
    {
        var bound = Bound(alpha);
        return LeastEvidence(a, b, difference, bound) >= bound;
    }

    /// <summary>min(1, 1/e): the smallest α at which the difference is ruled out now; itself valid at any time.</summary>
    public static double PValue<TArm>(TArm a, TArm b, double difference) where TArm : struct, IArmEvidence =>
        Math.Min(1, Math.Exp(-LeastEvidence(a, b, difference, null)));

    private static double Bound(double alpha) => alpha > 0 && alpha < 1
        ? -Math.Log(alpha)
        : throw SlipwayException.Invalid($"The level alpha lies between 0 and 1; got {alpha}.");

    /// <summary>Bisects between a difference that is kept and the extreme one; rounds outwards.</summary>
    private static double Edge<TArm>(TArm a, TArm b, double kept, double extreme, double bound) where TArm : struct, IArmEvidence
    {
        if (LeastEvidence(a, b, extreme, bound) < bound)
        {
            return extreme;
        }

        var ruledOut = extreme;
        for (var i = 0; i < Halvings && Math.Abs(ruledOut - kept) > 1e-12; i++)
        {
            var middle = 0.5 * (kept + ruledOut);
            (kept, ruledOut) = LeastEvidence(a, b, middle, bound) < bound ? (middle, ruledOut) : (kept, middle);
        }

        return ruledOut;
    }

    /// <summary>
    /// The minimum over μ; or, as soon as it is known on which side of the bound it lies, a value on that side.
    /// </summary>
    private static double LeastEvidence<TArm>(TArm a, TArm b, double difference, double? bound) where TArm : struct, IArmEvidence
    {
        if (!(Math.Abs(difference) <= 1))
        {
            return double.PositiveInfinity;
        }

        var low = Math.Max(0, -difference);
        var high = Math.Min(1, 1 - difference);

        // Where the minimum would be were both arms equally spread: mostly one look there is enough.
        var weight = Math.Max(1, (double)a.Count + b.Count);
        var next = Math.Clamp(((a.Count * a.Mean) + (b.Count * (b.Mean - difference))) / weight, low, high);
        var least = double.PositiveInfinity;
        for (var i = 0; i < Halvings; i++)
        {
            var (value, slope) = Joint(a, b, next, difference);
            least = Math.Min(least, value);
            (low, high) = slope > 0 ? (low, next) : (next, high);

            // By convexity nothing in [low, high] lies below the tangent.
            var floor = value - (Math.Abs(slope) * (high - low));
            if (least < bound || floor >= bound || least - floor < 1e-12)
            {
                break;
            }

            next = 0.5 * (low + high);
        }

        return least;
    }

    private static LogEvidence Joint<TArm>(TArm a, TArm b, double mean, double difference) where TArm : struct, IArmEvidence =>
        LogEvidence.Mean(
            a.Bet(mean, 1) + b.Bet(mean + difference, -1),
            a.Bet(mean, -1) + b.Bet(mean + difference, 1));
}
