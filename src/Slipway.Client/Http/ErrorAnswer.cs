using System.Globalization;
using System.Net;
using System.Text.Json;
using Slipway.Core.Errors;

namespace Slipway.Client.Http;

/// <summary>What the server said when it refused: a problem document (RFC 9457), or whatever stands between it and us.</summary>
internal static class ErrorAnswer
{
    private const int MaxBytes = 64 << 10;

    public static async Task<SlipwayException> ReadAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        using (response)
        {
            var problem = await ParseAsync(response, cancel);
            var status = (int)response.StatusCode;
            var kind = KindOf(problem?.Kind, response.StatusCode);
            var text = problem?.Detail ?? problem?.Error ?? problem?.Title;
            return kind switch
            {
                null => new SlipwayException(
                    ErrorKind.Unavailable,
                    $"The server failed ({status}{(problem?.TraceId is { } trace ? $", trace {trace}" : "")}): {text ?? response.ReasonPhrase}"),
                { } known => new SlipwayException(known, text ?? Bare(response)),
            };
        }
    }

    private static string Bare(HttpResponseMessage response) =>
        response.Headers.Location is { } elsewhere && (int)response.StatusCode is >= 300 and < 400
            ? $"{response.RequestMessage?.RequestUri} sends callers on to {elsewhere}; give that address."
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{response.RequestMessage?.Method} {response.RequestMessage?.RequestUri} was answered with {(int)response.StatusCode} {response.ReasonPhrase}.");

    private static async Task<Problem?> ParseAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancel);
            var bytes = new byte[MaxBytes];
            var read = await body.ReadAtLeastAsync(bytes, MaxBytes, throwOnEndOfStream: false, cancel);
            return JsonSerializer.Deserialize(bytes.AsSpan(0, read), ClientJson.Default.Problem);
        }
        catch (Exception unreadable) when (unreadable is JsonException or IOException or HttpRequestException)
        {
            // A proxy's page, or an answer that broke off: the status speaks for it.
            return null;
        }
    }

    /// <returns>Null for an error inside the server.</returns>
    private static ErrorKind? KindOf(string? kind, HttpStatusCode status)
    {
        foreach (var known in Enum.GetValues<ErrorKind>())
        {
            if (JsonNamingPolicy.SnakeCaseLower.ConvertName(known.ToString()) == kind)
            {
                return known;
            }
        }

        return status switch
        {
            HttpStatusCode.Unauthorized => ErrorKind.Unauthenticated,
            HttpStatusCode.Forbidden => ErrorKind.Forbidden,
            HttpStatusCode.NotFound => ErrorKind.NotFound,
            HttpStatusCode.Conflict => ErrorKind.Conflict,
            HttpStatusCode.PreconditionFailed => ErrorKind.FailedPrecondition,
            HttpStatusCode.RequestEntityTooLarge => ErrorKind.TooLarge,
            HttpStatusCode.UnsupportedMediaType or HttpStatusCode.NotImplemented => ErrorKind.Unsupported,
            HttpStatusCode.TooManyRequests => ErrorKind.TooManyRequests,
            HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable => ErrorKind.Unavailable,
            HttpStatusCode.GatewayTimeout => ErrorKind.Timeout,
            >= HttpStatusCode.InternalServerError => null,
            _ => ErrorKind.Invalid,
        };
    }

    /// <param name="Error">The member of the Open Inference Protocol.</param>
    internal sealed record Problem(string? Title, string? Detail, string? Kind, string? TraceId, string? Error);
}
