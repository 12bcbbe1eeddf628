using System.Globalization;
using System.Text.RegularExpressions;
using Slipway.Core.Errors;
using Slipway.Platform.Serving;

namespace Slipway.Protocols.TensorFlowServing;

/// <summary>What a path under <c>/v1/models</c> names, in upper or lower case.</summary>
/// <param name="Model">Null for all of them.</param>
/// <param name="Version">As the path has it. TensorFlow Serving counts versions; those here may be semantic as well.</param>
/// <param name="Label">The role of a version: <c>champion</c>, <c>challenger</c>.</param>
/// <param name="Verb"><c>predict</c>, <c>classify</c>, <c>regress</c>, <c>metadata</c>, or null for the status.</param>
internal sealed partial record TensorFlowPath(string? Model, string? Version, string? Label, string? Verb)
{
    /// <returns>Null for what no client of the protocol asks for.</returns>
    public static TensorFlowPath? Parse(string method, string path)
    {
        var match = HttpMethods.IsPost(method) ? Call().Match(path)
            : HttpMethods.IsGet(method) || HttpMethods.IsHead(method) ? Look().Match(path)
            : Match.Empty;
        return !match.Success ? null : new TensorFlowPath(
            Part(match, 1), Part(match, 2), Part(match, 3), Part(match, 4)?.ToLowerInvariant());
    }

    /// <summary>The one version that path or label name; null when the traffic split decides.</summary>
    /// <param name="served">Those of the model.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> for an unknown version; Invalid for one that is too large a
    /// number, and for a label that names none or several.</exception>
    public string? Resolve(IReadOnlyList<ServedVersion> served)
    {
        if (Label is not null)
        {
            var labelled = served.Where(version => string.Equals(version.Role.ToString(), Label, StringComparison.OrdinalIgnoreCase)).ToList();
            return labelled switch
            {
                [var one] => one.Version,
                [] => throw SlipwayException.Invalid($"Unrecognized servable version label: {Label}"),
                _ => throw SlipwayException.Invalid($"Servable version label {Label} names {labelled.Count} versions of '{Model}'; name one by its version"),
            };
        }

        if (Version is null || served.Any(version => version.Version == Version))
        {
            return Version;
        }

        throw Version.All(char.IsAsciiDigit) && !long.TryParse(Version, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? SlipwayException.Invalid($"Failed to convert version: {Version} to numeric.")
            : NotFound();
    }

    public SlipwayException NotFound() => SlipwayException.NotFound(
        $"Servable not found for request: {(Version is null ? $"Latest({Model})" : $"Specific({Model}, {Version})")}");

    private static string? Part(Match match, int group) => match.Groups[group] is { Success: true, Value: var value } ? value : null;

    [GeneratedRegex("^/v1/models/([^/:]+)(?:(?:/versions/([^/:]+))|(?:/labels/([^/:]+)))?:(classify|regress|predict)$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Call();

    [GeneratedRegex("^/v1/models(?:/([^/:]+))?(?:(?:/versions/([^/:]+))|(?:/labels/([^/:]+)))?(?:/(metadata))?/?$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Look();
}
