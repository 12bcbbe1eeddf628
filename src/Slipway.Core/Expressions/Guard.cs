namespace Slipway.Core.Expressions;

/// <summary>
/// SQL for "this value, or null where it breaks a condition", with the text of the value standing once, so that nesting does not
/// double it (nullif and case would). A list of one is filtered: 10 ns a row. DuckDB's try() and try_cast() will not do: an error
/// of a row that coalesce or case does not take escapes the first, and the optimiser compares the argument of the second uncast.
/// </summary>
internal static class Guard
{
    /// <param name="condition">Over <c>v</c>, the value; not called for null.</param>
    public static string Where(string value, string condition) => $"list_filter([{value}], lambda v: {condition})[1]";

    /// <param name="value">Of type hugeint, in which sums and products of two 64-bit integers are exact.</param>
    public static string Int64(string value) =>
        $"{Where(value, "v between -9223372036854775808::hugeint and 9223372036854775807::hugeint")}::bigint";

    /// <summary>Towards zero.</summary>
    public static string Truncated(string value) =>
        $"{Where($"trunc({value})", "v >= -9223372036854775808e0 and v < 9223372036854775808e0")}::bigint";

    /// <summary>Half a step above the largest float32, to which it would round.</summary>
    public static string Float32(string value) => $"{Where(value, "abs(v) < 3.4028235677973366e38")}::float";
}
