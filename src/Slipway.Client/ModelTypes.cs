using System.Text.Json.Serialization;
using Slipway.Client.Http;
using Slipway.Core.Data;

namespace Slipway.Client;

[JsonConverter(typeof(SnakeCase<Stage>))]
public enum Stage
{
    Development,
    Staging,
    Production,
    Retired,
    Archived,
}

/// <param name="Description">What the model is for.</param>
/// <param name="Owner">Whom to ask: a person or a team.</param>
public sealed record NewModel(
    string Name, string Description = "", string Owner = "", IReadOnlyDictionary<string, string>? Tags = null, string? Project = null);

/// <param name="Aliases">Each alias and the number of the version that holds it.</param>
public sealed record RegisteredModel(
    string Name, string Description = "", string Owner = "", string Project = "default", long CreatedMs = 0, string CreatedBy = "",
    long UpdatedMs = 0, IReadOnlyDictionary<string, string>? Tags = null, IReadOnlyDictionary<string, int>? Aliases = null);

/// <param name="Sha256">Of the content, 64 lower-case hex digits.</param>
public sealed record ModelFile(string Key, long Bytes, string Sha256);

/// <summary>A version to be made from a file of a run.</summary>
/// <param name="Artifact">Where the file is among the artifacts of the run.</param>
/// <param name="Version">Null for the next one by <paramref name="Bump"/>.</param>
/// <param name="Bump"><c>major</c>, <c>minor</c> or <c>patch</c>.</param>
public sealed record NewVersion(
    string RunId, string Artifact, ModelSignature? Signature = null, string? Version = null, string Bump = "minor",
    string Description = "", string Limitations = "", string? FeatureService = null, string? RequestKey = null,
    IReadOnlyDictionary<string, string>? Tags = null, IReadOnlyDictionary<string, double>? Metrics = null);

/// <param name="Number">From 1, never used twice.</param>
/// <param name="Version">A semantic version.</param>
/// <param name="File">Null for a version that has nothing to serve.</param>
public sealed record ModelVersion(
    string Model, int Number, string Version, Stage Stage, string? RunId = null, string? Artifact = null, ModelFile? File = null,
    ModelSignature? Signature = null, string? FeatureService = null, IReadOnlyDictionary<string, string>? FeatureViews = null,
    IReadOnlyDictionary<string, double>? Metrics = null, string Limitations = "", string Description = "", long CreatedMs = 0,
    string CreatedBy = "", long UpdatedMs = 0, IReadOnlyList<string>? Aliases = null, IReadOnlyDictionary<string, string>? Tags = null);

/// <param name="Seq">Within the model, from 1.</param>
public sealed record StageTransition(
    long Seq, int Number, Stage From, Stage To, string Actor, string? ApprovalId, string Reason, long AtMs);

/// <param name="Markdown">Untrusted: whoever renders it must not let it run.</param>
/// <param name="Edited">False while it is generated from what is known.</param>
public sealed record ModelCard(string Markdown, bool Edited);

internal sealed record TransitionBody(Stage Stage, string? ApprovalId, string? Reason);

internal sealed record AliasBody(string Version);

/// <param name="Reason">What is wrong, or null when the package holds.</param>
/// <param name="KeyId">Which key signed it.</param>
/// <param name="Files">How many files it names.</param>
public sealed record PackageVerdict(bool Intact, string? Reason = null, string? KeyId = null, int Files = 0);

internal sealed record ImportBody(string Model, string Source, string? Version, string RequestKey);
