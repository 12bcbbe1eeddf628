using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;

namespace Slipway.Platform.Monitoring;

/// <summary>Makes a profile of a model's reference rows.</summary>
internal sealed class ReferenceBuilder
{
    private readonly MonitorDefinition definition;
    private readonly int mostValues;
    private readonly float[] features;
    private readonly int width;
    private readonly float[] scores;
    private readonly float[] labels;
    private readonly long[]? times;

    private ReferenceBuilder(Table table, ReferenceSource source, MonitorDefinition definition, int mostValues)
    {
        this.definition = definition;
        this.mostValues = mostValues;
        features = FeatureMatrix.From(table, source.Inputs).Values.ToArray();
        width = source.Inputs.Count;
        scores = FeatureMatrix.From(table, [source.Score]).Values.ToArray();
        labels = [.. FeatureMatrix.From(table, [source.Label]).Values.ToArray().Select(v => float.IsNaN(v) ? v : v >= 0.5f ? 1 : 0)];
        times = source.EventTime is { } column ? table[column].Longs : null;
    }

    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Invalid"/> when the table is empty or lacks a column, or a watched feature is no input of the model.
    /// </exception>
    public static ReferenceProfile Build(Table table, ReferenceSource source, MonitorDefinition definition, int mostValues)
    {
        if (table.Rows == 0)
        {
            throw SlipwayException.Invalid($"The reference of version {source.ModelVersion} has no rows.");
        }

        foreach (var feature in definition.Features.Where(f => !source.Inputs.Contains(f.Name)))
        {
            var inputs = string.Join(", ", source.Inputs);
            throw SlipwayException.Invalid(
                $"Feature '{feature.Name}' is not an input of version {source.ModelVersion}; its inputs are {inputs}.");
        }

        return new ReferenceBuilder(table, source, definition, mostValues).Build(source);
    }

    private ReferenceProfile Build(ReferenceSource source)
    {
        var windows = times is null ? [] : definition.Windows.ToDictionary(w => w, Group);
        var watched = new Dictionary<string, Distribution>(StringComparer.Ordinal);
        foreach (var feature in definition.Features)
        {
            var position = source.Inputs.ToList().IndexOf(feature.Name);
            watched[feature.Name] = Describe(feature.Name, feature.Kind, Column(position), windows);
        }

        var quality = QualityMeasure.Of(scores, labels, definition.Quality.Threshold);
        return new(
            source.ModelVersion, scores.Length, source.Inputs, watched,
            Describe(Distribution.Score, FeatureKind.Numeric, scores, windows),
            Describe(Distribution.Label, FeatureKind.Categorical, labels, windows),
            quality, Spreads(windows));
    }

    private float[] Column(int position)
    {
        var column = new float[scores.Length];
        for (int row = 0, at = position; row < column.Length; row++, at += width)
        {
            column[row] = features[at];
        }

        return column;
    }

    /// <summary>The rows of each window that is large enough to be tested.</summary>
    private List<int[]> Group(WindowLength window) =>
    [
        .. Enumerable.Range(0, times!.Length).GroupBy(row => window.StartOf(times[row]))
            .Where(group => group.Count() >= definition.MinimumRows)
            .Select(group => group.ToArray()),
    ];

    private Distribution Describe(string name, FeatureKind kind, float[] values, Dictionary<WindowLength, List<int[]>> windows)
    {
        var whole = Distribution.Of(name, kind, values, mostValues);
        var effects = new Dictionary<string, double[]>(StringComparer.Ordinal);
        foreach (var (window, groups) in windows)
        {
            effects[window.ToString()] =
            [
                .. groups.Select(rows => DriftMeasure.Compare(whole, Take(values, rows), definition.Drift.Test).Effect)
                    .OfType<double>().Order(),
            ];
        }

        return whole with { WindowEffects = effects };
    }

    private static float[] Take(float[] values, int[] rows)
    {
        var taken = new float[rows.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            taken[i] = values[rows[i]];
        }

        return taken;
    }

    /// <summary>√max(0, variance of the metric over the windows − mean of its squared standard errors).</summary>
    private Dictionary<string, IReadOnlyDictionary<string, double>> Spreads(Dictionary<WindowLength, List<int[]>> windows)
    {
        var spreads = Enum.GetValues<QualityMetric>().ToDictionary(
            metric => metric.ToString(), _ => new Dictionary<string, double>(StringComparer.Ordinal), StringComparer.Ordinal);
        foreach (var (window, groups) in windows)
        {
            var measured = groups
                .Select(rows => QualityMeasure.Of(Take(scores, rows), Take(labels, rows), definition.Quality.Threshold))
                .OfType<QualityMetrics>().ToList();
            foreach (var metric in Enum.GetValues<QualityMetric>())
            {
                spreads[metric.ToString()][window.ToString()] = Spread([.. measured.Select(m => m[metric]).OfType<MetricEstimate>()]);
            }
        }

        return spreads.ToDictionary(s => s.Key, s => (IReadOnlyDictionary<string, double>)s.Value, StringComparer.Ordinal);
    }

    private static double Spread(MetricEstimate[] windows)
    {
        if (windows.Length < 5)
        {
            return 0;
        }

        var mean = windows.Average(w => w.Value);
        var variance = windows.Sum(w => (w.Value - mean) * (w.Value - mean)) / (windows.Length - 1);
        return Math.Sqrt(Math.Max(0, variance - windows.Average(w => w.Error * w.Error)));
    }
}
