using System.Text.Json.Serialization;
using Slipway.Client.Http;

namespace Slipway.Client;

[JsonConverter(typeof(SnakeCase<RunStatus>))]
public enum RunStatus
{
    Running,
    Scheduled,
    Finished,
    Failed,
    Killed,
}

/// <summary>What it takes to run the same again. Large parts (the diff, the packages) are artifacts of the run; here are their hashes.</summary>
/// <param name="GitCommit">40 hex digits, or null where it is not known.</param>
/// <param name="Runtime">Such as <c>.NET 10.0.1</c> or <c>Python 3.12.1</c>.</param>
/// <param name="CommandLine">Without secrets, quoted as a POSIX shell would have it.</param>
/// <param name="Seed">Of every random choice.</param>
public sealed record RunEnvironment(
    string? GitCommit = null, string? Runtime = null, string? Os = null, string? CommandLine = null, long? Seed = null)
{
    /// <summary>Whether files under version control were changed since the commit; null where it is not known.</summary>
    public bool? GitDirty { get; init; }

    /// <summary>Of the diff to the commit, without secrets, 64 hex digits; null when nothing was changed.</summary>
    public string? GitDiffSha256 { get; init; }

    /// <summary>Where the commit can be had from, without credentials.</summary>
    public string? GitRepository { get; init; }

    /// <summary>The folder the command was started in, relative to the root of the checkout, with '/'; empty for the root.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Of the list of packages with their versions, 64 hex digits.</summary>
    public string? PackagesSha256 { get; init; }
}

/// <param name="RequestKey">Starting a run in this experiment with this key again gives the run that is there.</param>
public sealed record RunStart(
    long ExperimentId, string? Name = null, string? ParentId = null, string? RequestKey = null, RunEnvironment? Environment = null,
    IReadOnlyDictionary<string, string>? Tags = null, long? StartMs = null);

/// <param name="Id">32 lower-case hex digits.</param>
public sealed record Run(
    string Id, long ExperimentId, string Name, RunStatus Status, long StartMs, long? EndMs = null, string? ParentId = null,
    string Actor = "", RunEnvironment? Environment = null, string? UserId = null, string? ArtifactUri = null,
    Lifecycle Lifecycle = Lifecycle.Active);

/// <param name="Value">Any double, NaN and infinities included.</param>
/// <param name="Step">The step of training, any order.</param>
public sealed record MetricPoint(string Key, double Value, long TimestampMs, long Step = 0);

/// <summary>A dataset that a run read.</summary>
/// <param name="Digest">Of its content, such as the first 36 hex digits of its SHA-256; at most 36 characters.</param>
/// <param name="Source">Where it came from: a file, a query, an address.</param>
/// <param name="Context">What for, such as <c>training</c> or <c>evaluation</c>.</param>
public sealed record DatasetInput(
    string Name, string Digest, string Source, long? Rows = null, string Context = "", string? SourceType = null, string? Schema = null);

/// <param name="Metrics">The latest point of each, by key.</param>
public sealed record RunDetail(
    Run Run, IReadOnlyDictionary<string, MetricPoint> Metrics, IReadOnlyDictionary<string, string> Params,
    IReadOnlyDictionary<string, string> Tags, IReadOnlyList<DatasetInput> Inputs);

/// <summary>What is logged together: all of it is stored, or nothing. Storing it again changes nothing.</summary>
public sealed record LogBatch(
    IReadOnlyList<MetricPoint>? Metrics = null, IReadOnlyDictionary<string, string>? Params = null,
    IReadOnlyDictionary<string, string>? Tags = null)
{
    public const int MaxEntities = 1000;
    public const int MaxParams = 100;
    public const int MaxTags = 100;
}

/// <param name="Filter">Such as <c>metrics.auc > 0.8 and params.leaves = '31'</c>; all runs when absent.</param>
/// <param name="OrderBy">Such as <c>metrics.auc desc</c>; newest first when empty.</param>
/// <param name="PageSize">How many runs one request brings.</param>
public sealed record RunQuery(
    IReadOnlyList<long> ExperimentIds, string? Filter = null, IReadOnlyList<string>? OrderBy = null, View View = View.Active,
    int PageSize = 200);

internal sealed record FinishBody(RunStatus Status, long? EndMs);

/// <summary>One page of a search, as the server takes it.</summary>
internal sealed record SearchBody(
    IReadOnlyList<long> ExperimentIds, string? Filter, IReadOnlyList<string> OrderBy, View View, string? PageToken, int Limit);
