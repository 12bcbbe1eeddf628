namespace Slipway.Core.Statistics;

public static partial class SpecialFunctions
{
    private const double SqrtPi = 1.77245385090551602729816748334;

    // Below it the series needs few terms and erfc = 1 − erf loses at most four bits; above it the fraction is fast.
    private const double ErrorFunctionSwitch = 1.25;

    /// <summary>erf(x) = 2/√π·∫₀ˣ e^(−t²) dt, in relative accuracy about 0.</summary>
    public static double Erf(double x)
    {
        if (Math.Abs(x) < ErrorFunctionSwitch)
        {
            return 2 * x / SqrtPi * Math.Exp(-x * x) * GammaSeries(0.5, x * x);
        }

        return double.IsNaN(x) ? x : x > 0 ? 1 - UpperErfc(x) : UpperErfc(-x) - 1;
    }

    /// <summary>erfc(x) = 1 − erf(x), in relative accuracy down to the smallest normal number (x ≈ 26.5).</summary>
    public static double Erfc(double x)
    {
        if (Math.Abs(x) < ErrorFunctionSwitch)
        {
            return 1 - Erf(x);
        }

        return double.IsNaN(x) ? x : x > 0 ? UpperErfc(x) : 2 - UpperErfc(-x);
    }

    private static double UpperErfc(double x) => x > 27.3 ? 0 : x / SqrtPi * Math.Exp(-x * x) * GammaFraction(0.5, x * x);
}
