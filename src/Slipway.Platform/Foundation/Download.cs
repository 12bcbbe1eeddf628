using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

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
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
        return TypedResults.Stream(content, "application/octet-stream", path.Split('/')[^1], enableRangeProcessing: true);
    }
}
