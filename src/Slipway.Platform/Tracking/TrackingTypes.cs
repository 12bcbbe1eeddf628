using System.Text.Json.Serialization;

namespace Slipway.Platform.Tracking;

public enum RunStatus
{
    Running,
    Finished,
    Failed,
    Killed,
}

/// <param name="Id">From 1.</param>
public sealed record Experiment(long Id, string Name, long CreatedMs, string CreatedBy);

/// <summary>What a run is started with.</summary>
/// <param name="Name">Made from the id when absent.</param>
/// <param name="RequestKey">
/// Chosen by the caller: starting a run in this experiment with this key again gives the run that is there, so a caller that
/// crashed can repeat itself.
/// </param>
/// <param name="StartMs">Now, when absent.</param>
public sealed record RunStart(
    [property: JsonRequired] long ExperimentId, string? Name = null, string? ParentId = null, string? RequestKey = null,
    RunEnvironment? Environment = null, IReadOnlyDictionary<string, string>? Tags = null, long? StartMs = null);

/// <param name="Id">32 lower-case hex digits of a UUIDv7.</param>
public sealed record Run(
    string Id, long ExperimentId, string Name, RunStatus Status, long StartMs, long? EndMs, string? ParentId, string Actor,
    RunEnvironment? Environment);

/// <param name="Metrics">The latest point of each, by key.</param>
public sealed record RunDetail(
    Run Run, IReadOnlyDictionary<string, MetricPoint> Metrics, IReadOnlyDictionary<string, string> Params,
    IReadOnlyDictionary<string, string> Tags, IReadOnlyList<DatasetInput> Inputs);

/// <param name="Value">Any double, NaN and infinities included (in JSON <c>"NaN"</c>, <c>"Infinity"</c>, <c>"-Infinity"</c>).</param>
/// <param name="TimestampMs">Milliseconds since the epoch, UTC.</param>
/// <param name="Step">The step of training, any order.</param>
public sealed record MetricPoint(
    [property: JsonRequired] string Key, [property: JsonRequired] double Value, [property: JsonRequired] long TimestampMs,
    long Step = 0);

/// <summary>A dataset that a run read.</summary>
/// <param name="Digest">Of its content, such as the first 36 hex digits of its SHA-256.</param>
/// <param name="Source">Where it came from: a file, a query, an address.</param>
/// <param name="Context">What for, such as <c>training</c> or <c>evaluation</c>.</param>
public sealed record DatasetInput(string Name, string Digest, string Source, long? Rows = null, string Context = "");

/// <summary>What is logged together: all of it is stored, or nothing.</summary>
public sealed record LogBatch(
    IReadOnlyList<MetricPoint>? Metrics = null, IReadOnlyDictionary<string, string>? Params = null,
    IReadOnlyDictionary<string, string>? Tags = null);

/// <param name="Path">Within the run, with '/' between the folders.</param>
public sealed record ArtifactInfo(string Path, long Bytes);
