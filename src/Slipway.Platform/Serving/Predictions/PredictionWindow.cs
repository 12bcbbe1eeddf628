using System.Runtime.InteropServices;

namespace Slipway.Platform.Serving.Predictions;

/// <summary>
/// The predictions of an endpoint in a span of event time, as columns of equal length in the order of event time. Versions
/// may take different features, so each row knows its own.
/// </summary>
public sealed class PredictionWindow
{
    private readonly Dictionary<string, string> names = new(StringComparer.Ordinal);
    private readonly List<string> ids = [];
    private readonly List<string> versions = [];
    private readonly List<VariantRole> roles = [];
    private readonly List<long> eventTimesUs = [];
    private readonly List<double> scores = [];
    private readonly List<bool> labels = [];
    private readonly List<double> outcomes = [];
    private readonly List<long> latenciesUs = [];
    private readonly List<float> features = [];
    private readonly List<int> ends = [];

    public int Rows => ids.Count;

    public IReadOnlyList<string> Ids => ids;

    public IReadOnlyList<string> Versions => versions;

    public IReadOnlyList<VariantRole> Roles => roles;

    public ReadOnlySpan<long> EventTimesUs => CollectionsMarshal.AsSpan(eventTimesUs);

    /// <summary>Probabilities of the positive class.</summary>
    public ReadOnlySpan<double> Scores => CollectionsMarshal.AsSpan(scores);

    public ReadOnlySpan<bool> Labels => CollectionsMarshal.AsSpan(labels);

    /// <summary>The truth per row; NaN while it is not known.</summary>
    public ReadOnlySpan<double> Outcomes => CollectionsMarshal.AsSpan(outcomes);

    /// <summary>From the request's arrival to its scores, in microseconds.</summary>
    public ReadOnlySpan<long> LatenciesUs => CollectionsMarshal.AsSpan(latenciesUs);

    /// <summary>What the model saw, in the order of its version's signature; NaN where missing.</summary>
    public ReadOnlySpan<float> Features(int row)
    {
        var start = row == 0 ? 0 : ends[row - 1];
        return CollectionsMarshal.AsSpan(features)[start..ends[row]];
    }

    /// <summary>One feature of every row that the version answered; NaN where missing.</summary>
    /// <param name="feature">Its place in the version's signature.</param>
    public double[] Feature(string version, int feature)
    {
        var values = new List<double>(Rows);
        for (var row = 0; row < Rows; row++)
        {
            if (versions[row] == version)
            {
                values.Add(Features(row)[feature]);
            }
        }

        return [.. values];
    }

    internal void Add(
        string id, string version, VariantRole role, long eventTimeUs, double score, bool label, ReadOnlySpan<byte> rowFeatures, double? outcome,
        long latencyUs)
    {
        ref var name = ref CollectionsMarshal.GetValueRefOrAddDefault(names, version, out _);
        ids.Add(id);
        versions.Add(name ??= version);
        roles.Add(role);
        eventTimesUs.Add(eventTimeUs);
        scores.Add(score);
        labels.Add(label);
        outcomes.Add(outcome ?? double.NaN);
        latenciesUs.Add(latencyUs);
        CollectionExtensions.AddRange(features, MemoryMarshal.Cast<byte, float>(rowFeatures));
        ends.Add(features.Count);
    }
}
