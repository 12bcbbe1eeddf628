using Slipway.Core.Errors;

namespace Slipway.Platform.Tracking;

/// <summary>Where an experiment keeps the files of its runs: the server's own store, or a place that its operator allowed.</summary>
internal static class ArtifactLocation
{
    private const int MaxLength = 2048;

    /// <returns>Null for the server's own store.</returns>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for any other place that is not allowed.</exception>
    public static string? Check(string? location, TrackingOptions options)
    {
        Limit.Text("An artifact location", location, MaxLength);
        if (string.IsNullOrEmpty(location))
        {
            return null;
        }

        var plain = location.All(c => c > ' ' && c is not ('?' or '#' or '\\' or '%' or '\u007f'))
            && !location.Split('/').Any(part => part is ".." or ".");
        return plain && options.AllowedArtifactLocations.Any(allowed => IsBelow(location, allowed.TrimEnd('/')))
            ? location.TrimEnd('/')
            : throw SlipwayException.Invalid(
                $"The artifact location '{location}' is not allowed; leave it out to use the server's own store, or let its operator "
                + "add the beginning of it to 'artifact-locations'.");
    }

    private static bool IsBelow(string location, string folder) => location.StartsWith(folder, StringComparison.Ordinal)
        && (location.Length == folder.Length || location[folder.Length] == '/');
}
