namespace Slipway.Core.Statistics;

/// <summary>
/// A numeric column made ready to be compared many times: its finite values in ascending order. NaN and ±∞ are missing values.
/// </summary>
public sealed class NumericSample
{
    private readonly double[] sorted;
    private double deviation = double.NaN;

    private NumericSample(double[] sorted, long rows)
    {
        this.sorted = sorted;
        Rows = rows;
    }

    /// <summary>Of the column, missing values included.</summary>
    public long Rows { get; }

    public int Count => sorted.Length;

    /// <summary>Ascending and finite.</summary>
    public ReadOnlySpan<double> Values => sorted;

    /// <summary>Of the population (divisor n); 0 for a constant and for no values.</summary>
    public double StandardDeviation => double.IsNaN(deviation)
        ? deviation = sorted.Length == 0 ? 0 : Wasserstein.StandardDeviation(sorted)
        : deviation;

    public static NumericSample Of(ReadOnlySpan<double> values)
    {
        var finite = new double[values.Length];
        var count = 0;
        foreach (var x in values)
        {
            finite[count] = x;
            count += double.IsFinite(x) ? 1 : 0;
        }

        Array.Resize(ref finite, count);
        Array.Sort(finite);
        return new(finite, values.Length);
    }

    /// <summary>The same of 32-bit values, which sort in half the time.</summary>
    public static NumericSample Of(ReadOnlySpan<float> values)
    {
        var finite = new float[values.Length];
        var count = 0;
        foreach (var x in values)
        {
            finite[count] = x;
            count += float.IsFinite(x) ? 1 : 0;
        }

        Array.Sort(finite, 0, count);
        var sorted = new double[count];
        for (var i = 0; i < count; i++)
        {
            sorted[i] = finite[i];
        }

        return new(sorted, values.Length);
    }

    /// <summary>
    /// At most so many of the values, evenly spaced by rank: the same distribution to within 1/(2·most) in every quantile. A test
    /// that takes it for a random sample of its size errs towards no alarm.
    /// </summary>
    public NumericSample Thin(int most)
    {
        if (sorted.Length <= most)
        {
            return this;
        }

        var thin = new double[most];
        for (var i = 0; i < most; i++)
        {
            thin[i] = sorted[(int)((((2L * i) + 1) * sorted.Length) / (2L * most))];
        }

        return new(thin, Rows);
    }
}
