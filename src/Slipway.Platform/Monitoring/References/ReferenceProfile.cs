using System.Text.Json.Serialization;

namespace Slipway.Platform.Monitoring;

/// <summary>What a monitor compares windows with: made once from a model version's reference rows, then never changed.</summary>
/// <param name="Inputs">The model's inputs in the order in which predictions keep them.</param>
/// <param name="Features">Of the watched features, by name.</param>
/// <param name="Quality">Null without labels.</param>
/// <param name="QualitySpread">
/// By metric and window length: the standard deviation of the metric over the reference's own windows, beyond what their standard
/// errors explain.
/// </param>
internal sealed record ReferenceProfile(
    string ModelVersion, long Rows, IReadOnlyList<string> Inputs, IReadOnlyDictionary<string, Distribution> Features,
    Distribution Score, Distribution Label, QualityMetrics? Quality,
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, double>> QualitySpread)
{
    private Dictionary<string, int>? positions;

    [JsonIgnore]
    public double LabelRate => Label.Rows == Label.Missing
        ? double.NaN
        : (double)Label.Categories.GetValueOrDefault("1") / (Label.Rows - Label.Missing);

    /// <summary>Where the input stands in a prediction's features.</summary>
    public int Position(string input) =>
        (positions ??= Inputs.Select((name, i) => (name, i)).ToDictionary(p => p.name, p => p.i, StringComparer.Ordinal))[input];

    public double Spread(QualityMetric metric, WindowLength window) =>
        QualitySpread.GetValueOrDefault(metric.ToString())?.GetValueOrDefault(window.ToString()) ?? 0;
}
