
namespace Slipway.Core.Windows;

/// <summary>What is counted of an input's values where sums will not do.</summary>
internal enum CodeKind
{
    /// <summary>The bits of the value.</summary>
    Distinct,

    /// <summary>A <see cref="HyperLogLog"/> code.</summary>
    DistinctApprox,

    /// <summary>A <see cref="QuantileBins"/> code.</summary>
    Quantile,
}

/// <summary>The codes of one bucket, ascending, each with how often it counts.</summary>
internal sealed class Codes
{
    public static readonly Codes None = new([], []);

    private readonly long[] values;
    private readonly int[] counts;

    public Codes(long[] values, int[] counts) => (this.values, this.counts) = (values, counts);

    public ReadOnlySpan<long> Values => values;

    public ReadOnlySpan<int> Counts => counts;

    /// <param name="drawn">In any order; sorted in place.</param>
    public static Codes Of(CodeKind kind, Span<long> drawn)
    {
        drawn.Sort();
        var (values, counts) = (new List<long>(), new List<int>());
        foreach (var code in drawn)
        {
            if (values.Count > 0 && (values[^1] == code || (kind == CodeKind.DistinctApprox && SameRegister(values[^1], code))))
            {
                // Of a register only the greatest rank matters, which comes last.
                values[^1] = code;
                counts[^1] += kind == CodeKind.Quantile ? 1 : 0;
                continue;
            }

            values.Add(code);
            counts.Add(1);
        }

        return values.Count == 0 ? None : new Codes([.. values], [.. counts]);
    }

    public static long Of(CodeKind kind, double value) => kind switch
    {
        CodeKind.Distinct => BitConverter.DoubleToInt64Bits(value),
        CodeKind.DistinctApprox => (long)value,
        _ => QuantileBins.CodeOf(value),
    };

    private static bool SameRegister(long a, long b) => HyperLogLog.Register(a) == HyperLogLog.Register(b);
}
