namespace Slipway.Core.Statistics;

public static partial class SpecialFunctions
{
    /// <summary>I(x; a, b), the regularised incomplete beta function, for a, b &gt; 0 and x in [0, 1].</summary>
    public static double RegularizedBeta(double a, double b, double x) => RegularizedBeta(a, b, x, 1 - x);

    /// <param name="y">1 − x, given apart because the caller may know it more precisely than a subtraction would.</param>
    private static double RegularizedBeta(double a, double b, double x, double y)
    {
        if (!(a > 0) || !(b > 0) || !(x >= 0) || !(y >= 0) || double.IsInfinity(a + b))
        {
            return double.NaN;
        }

        if (x == 0 || y == 0)
        {
            return x == 0 ? 0 : 1;
        }

        return x < (a + 1) / (a + b + 2)
            ? BetaPower(a, b, x, y) * BetaFraction(a, b, x, y)
            : 1 - (BetaPower(b, a, y, x) * BetaFraction(b, a, y, x));
    }

    /// <summary>xᵃ·yᵇ/B(a, b).</summary>
    private static double BetaPower(double a, double b, double x, double y)
    {
        var n = a + b;
        var exponent = StirlingError(n) - StirlingError(a) - StirlingError(b) - Deviance(a, n * x) - Deviance(b, n * y);
        return Math.Exp(exponent) * Math.Sqrt(a / n * b / (2 * Math.PI));
    }

    /// <summary>I(x; a, b)·B(a, b)/(xᵃ·yᵇ) as a continued fraction, by Lentz's method.</summary>
    /// <remarks>
    /// The form of Didonato and Morris (1992), "Significant digit computation of the incomplete beta function ratios", whose
    /// terms hold a·y − b·x instead of the difference of nearly equal numbers that it is when a is large and x near 1.
    /// </remarks>
    private static double BetaFraction(double a, double b, double x, double y)
    {
        var c = NotZero(a / (a + 1) * ((a * y) - (b * x) + 1));
        var d = 0.0;
        var fraction = c;
        for (var m = 1; ; m++)
        {
            var step = a + (2 * m) - 1;
            var numerator = (a + m - 1) / step * ((a + b + m - 1) / step) * m * (b - m) * x * x;
            d = 1 / NotZero(Denominator(m) + (numerator * d));
            c = NotZero(Denominator(m) + (numerator / c));
            fraction *= c * d;
            if (!(Math.Abs((c * d) - 1) >= 4 * Precision))
            {
                return 1 / fraction;
            }
        }

        double Denominator(int m) =>
            m + (m * (b - m) * x / (a + (2 * m) - 1)) + ((a + m) / (a + (2 * m) + 1) * ((a * y) - (b * x) + 1 + (m * (1 + y))));
    }
}
