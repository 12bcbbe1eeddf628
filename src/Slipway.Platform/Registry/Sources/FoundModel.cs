using Slipway.Core.Data;
using Slipway.Platform.Foundation.Blobs;

namespace Slipway.Platform.Registry.Sources;

/// <summary>What was found where a version comes from.</summary>
/// <param name="NotServable">Why there is no file.</param>
/// <param name="Documents">What the folder says of itself, by name.</param>
internal sealed record FoundModel(
    BlobInfo? File, ModelSignature? Signature, string? NotServable, IReadOnlyDictionary<string, string> Documents)
{
    /// <summary>The run that made it.</summary>
    public string? RunId { get; init; }

    /// <summary>The logged model it is.</summary>
    public string? ModelId { get; init; }

    public static FoundModel Nothing(string why) => new(null, null, why, new Dictionary<string, string>());
}

/// <summary>A file of a folder, wherever the folder is; null when there is none of this path.</summary>
internal delegate Task<Stream?> OpenInFolder(string path, CancellationToken cancel);
