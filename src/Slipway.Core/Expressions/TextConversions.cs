using System.Globalization;
using Slipway.Core.Data;

namespace Slipway.Core.Expressions;

/// <summary>
/// Text to numbers and truth. Only what is written plainly converts, null otherwise: <c>-12</c>, <c>1.5</c>, <c>-2.5e-3</c>, <c>true</c>; no
/// spaces, no plus sign, no thousands, no infinity.
/// </summary>
internal static class TextConversions
{
    private const DataType Text = DataType.String;

    public static IEnumerable<Overload> Overloads() =>
    [
        Overload.Of<string, long>(
            "int", Text, DataType.Int64, Integer, $"cast({Guard.Where("{0}", "regexp_full_match(v, '-?[0-9]{{1,18}}')")} as bigint)"),
        Overload.Of<string, double>(
            "float", Text, DataType.Float64, Float,
            $"cast({Guard.Where("{0}", "regexp_full_match(v, '-?[0-9]{{1,18}}([.][0-9]{{1,18}})?([eE]-?[0-9]{{1,2}})?')")} as double)"),
        Overload.Of<string, bool>("bool", Text, DataType.Bool, Bool, $"({Guard.Where("{0}", "v in ('true', 'false')")} = 'true')"),
        Overload.Total<long, bool>("bool", DataType.Int64, DataType.Bool, a => a != 0, "({0} <> 0)"),
    ];

    private static bool Integer(string text, out long result)
    {
        var at = text.StartsWith('-') ? 1 : 0;
        result = 0;
        return Digits(text, ref at, 18) && at == text.Length
            && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out result);
    }

    private static bool Float(string text, out double result)
    {
        var at = text.StartsWith('-') ? 1 : 0;
        result = 0;
        if (!Digits(text, ref at, 18) || (Takes(text, ref at, '.') && !Digits(text, ref at, 18)))
        {
            return false;
        }

        if (Takes(text, ref at, 'e') || Takes(text, ref at, 'E'))
        {
            _ = Takes(text, ref at, '-');
            if (!Digits(text, ref at, 2))
            {
                return false;
            }
        }

        return at == text.Length && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out result);
    }

    private static bool Bool(string text, out bool result)
    {
        result = text == "true";
        return result || text == "false";
    }

    private static bool Takes(string text, ref int at, char wanted)
    {
        var found = at < text.Length && text[at] == wanted;
        at += found ? 1 : 0;
        return found;
    }

    private static bool Digits(string text, ref int at, int most)
    {
        var start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            at++;
        }

        return at - start >= 1 && at - start <= most;
    }
}
