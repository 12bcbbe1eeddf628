using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using Slipway.Core.Errors;
using Slipway.Core.Statistics;

namespace Slipway.Platform.Monitoring;

/// <summary>How one column was distributed in the reference: the form in which windows are compared with it.</summary>
/// <param name="Rows">Of the column; <paramref name="Missing"/> of them hold no finite value.</param>
/// <param name="Sample">Numeric: finite values in ascending order, thinned evenly by rank.</param>
/// <param name="Edges">Numeric: of ten bins of equal count, for pictures.</param>
/// <param name="Counts">Of the sample in the bins, shape [edges + 1].</param>
/// <param name="Categories">Categorical: rows by value.</param>
/// <param name="WindowEffects">
/// By window length: how much each window of the reference itself differs from the whole, ascending.
/// </param>
internal sealed record Distribution(
    string Name, FeatureKind Kind, long Rows, long Missing,
    [property: JsonConverter(typeof(PackedFloats))] float[] Sample,
    double[] Edges, long[] Counts, IReadOnlyDictionary<string, long> Categories,
    IReadOnlyDictionary<string, double[]> WindowEffects)
{
    public const string Score = "$score";
    public const string Label = "$label";
    private const int Bins = 10;
    private const int MaxCategories = 10_000;

    private NumericSample? numbers;

    /// <summary>The sample, ready to be compared.</summary>
    [JsonIgnore]
    public NumericSample Numbers => numbers ??= NumericSample.Of(Sample);

    public static Distribution Of(string name, FeatureKind kind, ReadOnlySpan<float> values, int mostValues)
    {
        if (kind == FeatureKind.Categorical)
        {
            var categories = Count(values, out var missing);
            return categories.Count <= MaxCategories
                ? new(name, kind, values.Length, missing, [], [], [], categories, new Dictionary<string, double[]>())
                : throw SlipwayException.Invalid(
                    $"Feature '{name}' has {categories.Count} categories; the limit is {MaxCategories}. Watch it as numeric.");
        }

        var all = NumericSample.Of(values);
        var sample = all.Thin(mostValues);
        var edges = sample.Count == 0 ? [] : Binning.QuantileEdges(sample.Values, Bins);
        var counts = new long[edges.Length + 1];
        Binning.Count(sample.Values, edges, counts);
        var kept = new float[sample.Count];
        for (var i = 0; i < kept.Length; i++)
        {
            kept[i] = (float)sample.Values[i];
        }

        return new(
            name, kind, values.Length, values.Length - all.Count, kept, edges, counts, new Dictionary<string, long>(),
            new Dictionary<string, double[]>());
    }

    /// <summary>Counts by value; what is not finite is missing.</summary>
    public static Dictionary<string, long> Count(ReadOnlySpan<float> values, out long missing)
    {
        var counts = new Dictionary<float, long>();
        missing = 0;
        foreach (var x in values)
        {
            if (float.IsFinite(x))
            {
                // −0 + 0 is 0: one category, not two.
                CollectionsMarshal.GetValueRefOrAddDefault(counts, x + 0f, out _)++;
            }
            else
            {
                missing++;
            }
        }

        return counts.ToDictionary(c => c.Key.ToString(CultureInfo.InvariantCulture), c => c.Value, StringComparer.Ordinal);
    }

    /// <summary>The effect that this share of the reference's own windows stayed at or below; null when they were too few.</summary>
    public double? OrdinaryEffect(WindowLength window, double share)
    {
        const int fewest = 5;
        return WindowEffects.TryGetValue(window.ToString(), out var effects) && effects.Length >= fewest
            ? effects[(int)Math.Ceiling(share * effects.Length) - 1]
            : null;
    }
}
