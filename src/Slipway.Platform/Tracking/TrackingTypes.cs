using System.Text.Json.Serialization;

namespace Slipway.Platform.Tracking;

public enum RunStatus
{
    Running,
    Scheduled,
    Finished,
    Failed,
    Killed,
}

/// <summary>What is deleted is kept, unseen, until it is restored or collected as garbage.</summary>
public enum Lifecycle
{
    Active,
    Deleted,
}

/// <summary>What a run is started with.</summary>
/// <param name="Name">Made up when absent.</param>
/// <param name="RequestKey">
/// Chosen by the caller: starting a run in this experiment with this key again gives the run that is there, so a caller that
/// crashed can repeat itself.
/// </param>
/// <param name="StartMs">Now, when absent.</param>
/// <param name="UserId">For whom; the actor, when absent.</param>
public sealed record RunStart(
    [property: JsonRequired] long ExperimentId, string? Name = null, string? ParentId = null, string? RequestKey = null,
    RunEnvironment? Environment = null, IReadOnlyDictionary<string, string>? Tags = null, long? StartMs = null,
    string? UserId = null);

/// <summary>What is to change of a run; what is absent stays.</summary>
public sealed record RunChange(string? Name = null, RunStatus? Status = null, long? EndMs = null);

/// <param name="Id">32 lower-case hex digits of a UUIDv7.</param>
/// <param name="Actor">Who started it.</param>
/// <param name="UserId">For whom.</param>
/// <param name="ArtifactUri">Such as <c>mlflow-artifacts:/7/0198…/artifacts</c>.</param>
public sealed record Run(
    string Id, long ExperimentId, string Name, RunStatus Status, long StartMs, long? EndMs, string? ParentId, string Actor,
    RunEnvironment? Environment, string UserId, string ArtifactUri, Lifecycle Lifecycle = Lifecycle.Active);

/// <param name="Metrics">The latest point of each, by key.</param>
/// <param name="ModelInputs">Ids of the logged models it read.</param>
/// <param name="ModelOutputs">The logged models it made.</param>
public sealed record RunDetail(
    Run Run, IReadOnlyDictionary<string, MetricPoint> Metrics, IReadOnlyDictionary<string, string> Params,
    IReadOnlyDictionary<string, string> Tags, IReadOnlyList<DatasetInput> Inputs, IReadOnlyList<string> ModelInputs,
    IReadOnlyList<ModelOutput> ModelOutputs);

public enum RunView
{
    Active,
    Deleted,
    All,
}

/// <param name="Filter">In the grammar of MLflow's search; all runs when absent.</param>
/// <param name="OrderBy">Each an identifier and perhaps <c>ASC</c> or <c>DESC</c>; newest first when empty.</param>
/// <param name="Limit">1 to 50,000.</param>
public sealed record RunQuery(
    IReadOnlyList<long> ExperimentIds, string? Filter, IReadOnlyList<string> OrderBy, RunView View, string? PageToken, int Limit);

/// <param name="Value">Any double, NaN and infinities included (in JSON <c>"NaN"</c>, <c>"Infinity"</c>, <c>"-Infinity"</c>).</param>
/// <param name="TimestampMs">Milliseconds since the epoch, UTC.</param>
/// <param name="Step">The step of training, any order.</param>
/// <param name="ModelId">The logged model that it measures, of which it becomes a metric too.</param>
/// <param name="DatasetName">The dataset that it was measured on; only with a digest.</param>
public sealed record MetricPoint(
    [property: JsonRequired] string Key, [property: JsonRequired] double Value, [property: JsonRequired] long TimestampMs,
    long Step = 0, string? ModelId = null, string? DatasetName = null, string? DatasetDigest = null);

/// <summary>A point among those of many runs.</summary>
public sealed record RunMetricPoint(string RunId, MetricPoint Point);

/// <summary>A dataset that a run read.</summary>
/// <param name="Digest">Of its content, such as the first 36 hex digits of its SHA-256.</param>
/// <param name="Source">Where it came from: a file, a query, an address.</param>
/// <param name="Context">What for, such as <c>training</c> or <c>evaluation</c>.</param>
/// <param name="SourceType">Such as <c>local</c>, <c>http</c> or <c>delta_table</c>.</param>
/// <param name="Schema">Of its columns, usually JSON.</param>
/// <param name="Profile">Figures about it, usually JSON.</param>
/// <param name="Tags">Of this use of it, beside the context.</param>
public sealed record DatasetInput(
    string Name, string Digest, string Source, long? Rows = null, string Context = "", string? SourceType = null,
    string? Schema = null, string? Profile = null, IReadOnlyDictionary<string, string>? Tags = null);

/// <param name="Step">Of the training that made it.</param>
public sealed record ModelOutput([property: JsonRequired] string ModelId, long Step = 0);

/// <summary>Datasets and logged models that a run read, and logged models that it made: all of it is stored, or nothing.</summary>
public sealed record RunLinks(
    IReadOnlyList<DatasetInput>? Datasets = null, IReadOnlyList<string>? ModelInputs = null,
    IReadOnlyList<ModelOutput>? ModelOutputs = null);

/// <summary>What is logged together: all of it is stored, or nothing.</summary>
public sealed record LogBatch(
    IReadOnlyList<MetricPoint>? Metrics = null, IReadOnlyDictionary<string, string>? Params = null,
    IReadOnlyDictionary<string, string>? Tags = null);

/// <param name="Path">Within the run or logged model, with '/' between the folders.</param>
/// <param name="Bytes">0 for a folder.</param>
public sealed record ArtifactInfo(string Path, long Bytes, bool IsFolder = false);
