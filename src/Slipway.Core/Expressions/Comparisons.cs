using Slipway.Core.Data;

namespace Slipway.Core.Expressions;

/// <summary>
/// Order and equality, as DuckDB has them: NaN equals itself and is above every other number, text is ordered by code point,
/// false is below true.
/// </summary>
internal static class Comparisons
{
    public static IEnumerable<Overload> Overloads() =>
    [
        .. Six<long>(DataType.Int64, Order),
        .. Six<double>(DataType.Float64, Order),
        .. Six<string>(DataType.String, Order),
        .. Six<bool>(DataType.Bool, Order),
        .. Six<long>(DataType.Timestamp, Order),
    ];

    public static int Order(long a, long b) => a.CompareTo(b);

    public static int Order(bool a, bool b) => a.CompareTo(b);

    public static int Order(double a, double b) =>
        a < b ? -1 : a > b ? 1 : a == b ? 0 : double.IsNaN(a).CompareTo(double.IsNaN(b));

    /// <summary>UTF-16 units sort surrogates below U+E000…U+FFFF; UTF-8, and so DuckDB, sorts them above.</summary>
    public static int Order(string a, string b)
    {
        var shared = a.AsSpan().CommonPrefixLength(b);
        if (shared == a.Length || shared == b.Length)
        {
            return a.Length.CompareTo(b.Length);
        }

        var (x, y) = (a[shared], b[shared]);
        return char.IsSurrogate(x) == char.IsSurrogate(y) ? x.CompareTo(y) : char.IsSurrogate(x) ? 1 : -1;
    }

    private static IEnumerable<Overload> Six<T>(DataType type, Func<T, T, int> order)
    {
        return
        [
            One("=", c => c == 0), One("!=", c => c != 0),
            One("<", c => c < 0), One("<=", c => c <= 0),
            One(">", c => c > 0), One(">=", c => c >= 0),
        ];

        Overload One(string name, Func<int, bool> holds) => Overload.Total<T, T, bool>(
            name, type, type, DataType.Bool, (a, b) => holds(order(a, b)), $"({{0}} {name} {{1}})");
    }
}
