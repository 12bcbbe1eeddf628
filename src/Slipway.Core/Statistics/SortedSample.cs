using System.Buffers;
using Slipway.Core.Errors;

namespace Slipway.Core.Statistics;

/// <summary>A sorted copy in a pooled buffer, given back on dispose.</summary>
internal readonly ref struct SortedSample
{
    private readonly double[] buffer;
    private readonly int length;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the sample is empty or holds a NaN.</exception>
    public SortedSample(ReadOnlySpan<double> values, string name)
    {
        length = values.Length;
        buffer = ArrayPool<double>.Shared.Rent(length);
        values.CopyTo(buffer);
        buffer.AsSpan(0, length).Sort();
        Require(Values, name);
    }

    public ReadOnlySpan<double> Values => buffer.AsSpan(0, length);

    public void Dispose() => ArrayPool<double>.Shared.Return(buffer);

    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Invalid"/> when it is empty, not ascending or holds a NaN.
    /// </exception>
    public static void Require(ReadOnlySpan<double> values, string name)
    {
        if (values.IsEmpty)
        {
            throw SlipwayException.Invalid($"The {name} sample is empty; a test needs at least one value.");
        }

        // A comparison with NaN is false, so this finds a NaN as well as a descent.
        for (var i = 0; i < values.Length; i++)
        {
            if (!(values[i] >= values[Math.Max(i - 1, 0)]))
            {
                throw SlipwayException.Invalid(double.IsNaN(values[i]) || double.IsNaN(values[0])
                    ? $"The {name} sample holds a NaN; leave missing values out."
                    : $"The {name} sample must be in ascending order; value {i} is below value {i - 1}.");
            }
        }
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> as above, or when a value is infinite.</exception>
    public static void RequireFinite(ReadOnlySpan<double> values, string name)
    {
        Require(values, name);
        if (double.IsInfinity(values[0]) || double.IsInfinity(values[^1]))
        {
            throw SlipwayException.Invalid($"The {name} sample holds an infinite value; a distance needs finite ones.");
        }
    }
}
