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
        if (Flaw(key) is { } reason)
        {
            throw SlipwayException.Invalid($"Blob key '{Printable(key)}' {reason}.");
        }
    }

    /// <returns>What is wrong, to be read after the key, or null.</returns>
    public static string? Flaw(string key)
    {
        if (key.Length == 0 || Encoding.UTF8.GetByteCount(key) > MaxBytes)
        {
            return $"has {Encoding.UTF8.GetByteCount(key)} bytes; 1 to {MaxBytes} are allowed";
        }

        foreach (var segment in key.AsSpan().Split('/'))
        {
            if (FlawOfSegment(key.AsSpan()[segment]) is { } reason)
            {
                return reason;
            }
        }

        return null;
    }

    /// <summary>At most 200 characters, none of which moves a cursor or ends a line.</summary>
    public static string Printable(string key)
    {
        var shown = string.Concat(key.Take(200).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));
        return key.Length > 200 ? shown + "…" : shown;
    }

    private static string? FlawOfSegment(ReadOnlySpan<char> segment)
    {
        if (segment.IsEmpty)
        {
            return "has an empty segment";
        }

        if (segment is "." or ".." or BlobFolder.Incoming)
        {
            return $"has the segment '{segment}'";
        }

        if (Encoding.UTF8.GetByteCount(segment) > MaxSegmentBytes)
        {
            return $"has a segment of more than {MaxSegmentBytes} bytes";
        }

        if (segment.Contains('\\') || segment.ContainsAnyInRange('\0', '\u001f') || segment.ContainsAnyInRange('\u007f', '\u009f'))
        {
            return "has a backslash or a control character";
        }

        if (segment.ContainsAnyInRange('\ud800', '\udfff') && !IsUtf16(segment))
        {
            return "has half a surrogate pair";
        }

        // Windows reads a drive into 'c:x', and a colon further on as a stream of the file.
        return (segment.Length > 1 && segment[1] == ':' && char.IsAsciiLetter(segment[0])) || (OperatingSystem.IsWindows() && segment.Contains(':'))
            ? "has a drive letter"
            : null;
    }

    private static bool IsUtf16(ReadOnlySpan<char> text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[++i])))
            {
                return false;
            }
        }

        return true;
    }
}
