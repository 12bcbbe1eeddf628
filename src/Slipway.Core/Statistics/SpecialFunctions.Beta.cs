namespace Slipway.Core.Statistics;

public static partial class SpecialFunctions
{
    /// <summary>ln B(a, b) = ln Γ(a) + ln Γ(b) − ln Γ(a + b), for a, b &gt; 0.</summary>
    public static double LogBeta(double a, double b) => LogGamma(a) + LogGamma(b) - LogGamma(a + b);

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

        var power = BetaPower(a, b, x, y);
        return x < (a + 1) / (a + b + 2) ? power * BetaFraction(a, b, x) / a : 1 - (power * BetaFraction(b, a, y) / b);
    }

    /// <summary>xᵃ·yᵇ/B(a, b).</summary>
    private static double BetaPower(double a, double b, double x, double y)
    {
        var n = a + b;
        var exponent = StirlingError(n) - StirlingError(a) - StirlingError(b) - Deviance(a, n * x) - Deviance(b, n * y);
        return Math.Exp(exponent) * Math.Sqrt(a / n * b / (2 * Math.PI));
    }

    /// <summary>The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method.</summary>
    private static double BetaFraction(double a, double b, double x)
    {
        var c = 1.0;
        var d = 1 / NotZero(1 - ((a + b) * x / (a + 1)));
        var fraction = d;
        for (var m = 1; ; m++)
        {
            Step(m * (b - m) * x / ((a + (2 * m) - 1) * (a + (2 * m))));
            var change = Step(-(a + m) * (a + b + m) * x / ((a + (2 * m)) * (a + (2 * m) + 1)));
            if (!(Math.Abs(change - 1) >= 4 * Precision))
            {
                return fraction;
            }
        }

        double Step(double numerator)
        {
            d = 1 / NotZero(1 + (numerator * d));
            c = NotZero(1 + (numerator / c));
            fraction *= c * d;
            return c * d;
        }
    }
}
