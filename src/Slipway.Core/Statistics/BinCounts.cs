using Slipway.Core.Errors;

namespace Slipway.Core.Statistics;

/// <summary>The rules that every comparison of two histograms over the same bins shares.</summary>
internal static class BinCounts
{
    /// <summary>The totals of both.</summary>
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Invalid"/> when the shapes differ, a count is negative or either holds nothing.
    /// </exception>
    public static (double Reference, double Current) Totals(ReadOnlySpan<long> reference, ReadOnlySpan<long> current) =>
        reference.Length != current.Length
            ? throw SlipwayException.Invalid(
                $"Both histograms need the same bins; the reference has {reference.Length}, the current one {current.Length}.")
            : (Total(reference, "reference"), Total(current, "current"));

    public static double Total(ReadOnlySpan<long> counts, string name)
    {
        var total = 0.0;
        foreach (var count in counts)
        {
            total += count >= 0
                ? count
                : throw SlipwayException.Invalid($"A count is at least 0; the {name} histogram holds {count}.");
        }

        return total > 0 ? total : throw SlipwayException.Invalid($"The {name} histogram is empty; a count must be above 0.");
    }
}
