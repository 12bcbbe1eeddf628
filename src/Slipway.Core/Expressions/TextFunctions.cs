using System.Globalization;
using Slipway.Core.Data;

namespace Slipway.Core.Expressions;

/// <summary>Text. Letters change case one code point at a time, so <c>upper('ß')</c> stays; length counts code points.</summary>
internal static class TextFunctions
{
    private const DataType Text = DataType.String;

    public static IEnumerable<Overload> Overloads() =>
    [
        Overload.Total<string, string, string>("||", Text, Text, Text, string.Concat, "({0} || {1})"),
        Overload.Total<string, string>("lower", Text, Text, s => s.ToLowerInvariant(), "lower({0})"),
        Overload.Total<string, string>("upper", Text, Text, s => s.ToUpperInvariant(), "upper({0})"),
        Overload.Total<string, long>("length", Text, DataType.Int64, CodePoints, "length({0})"),
        Overload.Total<long, string>("string", DataType.Int64, Text, Format, "cast({0} as varchar)"),
        Overload.Total<bool, string>("string", DataType.Bool, Text, b => b ? "true" : "false", "cast({0} as varchar)"),
    ];

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
