using System.Globalization;
using System.Text;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;

namespace Slipway.Protocols.OpenInference;

/// <summary>The extension <c>classification</c>: in place of an output, its largest values with their indexes as BYTES <c>value:index</c>.</summary>
internal static class Classification
{
    private const int MaxElements = 1_000_000;

    /// <summary>The parameter's value as the number of classes that are wanted; 0 for the output itself.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> unless it is a whole number ≥ 0.</exception>
    public static int Count(object? value) => value is >= 0L
        ? (int)Math.Min((long)value, int.MaxValue)
        : throw SlipwayException.Invalid("'classification' is a whole number ≥ 0");

    /// <param name="classes">How many are wanted of each row, at least 1.</param>
    /// <param name="isBatch">Whether the first dimension counts rows; otherwise all values belong together.</param>
    /// <returns>Shape [rows, min(classes, values of a row)], or without rows; equal values in the order of their indexes, NaN last.</returns>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when its values have no order, or there are too many.</exception>
    public static Tensor Of(string name, Tensor output, int classes, bool isBatch)
    {
        if (output.Count > MaxElements)
        {
            throw SlipwayException.Invalid($"class result is for at most {MaxElements} values; output '{name}' has {output.Count}");
        }

        // No values, no classes, and no walk over rows of nothing, of which a shape can have billions.
        isBatch &= output.Shape.Length > 0;
        var rows = output.Count == 0 ? 0 : isBatch ? (int)output.Shape[0] : 1;
        var width = rows == 0 ? 0 : output.Count / rows;
        var taken = Math.Min(classes, width);
        var (compare, text) = ElementsOf(output);
        var elements = new byte[rows * taken][];
        var order = new int[width];
        for (var row = 0; row < rows; row++)
        {
            for (var i = 0; i < width; i++)
            {
                order[i] = i;
            }

            var start = row * width;
            Array.Sort(order, (a, b) => compare(start + a, start + b) is not 0 and var sign ? sign : a.CompareTo(b));
            for (var rank = 0; rank < taken; rank++)
            {
                elements[(row * taken) + rank] = Encoding.ASCII.GetBytes($"{text(start + order[rank])}:{order[rank]}");
            }
        }

        return isBatch ? Tensor.Of(elements, rows, taken) : Tensor.Of(elements, taken);
    }

    /// <summary>Order and text of the element at an index; whole numbers up to 64 bits keep their order.</summary>
    private static (Comparison<int> Order, Func<int, string> Text) ElementsOf(Tensor output) => output.Type switch
    {
        TensorType.UInt8 => Of<byte>(output),
        TensorType.UInt16 => Of<ushort>(output),
        TensorType.UInt32 => Of<uint>(output),
        TensorType.UInt64 => Of<ulong>(output),
        TensorType.Int8 => Of<sbyte>(output),
        TensorType.Int16 => Of<short>(output),
        TensorType.Int32 => Of<int>(output),
        TensorType.Int64 => Of<long>(output),
        TensorType.Float16 => Of<Half>(output, "F6"),
        TensorType.Float32 => Of<float>(output, "F6"),
        TensorType.Float64 => Of<double>(output, "F6"),
        _ => throw SlipwayException.Invalid($"class result not available for output due to unsupported type '{output.Type.Wire()}'"),
    };

    // .NET orders NaN below all numbers, so the largest first puts it last.
    private static (Comparison<int>, Func<int, string>) Of<T>(Tensor output, string? format = null) where T : IComparable<T>, IFormattable
    {
        var values = (T[])output.Buffer;
        return ((a, b) => values[b].CompareTo(values[a]), i => values[i].ToString(format, CultureInfo.InvariantCulture));
    }
}
