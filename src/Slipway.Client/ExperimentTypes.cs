using System.Text.Json.Serialization;
using Slipway.Client.Http;

namespace Slipway.Client;

[JsonConverter(typeof(SnakeCase<Lifecycle>))]
public enum Lifecycle
{
    Active,
    Deleted,
}

/// <summary>Which of the live and the deleted a list shows.</summary>
[JsonConverter(typeof(SnakeCase<View>))]
public enum View
{
    Active,
    Deleted,
    All,
}

/// <param name="Project">Whose grants decide who may see and change it.</param>
public sealed record Experiment(
    long Id, string Name, string Project = "default", Lifecycle Lifecycle = Lifecycle.Active, string? ArtifactLocation = null,
    long CreatedMs = 0, string CreatedBy = "", long UpdatedMs = 0, IReadOnlyDictionary<string, string>? Tags = null);

public sealed record NewExperiment(string Name, string? Project = null, IReadOnlyDictionary<string, string>? Tags = null);
