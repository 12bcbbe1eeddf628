using System.Globalization;

namespace Slipway.Platform.Foundation.Blobs;

/// <param name="Key">Where it is, with '/' between the segments.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Sha256">Of the content, 64 lower-case hex digits.</param>
public sealed record BlobInfo(string Key, long Bytes, string Sha256);

/// <summary>A name in a folder.</summary>
/// <param name="Path">Relative to the folder that was listed.</param>
/// <param name="Bytes">0 for a folder.</param>
public sealed record BlobEntry(string Path, bool IsFolder, long Bytes);

/// <summary>A blob that is open for reading; whoever has it disposes the content.</summary>
/// <param name="Content">Seekable. It stays readable and unchanged when the blob is replaced or deleted meanwhile.</param>
/// <param name="Changed">When it was put.</param>
public sealed record OpenBlob(Stream Content, long Bytes, DateTimeOffset Changed)
{
    /// <summary>A strong validator: blobs are replaced as wholes, never written in place. With its quotes.</summary>
    public string ETag { get; } = string.Create(CultureInfo.InvariantCulture, $"\"{Changed.UtcTicks:x}-{Bytes:x}\"");
}

/// <summary>A part of an upload that has arrived.</summary>
/// <param name="Number">From 1, in the order of the content.</param>
public sealed record BlobPart(int Number, long Bytes, string Sha256);

/// <summary>What a folder holds.</summary>
public readonly record struct BlobSum(int Files, long Bytes);
