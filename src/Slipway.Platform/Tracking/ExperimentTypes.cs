namespace Slipway.Platform.Tracking;

/// <param name="Id">From 0, which is the default experiment.</param>
/// <param name="Project">Whose grants decide who may see and change it and its runs.</param>
/// <param name="ArtifactLocation">Such as <c>mlflow-artifacts:/7</c>.</param>
public sealed record Experiment(
    long Id, string Name, string Project, Lifecycle Lifecycle, string ArtifactLocation, long CreatedMs, string CreatedBy,
    long UpdatedMs, IReadOnlyDictionary<string, string> Tags)
{
    public const string DefaultProject = "default";
}

/// <param name="Project">The default one, when absent.</param>
/// <param name="ArtifactLocation">The server's own store, when absent.</param>
public sealed record NewExperiment(
    string Name, string? Project = null, string? ArtifactLocation = null, IReadOnlyDictionary<string, string>? Tags = null);

/// <param name="Filter">In the grammar of MLflow's search; all of them when absent.</param>
/// <param name="OrderBy">Each an identifier and perhaps <c>ASC</c> or <c>DESC</c>; newest first when empty.</param>
/// <param name="Limit">1 to 50,000.</param>
public sealed record ExperimentQuery(string? Filter, IReadOnlyList<string> OrderBy, RunView View, string? PageToken, int Limit);

/// <summary>A dataset as one of the contexts it was used in.</summary>
public sealed record DatasetSummary(long ExperimentId, string Name, string Digest, string Context);

/// <summary>What is to change of an experiment; what is absent stays.</summary>
public sealed record ExperimentChange(string? Name = null, string? Project = null);
