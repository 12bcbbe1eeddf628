using System.Text.RegularExpressions;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Blobs;

namespace Slipway.Platform.Tracking;

/// <summary>
/// What a path within an owner's artifacts may be. It must be harmless as it stands and however often somebody decodes it:
/// a proxy, a client or a later version may decode once more than this server does.
/// </summary>
public static partial class ArtifactPath
{
    /// <returns>The path as it was given.</returns>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the path and the rule it breaks.</exception>
    public static string Check(string path)
    {
        var (seen, decoded) = ("", path);
        while (decoded != seen)
        {
            if ((BlobKey.Flaw(decoded) ?? FlawBehindParameters(decoded)) is { } flaw)
            {
                throw SlipwayException.Invalid($"Invalid artifact path '{BlobKey.Printable(path)}': it {flaw}.");
            }

            (seen, decoded) = (decoded, Uri.UnescapeDataString(decoded));
        }

        // What is left cannot be decoded here; a careless decoder makes '.' of %c0%ae.
        return Undecodable().IsMatch(decoded)
            ? throw SlipwayException.Invalid($"Invalid artifact path '{BlobKey.Printable(path)}': it has an escape that is no UTF-8.")
            : path;
    }

    /// <summary>The same for a folder, of which none or nothing is the owner's whole.</summary>
    public static string CheckFolder(string? path) => string.IsNullOrEmpty(path) || path == "/" ? "" : Check(path.EndsWith('/') ? path[..^1] : path);

    /// <summary>Some servers cut a segment at its parameters, fragment or trailing blanks before they resolve it.</summary>
    private static string? FlawBehindParameters(string path)
    {
        foreach (var segment in path.Split('/'))
        {
            var cut = segment.AsSpan();
            var end = cut.IndexOfAny(";?#");
            cut = (end < 0 ? cut : cut[..end]).Trim(' ');
            if (cut is "." or "..")
            {
                return $"has the segment '{segment}'";
            }
        }

        return null;
    }

    [GeneratedRegex("%[0-9a-fA-F]{2}", RegexOptions.CultureInvariant)]
    private static partial Regex Undecodable();
}
