namespace Slipway.Client;

/// <param name="Path">Within the run, with '/' between the folders.</param>
public sealed record Artifact(string Path, long Bytes);

/// <param name="Sha256">Of the content as the server stored it, 64 lower-case hex digits.</param>
public sealed record StoredArtifact(string Key, long Bytes, string Sha256);

/// <summary>How far a transfer is.</summary>
/// <param name="Total">Null when it is not known.</param>
public readonly record struct TransferProgress(string Path, long Bytes, long? Total);
