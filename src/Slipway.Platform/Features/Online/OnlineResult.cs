using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Slipway.Platform.Foundation;

namespace Slipway.Platform.Features.Online;

/// <summary>An online read as the answer of an endpoint.</summary>
internal sealed class OnlineResult(OnlineRead read) : IResult
{
    private static readonly JsonWriterOptions Writing = new() { Encoder = Json.Options.Encoder, SkipValidation = true };

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = "application/json; charset=utf-8";
        await using (var json = new Utf8JsonWriter(httpContext.Response.BodyWriter, Writing))
        {
            read.WriteJson(json);
        }

        await httpContext.Response.BodyWriter.FlushAsync(httpContext.RequestAborted);
    }
}
