using System.Globalization;
using Slipway.Core.Data;

namespace Slipway.Core.Expressions;

/// <summary>Text. Letters change case one code point at a time, so <c>upper('ß')</c> stays; length counts code points.</summary>
internal static class TextFunctions
{
    private const DataType Text = DataType.String;

    public static IEnumerable<Overload> Overloads() =>
    [
        .. Parts(),
        Overload.Total<string, string, string>("||", Text, Text, Text, string.Concat, "({0} || {1})"),
        Overload.Total<string, string>("lower", Text, Text, s => s.ToLowerInvariant(), "lower({0})"),
        Overload.Total<string, string>("upper", Text, Text, s => s.ToUpperInvariant(), "upper({0})"),
        Overload.Total<string, long>("length", Text, DataType.Int64, CodePoints, "length({0})"),
        Overload.Total<long, string>("string", DataType.Int64, Text, Format, "cast({0} as varchar)"),
        Overload.Total<bool, string>("string", DataType.Bool, Text, b => b ? "true" : "false", "cast({0} as varchar)"),
    ];

    private static IEnumerable<Overload> Parts()
    {
        const string place = "v between 1 and 2147483647";
        const string size = "v between 0 and 2147483647";
        return
        [
            Overload.Total<string, string>("trim", Text, Text, s => s.Trim(' '), "trim({0}, ' ')"),
            Overload.Total<string, string>("ltrim", Text, Text, s => s.TrimStart(' '), "ltrim({0}, ' ')"),
            Overload.Total<string, string>("rtrim", Text, Text, s => s.TrimEnd(' '), "rtrim({0}, ' ')"),
            // DuckDB's contains takes lists as well, and does not know which is meant where both texts are constants that come to null.
            Overload.Total<string, string, bool>(
                "contains", Text, Text, DataType.Bool, (s, part) => s.Contains(part, StringComparison.Ordinal),
                "contains(cast({0} as varchar), cast({1} as varchar))"),
            Test("starts_with", (s, part) => s.StartsWith(part, StringComparison.Ordinal)),
            Test("ends_with", (s, part) => s.EndsWith(part, StringComparison.Ordinal)),
            Overload.Of<string, long, string>(
                "substring", Text, DataType.Int64, Text, (string s, long start, out string r) => Substring(s, start, int.MaxValue, out r),
                $"substring({{0}}, {Guard.Where("{1}", place)})"),
            Overload.Of<string, long, long, string>(
                "substring", Text, DataType.Int64, DataType.Int64, Text, Substring,
                $"substring({{0}}, {Guard.Where("{1}", place)}, {Guard.Where("{2}", size)})"),
            Overload.Of<string, string, string, string>(
                "replace", Text, Text, Text, Text, Replace, $"replace({{0}}, {Guard.Where("{1}", "v <> ''")}, {{2}})"),
            Overload.Of<string, string, long, string>(
                "split_part", Text, Text, DataType.Int64, Text, SplitPart,
                // DuckDB's is a macro that repeats its arguments; as fields of v they are computed once however deep calls nest.
                $"cast(list_transform([{{{{'s': {{0}}, 'd': {Guard.Where("{1}", "v <> ''")}, 'n': {Guard.Where("{2}", place)}}}}}], lambda v: split_part(v.s, v.d, v.n))[1] as varchar)"),
            Overload.Total<string, string, long>(
                "position", Text, Text, DataType.Int64, (s, part) => s.IndexOf(part, StringComparison.Ordinal) is >= 0 and var at ? CodePoints(s[..at]) + 1 : 0,
                "cast(instr({0}, {1}) as bigint)"),
        ];

        static Overload Test(string name, Func<string, string, bool> holds) =>
            Overload.Total(name, Text, Text, DataType.Bool, holds, name + "({0}, {1})");
    }

    /// <summary>From the start, counted from 1, so many code points, or as many as there are.</summary>
    private static bool Substring(string text, long start, long length, out string result)
    {
        result = "";
        if (start is < 1 or > int.MaxValue || length is < 0 or > int.MaxValue)
        {
            return false;
        }

        var from = Skip(text, 0, start - 1);
        result = text[from..Skip(text, from, length)];
        return true;
    }

    private static int Skip(string text, int at, long codePoints)
    {
        for (; codePoints > 0 && at < text.Length; codePoints--)
        {
            at += char.IsSurrogatePair(text, at) ? 2 : 1;
        }

        return at;
    }

    private static bool Replace(string text, string part, string by, out string result)
    {
        result = part.Length == 0 ? "" : text.Replace(part, by, StringComparison.Ordinal);
        return part.Length > 0;
    }

    /// <summary>Empty beyond the last part.</summary>
    private static bool SplitPart(string text, string separator, long number, out string result)
    {
        result = "";
        if (separator.Length == 0 || number is < 1 or > int.MaxValue)
        {
            return false;
        }

        var parts = text.Split(separator);
        result = number <= parts.Length ? parts[number - 1] : "";
        return true;
    }

    private static string Format(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static long CodePoints(string text)
    {
        var count = text.Length;
        for (var i = 1; i < text.Length; i++)
        {
            if (char.IsSurrogatePair(text[i - 1], text[i]))
            {
                count--;
            }
        }

        return count;
    }
}
