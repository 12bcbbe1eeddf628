using System.Text.Json.Serialization;
using Slipway.Client.Http;

namespace Slipway.Client;

[JsonConverter(typeof(SnakeCase<LoggedModelStatus>))]
public enum LoggedModelStatus
{
    Pending,
    Ready,
    UploadFailed,
}

/// <summary>A model that a run has logged: files, params and measurements, before or without its registration.</summary>
/// <param name="Id"><c>m-</c> and 32 lower-case hex digits.</param>
public sealed record LoggedModel(
    string Id, long ExperimentId, string Name, LoggedModelStatus Status, long CreatedMs, string ModelType = "", string? SourceRunId = null,
    string CreatedBy = "", string? ArtifactUri = null, Lifecycle Lifecycle = Lifecycle.Active,
    IReadOnlyDictionary<string, string>? Params = null, IReadOnlyDictionary<string, string>? Tags = null);

/// <summary>One page of a search, as the server takes it.</summary>
internal sealed record LoggedModelSearchBody(IReadOnlyList<long> ExperimentIds, string? Filter, string? PageToken, int Limit);
