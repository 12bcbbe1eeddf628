using System.Globalization;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Registry;

/// <summary>What stands in where a feature has no value, offline and online alike.</summary>
public sealed class FeatureDefault
{
    private readonly object value;

    private FeatureDefault(object value) => this.value = value;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the text is not a value of the feature's type.</exception>
    public static FeatureDefault Of(FeatureDefinition feature) => new(Parse(feature.Type, feature.Default!) ?? throw SlipwayException.Invalid(
        $"The default of feature '{feature.Name}' is '{feature.Default}', which is not a {feature.Type.Text()}."));

    /// <summary>A bool, long, double or string; a timestamp as microseconds since the epoch.</summary>
    public object Value => value;

    public Column Fill(Column column)
    {
        if (!column.HasNulls)
        {
            return column;
        }

        var rows = Enumerable.Range(0, column.Length);
        return column.Type switch
        {
            DataType.Bool => Column.Bool(column.Name, [.. rows.Select(row => column.IsNull(row) ? (bool)value : column.Bools[row])]),
            DataType.Int64 => Column.Int64(column.Name, [.. rows.Select(row => column.IsNull(row) ? (long)value : column.Longs[row])]),
            DataType.Timestamp => Column.Timestamp(column.Name, [.. rows.Select(row => column.IsNull(row) ? (long)value : column.Longs[row])]),
            DataType.Float32 => Column.Float32(column.Name, [.. rows.Select(row => column.IsNull(row) ? (double)value : column.Doubles[row])]),
            DataType.Float64 => Column.Float64(column.Name, [.. rows.Select(row => column.IsNull(row) ? (double)value : column.Doubles[row])]),
            _ => Column.String(column.Name, [.. rows.Select(row => column.Strings[row] ?? (string)value)]),
        };
    }

    private static object? Parse(DataType type, string text) => type switch
    {
        DataType.Bool => bool.TryParse(text, out var flag) ? flag : null,
        DataType.Int64 => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? whole : null,
        DataType.Float32 => float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var single) && float.IsFinite(single)
            ? (double)single : null,
        DataType.Float64 => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number : null,
        DataType.Timestamp => DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? Microseconds.From(time) : null,
        _ => text,
    };
}
