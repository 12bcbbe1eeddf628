namespace Slipway.Core.Windows;

/// <summary>
/// Bins for quantiles: a number's sign, exponent and first 8 bits of its mantissa, 256 bins for each power of two. The edge of a bin that
/// is nearer to zero stands for its values, so a value is met with a relative error below 2⁻⁸, and whole numbers up to ±512 exactly.
/// </summary>
/// <remarks>
/// A histogram with relative error as DDSketch (Masson, Rim, Lee 2019), with bins cut by bits rather than by a logarithm, so that every
/// machine cuts them alike. Counts can be taken back, which the sketches that compact samples cannot.
/// </remarks>
internal static class QuantileBins
{
    private const int DroppedBits = 52 - 8;

    /// <summary>In the order of the values.</summary>
    public static long CodeOf(double value)
    {
        var magnitude = (BitConverter.DoubleToInt64Bits(value) & long.MaxValue) >> DroppedBits;
        return value < 0 ? -magnitude : magnitude;
    }

    public static double ValueOf(long code)
    {
        var magnitude = BitConverter.Int64BitsToDouble(Math.Abs(code) << DroppedBits);
        return code < 0 ? -magnitude : magnitude;
    }
}
