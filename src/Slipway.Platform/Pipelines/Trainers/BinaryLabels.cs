using Slipway.Core.Data;
using Slipway.Core.Errors;

namespace Slipway.Platform.Pipelines.Trainers;

/// <summary>Reads the column that says which rows are positive.</summary>
internal static class BinaryLabels
{
    /// <param name="name">A column of booleans, or of numbers that are 0 or 1.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when a value is missing or something else, or
    /// when all rows are of one class.</exception>
    public static bool[] From(Table table, string name)
    {
        var column = table[name];
        var labels = new bool[table.Rows];
        var missing = 0;
        for (var row = 0; row < labels.Length; row++)
        {
            var value = column.Number(row);
            missing += double.IsNaN(value) ? 1 : 0;
            labels[row] = value is 0 or 1 || double.IsNaN(value)
                ? value is 1
                : throw SlipwayException.Invalid($"The label '{name}' is 0 or 1 (or a boolean); row {row} holds {value}.");
        }

        if (missing > 0)
        {
            throw SlipwayException.Invalid($"The label '{name}' is missing in {missing} of {table.Rows} rows; leave those rows out.");
        }

        var positive = labels.Count(label => label);
        return positive > 0 && positive < labels.Length ? labels : throw SlipwayException.Invalid(
            $"The label '{name}' is {(positive > 0 ? 1 : 0)} in all {table.Rows} rows; a classifier needs rows of both classes.");
    }
}
