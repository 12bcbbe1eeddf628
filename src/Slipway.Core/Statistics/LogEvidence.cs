namespace Slipway.Core.Statistics;

/// <summary>The logarithm of a positive function at one point, and the derivative of that logarithm.</summary>
internal readonly record struct LogEvidence(double Value, double Slope)
{
    /// <summary>Of the product.</summary>
    public static LogEvidence operator +(LogEvidence a, LogEvidence b) => new(a.Value + b.Value, a.Slope + b.Slope);

    /// <summary>Of the mean of two.</summary>
    public static LogEvidence Mean(LogEvidence a, LogEvidence b) => WeightedSum([a, b], [0.5, 0.5]);

    /// <summary>Of the sum, safe where a term itself would overflow.</summary>
    public static LogEvidence WeightedSum(ReadOnlySpan<LogEvidence> terms, ReadOnlySpan<double> weights)
    {
        var largest = double.NegativeInfinity;
        foreach (var term in terms)
        {
            largest = Math.Max(largest, term.Value);
        }

        var (sum, slope) = (0.0, 0.0);
        for (var k = 0; k < terms.Length; k++)
        {
            // What is 40 below the largest is lost in the last digit of the sum.
            if (terms[k].Value > largest - 40)
            {
                var share = weights[k] * Math.Exp(terms[k].Value - largest);
                sum += share;
                slope += share * terms[k].Slope;
            }
        }

        return new(largest + Math.Log(sum), slope / sum);
    }
}
