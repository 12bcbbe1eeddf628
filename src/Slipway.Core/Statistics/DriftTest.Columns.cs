using System.Globalization;
using Slipway.Core.Data;
using Slipway.Core.Errors;

namespace Slipway.Core.Statistics;

public static partial class DriftTest
{
    /// <summary>
    /// Chooses by type: strings, booleans and integers with few distinct values are categorical, other numbers numeric;
    /// timestamps are not applicable, for time always moves on.
    /// </summary>
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Invalid"/> when the types differ in more than the width of a float, or for options out of range.
    /// </exception>
    public static DriftDecision Decide(Column reference, Column current, DriftOptions? options = null)
    {
        options ??= DriftOptions.Default;
        if (Widen(reference.Type) != Widen(current.Type))
        {
            throw SlipwayException.Invalid(
                $"Column '{reference.Name}' is {reference.Type} in the reference and {current.Type} now; it cannot be compared.");
        }

        switch (reference.Type)
        {
            case DataType.Timestamp:
                return new(
                    DriftVerdict.NotApplicable, NumericMethod, null, null, null, NumericEffect, null, options.NumericEffectFloor,
                    reference.Length, current.Length, $"Column '{reference.Name}' holds timestamps, and time always moves on.");
            case DataType.String:
                return Decide(reference.Strings, current.Strings, options);
            case DataType.Bool:
            case DataType.Int64 when HasFewValues(reference, current, options.MaximumIntegerCategories):
                return Decide(Labels(reference), Labels(current), options);
            default:
                return Decide(Numbers(reference), Numbers(current), options);
        }
    }

    private static DataType Widen(DataType type) => type == DataType.Float32 ? DataType.Float64 : type;

    private static bool HasFewValues(Column reference, Column current, int most)
    {
        var distinct = new HashSet<long>();
        foreach (var column in (Column[])[reference, current])
        {
            for (var row = 0; row < column.Length && distinct.Count <= most; row++)
            {
                if (!column.IsNull(row))
                {
                    distinct.Add(column.Longs[row]);
                }
            }
        }

        return distinct.Count <= most;
    }

    private static string?[] Labels(Column column)
    {
        var labels = new string?[column.Length];
        for (var row = 0; row < labels.Length; row++)
        {
            labels[row] = column.IsNull(row) ? null : column.Number(row).ToString(CultureInfo.InvariantCulture);
        }

        return labels;
    }

    private static double[] Numbers(Column column)
    {
        var numbers = new double[column.Length];
        for (var row = 0; row < numbers.Length; row++)
        {
            numbers[row] = column.Number(row);
        }

        return numbers;
    }
}
