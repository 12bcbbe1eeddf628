using Slipway.Core.Data;
using Slipway.Core.Versioning;
using Slipway.Platform.Foundation.Blobs;

namespace Slipway.Platform.Registry;

/// <summary>Where a version stands; <see cref="StageRules"/> says which way it may go.</summary>
public enum Stage
{
    Development,
    Staging,

    /// <summary>At most one version of a model.</summary>
    Production,

    /// <summary>Was in production, and may return there.</summary>
    Retired,
    Archived,
}

/// <param name="Description">What the model is for.</param>
/// <param name="Owner">Whom to ask: a person or a team.</param>
public sealed record NewModel(
    string Name, string Description = "", string Owner = "", IReadOnlyDictionary<string, string>? Tags = null);

/// <param name="Aliases">Each alias and the number of the version that holds it.</param>
public sealed record RegisteredModel(
    string Name, string Description, string Owner, long CreatedMs, string CreatedBy, long UpdatedMs,
    IReadOnlyDictionary<string, string> Tags, IReadOnlyDictionary<string, int> Aliases);

/// <summary>The event time that training data covers, microseconds since the epoch, UTC; the end is not included.</summary>
public sealed record TrainingWindow(long FromUs, long ToUs);

/// <summary>What a version is made of, besides its file.</summary>
public sealed record NewVersion(string Model, ModelSignature Signature)
{
    /// <summary>The run that trained it.</summary>
    public string? RunId { get; init; }

    /// <summary>Where its file is among that run's artifacts.</summary>
    public string? Artifact { get; init; }

    /// <summary>
    /// Chosen by the caller: creating a version of this model from this run with this key again gives the version that is
    /// there, so a caller that crashed can repeat itself.
    /// </summary>
    public string? RequestKey { get; init; }

    /// <summary>Null for the next one by <see cref="Bump"/>.</summary>
    public SemanticVersion? Version { get; init; }

    /// <summary>From the highest version there is; the first is 1.0.0.</summary>
    public VersionBump Bump { get; init; } = VersionBump.Minor;

    public string? FeatureService { get; init; }

    /// <summary>The version of each feature view that the model was trained on.</summary>
    public IReadOnlyDictionary<string, string> FeatureViews { get; init; } = new Dictionary<string, string>();

    /// <summary>As they were when it was registered.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();

    public TrainingWindow? TrainingWindow { get; init; }

    /// <summary>What the model must not be used for, or does badly.</summary>
    public string Limitations { get; init; } = "";

    public string Description { get; init; } = "";

    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
}

/// <param name="Number">From 1, never used twice.</param>
/// <param name="File">The model's bytes in the blob store, under their own hash.</param>
public sealed record ModelVersion(
    string Model, int Number, SemanticVersion Version, Stage Stage, string? RunId, string? Artifact, BlobInfo File, ModelSignature Signature,
    string? FeatureService, IReadOnlyDictionary<string, string> FeatureViews, IReadOnlyDictionary<string, double> Metrics,
    TrainingWindow? TrainingWindow, string Limitations, string Description, long CreatedMs, string CreatedBy, long UpdatedMs,
    IReadOnlyList<string> Aliases, IReadOnlyDictionary<string, string> Tags)
{
    /// <summary>Its name in approvals and the audit log: <c>model/flight-delay/1.0.0</c>.</summary>
    public string Ref => $"model/{Model}/{Version}";
}

/// <param name="Seq">Within the model, from 1.</param>
public sealed record StageTransition(
    long Seq, int Number, Stage From, Stage To, string Actor, string? ApprovalId, string Reason, long AtMs);

/// <param name="Markdown">Untrusted: whoever renders it must not let it run.</param>
/// <param name="Edited">False while it is generated from what is known.</param>
public sealed record ModelCard(string Markdown, bool Edited);

public sealed record RegistryOptions
{
    /// <summary>Whether promotion to production moves the alias <c>champion</c> to the promoted version.</summary>
    public bool ChampionFollowsProduction { get; init; } = true;
}
