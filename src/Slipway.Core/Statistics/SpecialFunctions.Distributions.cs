namespace Slipway.Core.Statistics;

public static partial class SpecialFunctions
{
    private const double Sqrt2 = 1.41421356237309504880168872421;
    private const double SqrtTwoPi = 2.50662827463100050241576528481;

    /// <summary>Φ(x), the chance that a standard normal variable is at most x.</summary>
    public static double NormalCdf(double x) => 0.5 * Erfc(-x / Sqrt2);

    /// <summary>1 − Φ(x), in relative accuracy in the upper tail.</summary>
    public static double NormalSf(double x) => 0.5 * Erfc(x / Sqrt2);

    /// <summary>Φ⁻¹(p): −∞ at 0, +∞ at 1, NaN outside [0, 1].</summary>
    /// <remarks>
    /// The rational start of Hastings (Abramowitz and Stegun 26.2.23, error 4.5e-4), then Halley's steps on Φ itself, each of
    /// which cubes the error; below p = 1e-300, where Φ runs out of exponent, the start is returned.
    /// </remarks>
    public static double NormalQuantile(double p)
    {
        if (!(p >= 0 && p <= 1) || p is 0 or 1)
        {
            return p is 0 ? double.NegativeInfinity : p is 1 ? double.PositiveInfinity : double.NaN;
        }

        // 1 − p is exact on [½, 1].
        return p > 0.5 ? -LowerQuantile(1 - p, p - 0.5) : LowerQuantile(p, 0.5 - p);
    }

    /// <param name="p">In (0, ½].</param>
    /// <param name="toCentre">½ − p: about the median the residual is formed from it, or it would cancel.</param>
    private static double LowerQuantile(double p, double toCentre)
    {
        if (toCentre == 0)
        {
            return 0;
        }

        var t = Math.Sqrt(-2 * Math.Log(p));
        var x = ((2.515517 + (t * (0.802853 + (t * 0.010328)))) / (1 + (t * (1.432788 + (t * (0.189269 + (t * 0.001308))))))) - t;
        for (var step = 0; step < 3 && p >= 1e-300; step++)
        {
            var residual = toCentre < 0.25 ? (0.5 * Erf(x / Sqrt2)) + toCentre : NormalCdf(x) - p;
            var newton = residual * SqrtTwoPi * Math.Exp(0.5 * x * x);
            x -= newton / (1 + (0.5 * x * newton));
        }

        return x;
    }

    /// <summary>
    /// The chance that a χ² variable with <paramref name="df"/> &gt; 0 degrees of freedom exceeds x: Q(df/2, x/2).
    /// </summary>
    public static double ChiSquareSf(double x, double df) => x <= 0 ? 1 : RegularizedGammaQ(df / 2, x / 2);

    /// <summary>The chance that Student's t with <paramref name="df"/> &gt; 0 degrees of freedom exceeds t.</summary>
    public static double StudentTSf(double t, double df)
    {
        if (double.IsPositiveInfinity(df))
        {
            return NormalSf(t);
        }

        var square = t * t;
        var tail = double.IsInfinity(square) ? 0 : 0.5 * RegularizedBeta(df / 2, 0.5, df / (df + square), square / (df + square));
        return t < 0 ? 1 - tail : tail;
    }

    /// <summary>The limit law of √n·D: K(λ) = 2·Σₖ (−1)ᵏ⁻¹·e^(−2k²λ²), the chance to exceed λ.</summary>
    /// <remarks>Kolmogorov (1933); below λ = 1 the theta-function form of Smirnov, 1 − √(2π)/λ·Σₖ e^(−(2k−1)²π²/(8λ²)).</remarks>
    public static double KolmogorovSf(double lambda)
    {
        if (lambda <= 0)
        {
            return 1;
        }

        var sum = 0.0;
        if (lambda < 1)
        {
            var unit = Math.PI * Math.PI / (8 * lambda * lambda);
            for (var k = 1; k <= 7; k += 2)
            {
                sum += Math.Exp(-k * k * unit);
            }

            return 1 - (SqrtTwoPi / lambda * sum);
        }

        for (var k = 5; k >= 1; k--)
        {
            sum = Math.Exp(-2 * k * k * lambda * lambda) - sum;
        }

        return 2 * sum;
    }
}
