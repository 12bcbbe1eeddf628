using Slipway.Platform.Tracking;

namespace Slipway.Platform.Registry.OpenLineage;

/// <summary>
/// Namespace and name of a dataset after the naming rules of OpenLineage, so that a table that other tools write and one that a
/// run reads are the same node: <c>s3://bucket</c> and the key, <c>file</c> and the path, the server and the rest of an address.
/// </summary>
/// <param name="Uri">The address itself, where the source is one.</param>
internal sealed record DatasetAddress(string Namespace, string Name, Uri? Uri)
{
    /// <param name="ours">The namespace of a dataset that says no address.</param>
    public static DatasetAddress Of(DatasetInput input, string ours)
    {
        if (!Uri.TryCreate(Location(input.Source), UriKind.Absolute, out var uri) || uri.Scheme.Length < 2)
        {
            return new DatasetAddress(ours, input.Name, null);
        }

        var path = Uri.UnescapeDataString(uri.AbsolutePath);
        return uri.Scheme == Uri.UriSchemeFile
            ? new DatasetAddress("file", path, uri)
            : uri.Authority.Length == 0
                ? new DatasetAddress(ours, input.Name, null)
                : new DatasetAddress($"{uri.Scheme}://{uri.Authority[(uri.Authority.LastIndexOf('@') + 1)..]}", path.Trim('/') is { Length: > 0 } name ? name : "/", WithoutPassword(uri));
    }

    /// <summary>MLflow's sources are JSON that holds the address.</summary>
    private static string Location(string source)
    {
        if (!source.StartsWith('{'))
        {
            return source;
        }

        try
        {
            using var document = System.Text.Json.JsonDocument.Parse(source);
            return new[] { "uri", "url", "path" }
                .Select(key => document.RootElement.TryGetProperty(key, out var value) ? value.ToString() : null)
                .FirstOrDefault(value => value is not null) ?? "";
        }
        catch (System.Text.Json.JsonException)
        {
            return "";
        }
    }

    private static Uri WithoutPassword(Uri uri) => uri.UserInfo.Length == 0 ? uri : new UriBuilder(uri) { UserName = "", Password = "" }.Uri;
}
