using System.Text.RegularExpressions;
using Slipway.Core.Errors;

namespace Slipway.Platform.Registry.Sources;

/// <summary>Where a version says it comes from. Only what lies among this server's own artifacts is ever opened.</summary>
/// <param name="Text">As it was given.</param>
public abstract partial record VersionSource(string Text)
{
    private const int MaxDecodings = 5;

    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Invalid"/> for a path of a local file system in any disguise, and for a path that climbs.
    /// </exception>
    public static VersionSource Parse(string source)
    {
        Limit.Name("A version's source", source, RegistryNames.Source);
        var match = Uri().Match(source);
        var scheme = match.Groups["scheme"].Value.ToLowerInvariant();
        if (!match.Success || scheme is "file" or "local" || source.Any(char.IsControl))
        {
            throw SlipwayException.Invalid(
                $"Invalid model version source: '{Printable(source)}'. A path of a local file system is a source only inside the artifact "
                + "directory of the run or logged model that is named, and the artifacts of this server have no such path; use "
                + "runs:/RUN/PATH, models:/MODEL_ID or mlflow-artifacts:/PATH.");
        }

        var path = match.Groups["path"].Value;
        if (Climbs(path))
        {
            throw SlipwayException.Invalid($"Invalid model version source: '{Printable(source)}'. Its path must not climb with '..' or hold a backslash.");
        }

        return scheme switch
        {
            "runs" or "models" or "mlflow-artifacts" => Own(source, scheme, path),
            _ => new Elsewhere(source),
        };
    }

    /// <summary>What a version gave, or the artifact of its run.</summary>
    /// <returns>Null for a version that was made from bytes.</returns>
    public static VersionSource? Of(ModelVersion version) => version switch
    {
        { Source: { Length: > 0 } source } => Parse(source),
        { RunId: { Length: > 0 } run, Artifact: { } artifact } => new InRun($"runs:/{run}/{artifact}", run, artifact),
        _ => null,
    };

    private static VersionSource Own(string source, string scheme, string path)
    {
        // With an authority it is that of another server.
        if (path.StartsWith('/'))
        {
            return new Elsewhere(source);
        }

        if (path.AsSpan().IndexOfAny("#?;%") >= 0 || path.Split('/').SkipLast(1).Any(segment => segment is "" or "."))
        {
            throw SlipwayException.Invalid($"Invalid model version source: '{Printable(source)}'. Its path takes no '#', '?', ';', '%' and no empty segment.");
        }

        string[] parts = path.TrimEnd('/').Split('/');
        return (scheme, parts) switch
        {
            ("runs", [var run, .. var rest]) when Id().IsMatch(run) => new InRun(source, run, string.Join('/', rest)),
            ("models", [var id, .. var rest]) when LoggedModel().IsMatch(id) => new InLoggedModel(source, id, string.Join('/', rest)),
            ("models", [var name, var version]) when name.Length > 0 && version.Length > 0 => new OfVersion(source, name, version),
            ("models", [var name]) when name.Split('@') is [{ Length: > 0 } model, { Length: > 0 } alias] => new OfVersion(source, model, alias),
            ("mlflow-artifacts", [_, "models", var id, "artifacts", .. var rest]) when LoggedModel().IsMatch(id) =>
                new InLoggedModel(source, id, string.Join('/', rest)),
            ("mlflow-artifacts", [_, var run, "artifacts", .. var rest]) when Id().IsMatch(run) => new InRun(source, run, string.Join('/', rest)),
            _ => new Elsewhere(source),
        };
    }

    /// <summary>However often it is decoded, and whatever is taken for the end of its path.</summary>
    private static bool Climbs(string path)
    {
        for (var i = 0; i < MaxDecodings; i++)
        {
            if (path.Contains('\\', StringComparison.Ordinal) || path.Split('/', '?', '#', ';', '&', '=').Any(part => part.Trim() == ".."))
            {
                return true;
            }

            var decoded = System.Uri.UnescapeDataString(path);
            if (decoded == path)
            {
                return false;
            }

            path = decoded;
        }

        return true;
    }

    private static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));

    // One letter is a drive, not a scheme.
    [GeneratedRegex(@"\A(?<scheme>[A-Za-z][A-Za-z0-9+.\-]+):/(?<path>.*)\z", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Uri();

    [GeneratedRegex(@"\A[a-zA-Z0-9][\w\-]{0,255}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Id();

    [GeneratedRegex(@"\Am-[0-9a-f]{32}\z", RegexOptions.CultureInvariant)]
    private static partial Regex LoggedModel();
}

/// <param name="Path">Below the run's artifacts; empty for all of them.</param>
public sealed record InRun(string Text, string RunId, string Path) : VersionSource(Text);

/// <param name="Path">Below the logged model's artifacts; empty for all of them.</param>
public sealed record InLoggedModel(string Text, string ModelId, string Path) : VersionSource(Text);

/// <summary>The same as another version.</summary>
/// <param name="Reference">A number, alias or stage.</param>
public sealed record OfVersion(string Text, string Model, string Reference) : VersionSource(Text);

/// <summary>In a store that this server does not read: kept as text.</summary>
public sealed record Elsewhere(string Text) : VersionSource(Text);
