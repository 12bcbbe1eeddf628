using System.Text.Json.Serialization;

namespace Slipway.Platform.Tracking;

/// <summary>What artifacts belong to.</summary>
public enum ArtifactOwnerKind
{
    Run,
    LoggedModel,
}

/// <param name="ExperimentId">When it is given, the owner must be in that experiment; any other is not found.</param>
public sealed record ArtifactOwner(ArtifactOwnerKind Kind, string Id, long? ExperimentId = null)
{
    public static ArtifactOwner Run(string id) => new(ArtifactOwnerKind.Run, id);

    public static ArtifactOwner LoggedModel(string id) => new(ArtifactOwnerKind.LoggedModel, id);

    /// <summary>For people and for the audit log, such as <c>run/0198…</c>.</summary>
    public string Ref => Kind == ArtifactOwnerKind.Run ? $"run/{Id}" : $"logged-model/{Id}";

    internal string Name => Kind == ArtifactOwnerKind.Run ? $"Run {Id}" : $"Logged model {Id}";

    /// <summary>Its folder among the blobs. Only an id that was found in the database is safe to be one.</summary>
    internal string Folder => Kind == ArtifactOwnerKind.Run ? $"{ArtifactFolders.Runs}/{Id}" : $"{ArtifactFolders.LoggedModels}/{Id}";
}

/// <summary>Top folders of the blob store that hold one folder per owner.</summary>
internal static class ArtifactFolders
{
    public const string Runs = "artifacts";
    public const string LoggedModels = "logged-models";
}

/// <param name="Folder">Only what is in this folder, when given.</param>
/// <param name="Recursive">All files below it, instead of its files and folders.</param>
/// <param name="Limit">1 to 10,000.</param>
public sealed record ArtifactQuery(string? Folder = null, bool Recursive = false, string? PageToken = null, int Limit = 1000);

/// <summary>An upload in parts that is open.</summary>
/// <param name="Id">32 hex digits.</param>
/// <param name="Path">Of the artifact that it will be.</param>
public sealed record ArtifactUpload(string Id, string Path);

/// <param name="Sha256">As the arrival of the part was answered.</param>
public sealed record ArtifactPart([property: JsonRequired] int Number, [property: JsonRequired] string Sha256);
