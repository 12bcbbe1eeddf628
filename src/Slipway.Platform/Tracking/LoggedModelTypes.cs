using System.Text.Json.Serialization;

namespace Slipway.Platform.Tracking;

public enum LoggedModelStatus
{
    Pending,
    Ready,
    UploadFailed,
}

/// <summary>A model that a run has logged: files, params and measurements, before or without its registration.</summary>
/// <param name="Id"><c>m-</c> and 32 lower-case hex digits.</param>
/// <param name="SourceRunId">The run that logged it.</param>
/// <param name="ArtifactUri">Such as <c>mlflow-artifacts:/7/models/m-0198…/artifacts</c>.</param>
/// <param name="Metrics">The latest point of each key, dataset and run that measured it.</param>
public sealed record LoggedModel(
    string Id, long ExperimentId, string Name, string ModelType, string? SourceRunId, LoggedModelStatus Status,
    string ArtifactUri, long CreatedMs, string CreatedBy, long UpdatedMs, Lifecycle Lifecycle,
    IReadOnlyDictionary<string, string> Params, IReadOnlyDictionary<string, string> Tags, IReadOnlyList<RunMetricPoint> Metrics);

/// <param name="Name">Made up when absent.</param>
public sealed record NewLoggedModel(
    [property: JsonRequired] long ExperimentId, string? Name = null, string? ModelType = null, string? SourceRunId = null,
    IReadOnlyDictionary<string, string>? Params = null, IReadOnlyDictionary<string, string>? Tags = null);

/// <summary>A dataset that a metric was measured on; any digest when absent.</summary>
public sealed record MetricDataset([property: JsonRequired] string Name, string? Digest = null);

/// <param name="Field">Such as <c>creation_timestamp</c> or <c>metrics.accuracy</c>.</param>
/// <param name="Dataset">Of the metric that is ordered by.</param>
public sealed record LoggedModelOrder([property: JsonRequired] string Field, bool Ascending = true, MetricDataset? Dataset = null);

/// <param name="Filter">In the grammar of MLflow's search; all of them when absent.</param>
/// <param name="Datasets">Those that the metrics of the filter are measured on; any when empty.</param>
/// <param name="Limit">1 to 1000.</param>
public sealed record LoggedModelQuery(
    IReadOnlyList<long> ExperimentIds, string? Filter, IReadOnlyList<MetricDataset> Datasets,
    IReadOnlyList<LoggedModelOrder> OrderBy, string? PageToken, int Limit);
