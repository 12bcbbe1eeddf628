using System.Globalization;
using Slipway.Core.Errors;

namespace Slipway.Core.Statistics;

/// <summary>
/// Whether a column drifted, decided on evidence and on effect: a correctly sized test must rule out chance (p ≤ α), and the
/// difference must be large enough to matter (effect ≥ floor). With the test alone every column of a large window drifts; with a
/// distance alone every column of a small one does.
/// </summary>
public static partial class DriftTest
{
    private const string NumericMethod = "ks.two_sample";
    private const string NumericEffect = "wasserstein.std";
    private const string CategoricalMethod = "chi_square.contingency";
    private const string CategoricalEffect = "tvd";

    /// <summary>
    /// Numeric: Kolmogorov-Smirnov, effect W₁ per sd of the reference, or of both windows together
    /// (<c>wasserstein.pooled_std</c>)
    /// when the reference is constant. NaN and ±∞ are missing values.
    /// </summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for options out of range only.</exception>
    public static DriftDecision Decide(
        ReadOnlySpan<double> reference, ReadOnlySpan<double> current, DriftOptions? options = null) =>
        Decide(NumericSample.Of(reference), NumericSample.Of(current), options);

    /// <summary>The same over samples made ready before, such as those of a stored profile: O(n + m).</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for options out of range only.</exception>
    public static DriftDecision Decide(NumericSample reference, NumericSample current, DriftOptions? options = null)
    {
        options ??= DriftOptions.Default;
        options.Validate();
        var floor = options.NumericEffectFloor;
        if (TooFew(reference.Count, reference.Rows, current.Count, current.Rows, options) is var (verdict, why))
        {
            return new(
                verdict, NumericMethod, null, null, null, NumericEffect, null, floor, reference.Count, current.Count, why);
        }

        var test = KolmogorovSmirnov.Test(reference.Values, current.Values);
        var (name, effect) = Effect(reference, current);
        return Judge(new(
            DriftVerdict.NoDrift, NumericMethod, test.Statistic, test.PValue, null, name, effect, floor, reference.Count,
            current.Count, ""), options);
    }

    private static (string Name, double Effect) Effect(NumericSample a, NumericSample b)
    {
        var distance = Wasserstein.DistanceSorted(a.Values, b.Values);
        if (distance == 0 || a.StandardDeviation > 0)
        {
            return (NumericEffect, distance == 0 ? 0 : distance / a.StandardDeviation);
        }

        return ("wasserstein.pooled_std", distance / Wasserstein.StandardDeviation([.. a.Values, .. b.Values]));
    }

    /// <summary>Categorical: chi-square of the 2×k table, effect TVD. A null is a missing value.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for options out of range only.</exception>
    public static DriftDecision Decide(
        ReadOnlySpan<string?> reference, ReadOnlySpan<string?> current, DriftOptions? options = null) =>
        Decide(CategoryCounts.Align(reference, current), options);

    /// <summary>Categorical, over counts taken elsewhere.</summary>
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Invalid"/> for options out of range, negative counts or counts of different shape.
    /// </exception>
    public static DriftDecision Decide(CategoryCounts counts, DriftOptions? options = null)
    {
        options ??= DriftOptions.Default;
        options.Validate();
        var n = counts.Reference.Sum();
        var m = counts.Current.Sum();
        var floor = options.CategoricalEffectFloor;
        if (TooFew(n, n + counts.ReferenceMissing, m, m + counts.CurrentMissing, options) is var (verdict, why))
        {
            return new(verdict, CategoricalMethod, null, null, null, CategoricalEffect, null, floor, n, m, why);
        }

        var test = ChiSquare.Contingency(counts.Reference, counts.Current);
        var tvd = TotalVariation.Distance(counts.Reference, counts.Current);
        return test.DegreesOfFreedom == 0 && tvd > 0
            ? new(DriftVerdict.NotEnoughData, CategoricalMethod, null, null, null, CategoricalEffect, tvd, floor, n, m,
                $"The {counts.Categories.Length} categories are too rare: fewer than two reach an expected count of five.")
            : Judge(new(
                DriftVerdict.NoDrift, CategoricalMethod, test.Statistic, test.PValue, null, CategoricalEffect, tvd,
                floor, n, m, ""), options);
    }

    private static (DriftVerdict Verdict, string Why)? TooFew(
        long reference, long referenceRows, long current, long currentRows, DriftOptions options)
    {
        if ((reference == 0 && referenceRows >= options.MinimumCount) || (current == 0 && currentRows >= options.MinimumCount))
        {
            var window = reference == 0 && referenceRows >= options.MinimumCount ? "reference" : "current";
            var rows = window == "reference" ? referenceRows : currentRows;
            return (DriftVerdict.NotApplicable, $"None of the {rows} rows of the {window} window holds a value.");
        }

        return Math.Min(reference, current) >= options.MinimumCount
            ? null
            : (DriftVerdict.NotEnoughData,
                $"Either window needs {options.MinimumCount} values; the reference has {reference}, the current one {current}.");
    }

    /// <summary>
    /// Decides again over all columns tested together, on p-values adjusted by Benjamini and Hochberg: of the columns reported
    /// as drifted a share of α at most is expected to be a false alarm. Columns without a p-value pass unchanged.
    /// </summary>
    public static IReadOnlyList<DriftDecision> Correct(IReadOnlyList<DriftDecision> columns, DriftOptions? options = null)
    {
        options ??= DriftOptions.Default;
        options.Validate();
        double[] raw = [.. columns.Where(c => c.PValue is not null).Select(c => c.PValue!.Value)];
        var adjusted = MultipleTesting.BenjaminiHochberg(raw);
        var next = 0;
        return [.. columns.Select(c => c.PValue is null ? c : Judge(c with { AdjustedPValue = adjusted[next++] }, options))];
    }

    private static DriftDecision Judge(DriftDecision column, DriftOptions options)
    {
        var p = column.AdjustedPValue ?? column.PValue!.Value;
        var evident = p <= options.Alpha;
        var matters = column.Effect >= column.EffectFloor;
        var label = column.AdjustedPValue is null ? "p" : "adjusted p";
        var evidence = string.Create(
            CultureInfo.InvariantCulture,
            $"{column.Method} = {column.Statistic:g4} with {label} = {p:g3} {(evident ? '≤' : '>')} {options.Alpha:g3}");
        var effect = string.Create(
            CultureInfo.InvariantCulture,
            $"{column.EffectMethod} = {column.Effect:g3} {(matters ? '≥' : '<')} {column.EffectFloor:g3}");
        var reason = $"{evidence}, {effect}: {Conclusion(column.Effect == 0, evident, matters)}.";
        return column with { Verdict = evident && matters ? DriftVerdict.Drift : DriftVerdict.NoDrift, Reason = reason };
    }

    private static string Conclusion(bool equal, bool evident, bool matters) => (equal, evident, matters) switch
    {
        (true, _, _) => "the windows do not differ",
        (_, true, true) => "beyond chance and large enough to matter",
        (_, true, false) => "beyond chance but too small to matter",
        _ => "chance explains it",
    };
}
