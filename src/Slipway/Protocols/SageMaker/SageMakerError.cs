using Slipway.Core.Errors;
using Slipway.Hosting;
using Slipway.Platform.Foundation;

namespace Slipway.Protocols.SageMaker;

/// <summary>Failures below the protocol's paths: the header and the member that AWS clients know an error by, and its message.</summary>
internal static class SageMakerError
{
    public const string Validation = "ValidationError";

    /// <summary>Longest message that the protocol has.</summary>
    private const int MaxMessage = 2048;

    public static ErrorShape Shape { get; } = new(["/FeatureGroup", "/BatchGetRecord"], WriteAsync);

    public static string CodeOf(ErrorKind kind) => kind switch
    {
        ErrorKind.NotFound => "ResourceNotFound",
        ErrorKind.Forbidden or ErrorKind.Unauthenticated => "AccessForbidden",
        ErrorKind.Unavailable or ErrorKind.Timeout or ErrorKind.TooManyRequests => "ServiceUnavailable",
        _ => Validation,
    };

    private static Task WriteAsync(HttpContext context, Problem problem, Exception? error)
    {
        var (status, code) = problem.Status switch
        {
            StatusCodes.Status404NotFound => (StatusCodes.Status404NotFound, "ResourceNotFound"),
            StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden => (StatusCodes.Status403Forbidden, "AccessForbidden"),
            StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable or StatusCodes.Status504GatewayTimeout =>
                (StatusCodes.Status503ServiceUnavailable, "ServiceUnavailable"),
            >= 500 => (StatusCodes.Status500InternalServerError, "InternalFailure"),
            _ => (StatusCodes.Status400BadRequest, Validation),
        };
        var message = problem.Detail ?? problem.Title;
        context.Response.Headers.WWWAuthenticate = default;
        context.Response.StatusCode = status;
        context.Response.Headers["x-amzn-ErrorType"] = code;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(
            Json.Write(new Dictionary<string, string> { ["__type"] = code, ["Message"] = message.Length <= MaxMessage ? message : message[..MaxMessage] }),
            context.RequestAborted);
    }
}
