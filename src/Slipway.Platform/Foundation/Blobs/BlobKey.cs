using System.Text;
using Slipway.Core.Errors;

namespace Slipway.Platform.Foundation.Blobs;

/// <summary>What a key may be: relative, '/' between segments, nothing that a file system reads as more than a name.</summary>
public static class BlobKey
{
    public const int MaxBytes = 1024;
    public const int MaxSegmentBytes = 255;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the key and the rule it breaks.</exception>
    public static void Check(string key)
    {
        if (key.Length == 0 || Encoding.UTF8.GetByteCount(key) > MaxBytes)
        {
            throw SlipwayException.Invalid($"A blob key has 1 to {MaxBytes} bytes; got {Encoding.UTF8.GetByteCount(key)}.");
        }

        foreach (var segment in key.Split('/'))
        {
            if (Reason(segment) is { } reason)
            {
                throw SlipwayException.Invalid($"Blob key '{Printable(key)}' {reason}.");
            }
        }
    }

    private static string? Reason(string segment)
    {
        if (segment.Length == 0)
        {
            return "has an empty segment";
        }

        if (segment[0] == '.' && (segment is "." or ".." or ".incoming"))
        {
            return $"has the segment '{segment}'";
        }

        if (Encoding.UTF8.GetByteCount(segment) > MaxSegmentBytes)
        {
            return $"has a segment of more than {MaxSegmentBytes} bytes";
        }

        return segment.Any(c => c is '\\' or ':' || char.IsControl(c)) ? "has a backslash, a colon or a control character" : null;
    }

    private static string Printable(string key) => string.Concat(key.Select(c => char.IsControl(c) ? '?' : c));
}
