using System.Globalization;
using Slipway.Core.Data;

namespace Slipway.Core.Expressions;

/// <summary>Powers, logarithms of other bases, signs. Where mathematics has no value, there is null.</summary>
internal static class MathFunctions
{
    private const DataType Int = DataType.Int64;
    private const DataType Float = DataType.Float64;

    public static IEnumerable<Overload> Overloads() =>
    [
        Overload.Of<double, double>("log2", Float, Float, (double a, out double r) => Positive(a, Math.Log2, out r), $"log2({Guard.Where("{0}", "v > 0")})"),
        Overload.Of<double, double>("log10", Float, Float, (double a, out double r) => Positive(a, Math.Log10, out r), $"log10({Guard.Where("{0}", "v > 0")})"),
        Overload.Of<double, double, double>(
            "power", Float, Float, Float, Power, Guard.Where("pow({0}, {1})", "isfinite(v)")),
        Overload.Total<long, long>("sign", Int, Int, a => Math.Sign(a), "sign({0})::bigint"),
        Overload.Total<double, long>("sign", Float, Int, a => a > 0 ? 1 : a < 0 ? -1 : 0, "sign({0})::bigint"),
    ];

    /// <summary>To so many decimal digits, halves away from zero: round(x·10ⁿ) / 10ⁿ.</summary>
    public static Node Round(Node value, int digits)
    {
        var unit = Math.Pow(10, digits);
        var factor = string.Create(CultureInfo.InvariantCulture, $"1e{digits}");
        return Node.Map<double, double>(
            Float, value,
            (double a, out double r) =>
            {
                r = Math.Round(a * unit, MidpointRounding.AwayFromZero) / unit;
                return true;
            },
            $"(round({value.Sql} * {factor}) / {factor})");
    }

    /// <summary>No infinity and no NaN comes out, whatever goes in: libraries differ in which.</summary>
    private static bool Power(double a, double b, out double result)
    {
        result = Math.Pow(a, b);
        return double.IsFinite(result);
    }

    private static bool Positive(double a, Func<double, double> log, out double result)
    {
        result = log(a);
        return a > 0 || double.IsNaN(a);
    }
}
