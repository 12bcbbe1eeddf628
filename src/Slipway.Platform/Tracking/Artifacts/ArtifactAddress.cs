using System.Globalization;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Blobs;

namespace Slipway.Platform.Tracking;

/// <summary>
/// Where an artifact is in the MLflow protocol: <c>{experiment}/{run}/artifacts/{path}</c> or
/// <c>{experiment}/models/{logged model}/artifacts/{path}</c>, as a URI behind <c>mlflow-artifacts:/</c>. There are no other places.
/// </summary>
/// <param name="Path">Within the owner; empty for all of its artifacts.</param>
public sealed record ArtifactAddress(ArtifactOwner Owner, string Path)
{
    private const string Scheme = "mlflow-artifacts:";
    private const string Artifacts = "artifacts";

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for a path that is none of the two.</exception>
    public static ArtifactAddress Parse(string path)
    {
        var parts = ArtifactPath.CheckFolder(path).Split('/');
        return parts switch
        {
            [var experiment, "models", var model, Artifacts, ..] when IsNumber(experiment, out var id) =>
                new(new(ArtifactOwnerKind.LoggedModel, model, id), string.Join('/', parts[4..])),
            [var experiment, var run, Artifacts, ..] when IsNumber(experiment, out var id) =>
                new(new(ArtifactOwnerKind.Run, run, id), string.Join('/', parts[3..])),
            _ => throw SlipwayException.Invalid(
                $"Invalid artifact path '{BlobKey.Printable(path)}': it is neither EXPERIMENT/RUN/artifacts/PATH nor EXPERIMENT/models/LOGGED-MODEL/artifacts/PATH."),
        };
    }

    /// <param name="uri">Such as <c>mlflow-artifacts:/7/0198…/artifacts/model</c>; with a host it is another server's.</param>
    /// <returns>Null when the URI is of another scheme or server.</returns>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for one of ours that leads nowhere.</exception>
    public static ArtifactAddress? ParseUri(string uri)
    {
        if (!uri.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var path = uri[Scheme.Length..];
        return path.StartsWith("///", StringComparison.Ordinal) ? Parse(path[3..])
            : path.StartsWith("//", StringComparison.Ordinal) ? null
            : Parse(path.StartsWith('/') ? path[1..] : path);
    }

    /// <param name="owner">With its experiment.</param>
    internal static string UriOf(ArtifactOwner owner) => string.Create(
        CultureInfo.InvariantCulture, $"{Scheme}/{owner.ExperimentId}/{(owner.Kind == ArtifactOwnerKind.Run ? "" : "models/")}{owner.Id}/{Artifacts}");

    private static bool IsNumber(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
