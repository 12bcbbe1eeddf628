using Slipway.Core.Data;
using Slipway.Core.Errors;

namespace Slipway.Core.Tensors;

/// <summary>
/// Rows of features as a model takes them: FP32, row-major, shape [rows, features]; a missing value is NaN.
/// Training, batch scoring and serving all narrow through here, so that a value means the same to each.
/// </summary>
public sealed class FeatureMatrix
{
    private readonly float[] values;

    private FeatureMatrix(IReadOnlyList<string> names, int rows, float[] values)
    {
        Names = names;
        Rows = rows;
        this.values = values;
    }

    /// <summary>The features in the order of the matrix's columns.</summary>
    public IReadOnlyList<string> Names { get; }

    public int Rows { get; }

    public ReadOnlyMemory<float> Values => values;

    public ReadOnlySpan<float> Row(int row) => values.AsSpan(row * Names.Count, Names.Count);

    /// <summary>
    /// The named columns, in that order. Booleans become 0 or 1, a missing value NaN; a 64-bit number is rounded to the
    /// nearest 32-bit one (integers are exact up to 2²⁴), and beyond its range becomes infinite.
    /// </summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when a column is absent, a string or a timestamp;
    /// <see cref="ErrorKind.TooLarge"/> beyond <see cref="Array.MaxLength"/> values.</exception>
    public static FeatureMatrix From(Table table, IReadOnlyList<string> names)
    {
        var values = new float[TensorShape.Elements([table.Rows, names.Count])];
        for (var i = 0; i < names.Count; i++)
        {
            Fill(values, i, names.Count, table[names[i]]);
        }

        return new FeatureMatrix([.. names], table.Rows, values);
    }

    private static void Fill(float[] values, int offset, int stride, Column column)
    {
        switch (column.Type)
        {
            case DataType.Float32 or DataType.Float64:
                Narrow(column.Doubles, values, offset, stride, static value => (float)value);
                break;
            case DataType.Int64:
                Narrow(column.Longs, values, offset, stride, static value => value);
                break;
            case DataType.Bool:
                Narrow(column.Bools, values, offset, stride, static value => value ? 1f : 0f);
                break;
            default:
                throw SlipwayException.Invalid($"Feature '{column.Name}' is a {column.Type.Text()}; " +
                    "a model takes numbers and booleans. Encode it as a feature first.");
        }

        for (var row = 0; column.HasNulls && row < column.Length; row++)
        {
            if (column.IsNull(row))
            {
                values[(row * stride) + offset] = float.NaN;
            }
        }
    }

    private static void Narrow<T>(T[] source, float[] values, int offset, int stride, Func<T, float> narrow)
    {
        for (int row = 0, at = offset; row < source.Length; row++, at += stride)
        {
            values[at] = narrow(source[row]);
        }
    }
}
