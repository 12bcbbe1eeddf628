using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;
using Slipway.Platform.Foundation.Blobs;

namespace Slipway.Platform.Foundation;

/// <summary>
/// Hands out a stored file in a way that no browser runs: whatever it is called and whatever it holds, it is bytes to be
/// saved, never a page of this site.
/// </summary>
public static class Download
{
    /// <param name="path">Its last segment becomes the file's name.</param>
    public static FileStreamHttpResult Of(Stream content, string path, HttpResponse response)
    {
        Disarm(response);
        return TypedResults.Stream(content, MediaTypes.Binary, NameOf(path), enableRangeProcessing: true);
    }

    /// <summary>The same with a media type by its extension, a validator and the time of its last change.</summary>
    public static FileStreamHttpResult Of(OpenBlob blob, string path, HttpResponse response)
    {
        Disarm(response);
        return TypedResults.Stream(
            blob.Content, MediaTypes.Of(path), NameOf(path), blob.Changed, EntityTagHeaderValue.Parse(blob.ETag), enableRangeProcessing: true);
    }

    private static string NameOf(string path) => path[(path.LastIndexOf('/') + 1)..];

    private static void Disarm(HttpResponse response)
    {
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
    }
}
