using Slipway.Core.Errors;

namespace Slipway.Core.Tensors;

/// <summary>Arithmetic on shapes that come from outside and may lie.</summary>
public static class TensorShape
{
    /// <summary>The number of elements: ∏ dims, which is 1 for a scalar (no dims).</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for a negative dim;
    /// <see cref="ErrorKind.TooLarge"/> when the product exceeds <see cref="Array.MaxLength"/>.</exception>
    public static int Elements(ReadOnlySpan<long> shape)
    {
        // 0 × huge is 0 and legal, but huge × huge × 0 must not overflow on its way there.
        var empty = false;
        var product = 1L;
        foreach (var dim in shape)
        {
            if (dim < 0)
            {
                throw SlipwayException.Invalid($"A shape has no negative dimension; got {Text(shape)}.");
            }

            empty |= dim == 0;
            product = dim == 0 ? product : dim > Array.MaxLength / product ? long.MaxValue : product * dim;
        }

        return empty ? 0 : product <= Array.MaxLength ? (int)product : throw new SlipwayException(
            ErrorKind.TooLarge, $"A tensor holds at most {Array.MaxLength} elements; got the shape {Text(shape)}.");
    }

    /// <summary>Whether the shape fits the pattern, in which -1 stands for any size.</summary>
    public static bool Fits(ReadOnlySpan<long> shape, ReadOnlySpan<long> pattern)
    {
        if (shape.Length != pattern.Length)
        {
            return false;
        }

        for (var i = 0; i < shape.Length; i++)
        {
            if (pattern[i] >= 0 && pattern[i] != shape[i])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The form used in messages, such as <c>[-1,30]</c>.</summary>
    public static string Text(ReadOnlySpan<long> shape) => $"[{string.Join(',', shape.ToArray())}]";
}
