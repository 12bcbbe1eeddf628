using Slipway.Core.Data;

namespace Slipway.Core.Expressions;

/// <summary>
/// Numbers. Integers that overflow, a division by zero and a logarithm or root outside its domain give null;
/// <c>/</c> is always a division of floats; <c>%</c> takes the sign of the dividend.
/// </summary>
internal static class Arithmetic
{
    private const DataType Int = DataType.Int64;
    private const DataType Float = DataType.Float64;

    public static IEnumerable<Overload> Overloads() => [.. Operators(), .. Functions(), .. Conversions()];

    private static IEnumerable<Overload> Operators() =>
    [
        Overload.Of<long, long, long>("+", Int, Int, Int, Add, Guard.Int64("{0}::hugeint + {1}::hugeint")),
        Overload.Of<long, long, long>("-", Int, Int, Int, Subtract, Guard.Int64("{0}::hugeint - {1}::hugeint")),
        Overload.Of<long, long, long>("*", Int, Int, Int, Multiply, Guard.Int64("{0}::hugeint * {1}::hugeint")),
        Overload.Of<long, long, long>("%", Int, Int, Int, Remainder, "({0}::hugeint % {1}::hugeint)::bigint"),
        Overload.Of<long, long>("negate", Int, Int, (long a, out long r) => Subtract(0, a, out r), Guard.Int64("-({0}::hugeint)")),
        Overload.Total<double, double, double>("+", Float, Float, Float, (a, b) => a + b, "({0} + {1})"),
        Overload.Total<double, double, double>("-", Float, Float, Float, (a, b) => a - b, "({0} - {1})"),
        Overload.Total<double, double, double>("*", Float, Float, Float, (a, b) => a * b, "({0} * {1})"),
        Overload.Of<double, double, double>("/", Float, Float, Float, Divide, $"({{0}} / {Guard.Where("{1}", "v <> 0")})"),
        Overload.Of<double, double, double>("%", Float, Float, Float, Remainder, $"({{0}} % {Guard.Where("{1}", "v <> 0")})"),
        Overload.Total<double, double>("negate", Float, Float, a => -a, "(-{0})"),
    ];

    private static IEnumerable<Overload> Functions() =>
    [
        Overload.Of<long, long, long>("div", Int, Int, Int, Quotient, Guard.Int64($"{{0}}::hugeint // {Guard.Where("{1}", "v <> 0")}::hugeint")),
        Overload.Of<long, long>("abs", Int, Int, Absolute, Guard.Int64("abs({0}::hugeint)")),
        Overload.Total<double, double>("abs", Float, Float, Math.Abs, "abs({0})"),
        Overload.Total<double, double>("floor", Float, Float, Math.Floor, "floor({0})"),
        Overload.Total<double, double>("ceil", Float, Float, Math.Ceiling, "ceil({0})"),
        Overload.Total<double, double>("round", Float, Float, Round, "round({0})"),
        Overload.Total<double, double>("exp", Float, Float, Math.Exp, "exp({0})"),
        Overload.Total<double, double>("trunc", Float, Float, Math.Truncate, "trunc({0})"),
        Overload.Of<double, double>("log", Float, Float, Log, $"ln({Guard.Where("{0}", "v > 0")})"),
        Overload.Of<double, double>("sqrt", Float, Float, Sqrt, $"sqrt({Guard.Where("{0}", "v >= 0")})"),
    ];

    private static IEnumerable<Overload> Conversions() =>
    [
        Overload.Total<long, double>("float", Int, Float, a => a, "cast({0} as double)"),
        Overload.Total<bool, long>("int", DataType.Bool, Int, a => a ? 1 : 0, "cast({0} as bigint)"),
        Overload.Of<double, long>("int", Float, Int, Truncate, Guard.Truncated("{0}")),
    ];

    public static bool Add(long a, long b, out long result)
    {
        result = unchecked(a + b);
        return ((a ^ result) & (b ^ result)) >= 0;
    }

    public static bool Subtract(long a, long b, out long result)
    {
        result = unchecked(a - b);
        return ((a ^ b) & (a ^ result)) >= 0;
    }

    private static bool Multiply(long a, long b, out long result)
    {
        var high = Math.BigMul(a, b, out result);
        return high == result >> 63;
    }

    private static bool Remainder(long a, long b, out long result)
    {
        // long.MinValue % −1 is 0 but traps in the processor, as its quotient does not fit.
        result = b is 0 or -1 ? 0 : a % b;
        return b != 0;
    }

    private static bool Remainder(double a, double b, out double result)
    {
        result = a % b;
        return b != 0;
    }

    private static bool Divide(double a, double b, out double result)
    {
        result = a / b;
        return b != 0;
    }

    /// <summary>Towards zero.</summary>
    private static bool Quotient(long a, long b, out long result)
    {
        var fits = b != 0 && !(a == long.MinValue && b == -1);
        result = fits ? a / b : 0;
        return fits;
    }

    private static bool Absolute(long a, out long result)
    {
        result = a < 0 ? unchecked(-a) : a;
        return result >= 0;
    }

    /// <summary>To the nearest whole number, halves away from zero.</summary>
    private static double Round(double a) => Math.Round(a, MidpointRounding.AwayFromZero);

    private static bool Log(double a, out double result)
    {
        result = Math.Log(a);
        return a > 0 || double.IsNaN(a);
    }

    private static bool Sqrt(double a, out double result)
    {
        result = Math.Sqrt(a);
        return a >= 0 || double.IsNaN(a);
    }

    /// <summary>Towards zero; null where 64 bits do not hold it.</summary>
    public static bool Truncate(double a, out long result)
    {
        const double limit = 9223372036854775808.0;
        var fits = a >= -limit && a < limit;
        result = fits ? (long)a : 0;
        return fits;
    }
}
