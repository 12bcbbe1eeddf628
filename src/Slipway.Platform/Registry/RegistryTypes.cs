using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Core.Versioning;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Foundation.Database;

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
/// <param name="Project">Whose roles count for it.</param>
/// <param name="Governed">See <see cref="RegisteredModel.Governed"/>.</param>
public sealed record NewModel(
    string Name, string Description = "", string Owner = "", IReadOnlyDictionary<string, string>? Tags = null,
    string Project = RegistryNames.DefaultProject, bool Governed = true);

/// <param name="Aliases">Each alias and the number of the version that holds it.</param>
public sealed record RegisteredModel(
    string Name, string Description, string Owner, long CreatedMs, string CreatedBy, long UpdatedMs,
    IReadOnlyDictionary<string, string> Tags, IReadOnlyDictionary<string, int> Aliases)
{
    public string Project { get; init; } = RegistryNames.DefaultProject;

    /// <summary>
    /// Whether <see cref="StageRules"/> and the approval policy hold. An open model, as MLflow's clients make them, goes from any
    /// stage to any other without asking.
    /// </summary>
    public bool Governed { get; init; } = true;

    /// <summary>The lowest role that moves its versions into production.</summary>
    public Role Promoters { get; init; } = Role.Contributor;
}

/// <summary>What changes in a model; null leaves as it is.</summary>
/// <param name="Governed">Only an admin of the model changes this and <paramref name="Promoters"/>.</param>
public sealed record ModelChange(
    string? Description = null, string? Owner = null, bool? Governed = null, Role? Promoters = null);

/// <summary>What changes in a version; null leaves as it is.</summary>
public sealed record VersionChange(string? Description = null, string? Limitations = null);

/// <summary>The event time that training data covers, microseconds since the epoch, UTC; the end is not included.</summary>
public sealed record TrainingWindow(long FromUs, long ToUs);

/// <summary>What a version is made of, besides its file.</summary>
/// <param name="Signature">Null only for a version without a file.</param>
public sealed record NewVersion(string Model, ModelSignature? Signature = null)
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

    /// <summary>Where the client says it comes from: a URI, kept as it was given.</summary>
    public string? Source { get; init; }

    /// <summary>An address of the run in another system.</summary>
    public string RunLink { get; init; } = "";

    /// <summary>The logged model it is a version of.</summary>
    public string? ModelId { get; init; }

    /// <summary>Why it has no file.</summary>
    public string? NotServable { get; init; }
}

/// <param name="Number">From 1, never used twice.</param>
/// <param name="File">The model's ONNX bytes in the blob store, under their own hash; null where there is nothing to serve.</param>
/// <param name="Signature">Null where it is not known, and only without a file.</param>
public sealed record ModelVersion(
    string Model, int Number, SemanticVersion Version, Stage Stage, string? RunId, string? Artifact, BlobInfo? File, ModelSignature? Signature,
    string? FeatureService, IReadOnlyDictionary<string, string> FeatureViews, IReadOnlyDictionary<string, double> Metrics,
    TrainingWindow? TrainingWindow, string Limitations, string Description, long CreatedMs, string CreatedBy, long UpdatedMs,
    IReadOnlyList<string> Aliases, IReadOnlyDictionary<string, string> Tags)
{
    /// <inheritdoc cref="NewVersion.Source"/>
    public string? Source { get; init; }

    /// <inheritdoc cref="NewVersion.RunLink"/>
    public string RunLink { get; init; } = "";

    /// <inheritdoc cref="NewVersion.ModelId"/>
    public string? ModelId { get; init; }

    /// <inheritdoc cref="NewVersion.NotServable"/>
    public string? NotServable { get; init; }

    /// <summary>Its name in approvals and the audit log: <c>model/flight-delay/1.0.0</c>.</summary>
    public string Ref => $"model/{Model}/{Version}";

    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> when it has none.</exception>
    public BlobInfo RequireFile() => File ?? throw new SlipwayException(
        ErrorKind.FailedPrecondition,
        $"{Ref} has no ONNX file and cannot be loaded{(string.IsNullOrEmpty(NotServable) ? "." : $": {NotServable}")}");

    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> when it has none.</exception>
    public ModelSignature RequireSignature() => Signature ?? throw new SlipwayException(
        ErrorKind.FailedPrecondition, $"{Ref} has no ONNX file and no signature.");
}

/// <param name="Seq">Within the model, from 1.</param>
public sealed record StageTransition(
    long Seq, int Number, Stage From, Stage To, string Actor, string? ApprovalId, string Reason, long AtMs);

/// <param name="Markdown">The whole of it. Untrusted: whoever renders it must not let it run.</param>
/// <param name="Edited">False while all of it is generated from what is known.</param>
public sealed record ModelCard(string Markdown, bool Edited, IReadOnlyList<CardSection> Sections);

/// <param name="Title">Empty for what stands before the first heading.</param>
/// <param name="Markdown">Without its heading.</param>
public sealed record CardSection(string Title, string Markdown, bool Edited);

/// <summary>
/// Something above the registry that uses versions, such as endpoints: as long as it names one of its own, the version stays.
/// </summary>
/// <param name="version">Null asks about all versions of the model.</param>
/// <returns>Such as <c>endpoint 'live'</c>, or null when nothing uses it.</returns>
public delegate Task<string?> VersionUse(DbSession session, string model, SemanticVersion? version, CancellationToken cancel);

public sealed record RegistryOptions
{
    /// <summary>Whether promotion to production moves the alias <c>champion</c> to the promoted version.</summary>
    public bool ChampionFollowsProduction { get; init; } = true;
}
