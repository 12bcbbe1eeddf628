using System.Globalization;
using Slipway.Core.Statistics;

namespace Slipway.Platform.Monitoring;

/// <summary>Compares columns of a window with the reference.</summary>
internal static class DriftMeasure
{
    /// <param name="current">What is not finite is missing.</param>
    public static DriftDecision Compare(Distribution reference, ReadOnlySpan<float> current, DriftOptions options) =>
        Measure(reference, current, options, picture: false).Decision;

    /// <summary>The values, and the share of them that is missing where any is.</summary>
    public static IEnumerable<DriftResult> Results(
        Distribution reference, float[] current, DriftPolicy policy, WindowLength window, long startUs)
    {
        var (decision, missing, histogram) = Measure(reference, current, policy.Test, picture: true);
        yield return new(
            window, startUs, reference.Name, DriftAspect.Values, Raise(decision, reference, policy, window), histogram);
        if (reference.Missing + missing > 0)
        {
            var present = new CategoryCounts(
                ["missing", "present"], [reference.Missing, reference.Rows - reference.Missing], [missing, current.Length - missing], 0, 0);
            yield return new(window, startUs, reference.Name, DriftAspect.Missing, DriftTest.Decide(present, policy.Test), null);
        }
    }

    /// <summary>
    /// Judges the results of one window together (Benjamini and Hochberg) and by their floors, which the reference's own windows
    /// may have raised.
    /// </summary>
    public static IReadOnlyList<DriftResult> Correct(IReadOnlyList<DriftResult> results, DriftPolicy policy)
    {
        var decisions = DriftTest.Correct([.. results.Select(r => r.Decision)], policy.Test);
        return [.. results.Select((result, i) => result with { Decision = decisions[i] })];
    }

    private static (DriftDecision Decision, long Missing, Histogram? Histogram) Measure(
        Distribution reference, ReadOnlySpan<float> current, DriftOptions options, bool picture)
    {
        if (reference.Kind == FeatureKind.Categorical)
        {
            var counts = CategoryCounts.Align(reference.Categories, Distribution.Count(current, out var absent), reference.Missing, absent);
            return (DriftTest.Decide(counts, options), absent, picture ? Picture(counts) : null);
        }

        var numbers = NumericSample.Of(current);
        return (
            DriftTest.Decide(reference.Numbers, numbers, options), current.Length - numbers.Count,
            picture ? Picture(reference, numbers) : null);
    }

    private static DriftDecision Raise(DriftDecision decision, Distribution reference, DriftPolicy policy, WindowLength window) =>
        reference.OrdinaryEffect(window, policy.ReferenceQuantile) is { } ordinary && ordinary > decision.EffectFloor
            ? decision with { EffectFloor = Math.BitIncrement(ordinary) }
            : decision;

    private static Histogram? Picture(Distribution reference, NumericSample current)
    {
        if (reference.Sample.Length == 0 || current.Count == 0)
        {
            return null;
        }

        var counts = new long[reference.Counts.Length];
        Binning.Count(current.Values, reference.Edges, counts);
        return new(
            [.. reference.Edges.Select(edge => ((float)edge).ToString(CultureInfo.InvariantCulture)), "∞"],
            Shares(reference.Counts), Shares(counts));
    }

    /// <summary>The most frequent categories; what is left becomes one more.</summary>
    private static Histogram? Picture(CategoryCounts counts)
    {
        const int most = 20;
        if (counts.Reference.Sum() == 0 || counts.Current.Sum() == 0)
        {
            return null;
        }

        var order = Enumerable.Range(0, counts.Categories.Length)
            .OrderByDescending(i => counts.Reference[i] + counts.Current[i]).ThenBy(i => i).ToArray();
        var shown = order.Take(most).Order().ToArray();
        string[] bins = [.. shown.Select(i => counts.Categories[i])];
        long[] before = [.. shown.Select(i => counts.Reference[i])];
        long[] now = [.. shown.Select(i => counts.Current[i])];
        return order.Length <= most
            ? new(bins, Shares(before), Shares(now))
            : new(
                [.. bins, "(other)"], Shares([.. before, counts.Reference.Sum() - before.Sum()]),
                Shares([.. now, counts.Current.Sum() - now.Sum()]));
    }

    private static double[] Shares(long[] counts)
    {
        var total = (double)counts.Sum();
        return [.. counts.Select(count => Math.Round(count / total, 6))];
    }
}
