using System.Text.Json.Serialization;
using Microsoft.AspNetCore.WebUtilities;
using Slipway.Core.Errors;

namespace Slipway.Hosting;

/// <summary>An error on the wire: problem details after RFC 9457, of type <c>about:blank</c>.</summary>
/// <param name="Title">The status in words.</param>
/// <param name="Kind">Extension member for programs: an <see cref="ErrorKind"/> in lower case, or <c>internal</c>.</param>
/// <param name="Instance">The path that was asked for.</param>
/// <param name="TraceId">Extension member: finds the request in logs and traces.</param>
internal sealed record Problem(string Type, string Title, int Status, string? Detail, string Instance, string Kind, string TraceId)
{
    public const string MediaType = "application/problem+json";

    public static Problem Create(HttpContext context, int status, string? detail, string? kind = null) => new(
        "about:blank",
        ReasonPhrases.GetReasonPhrase(status),
        status,
        detail,
        context.Request.Path,
        kind ?? KindOf(status),
        System.Diagnostics.Activity.Current?.TraceId.ToHexString() ?? context.TraceIdentifier);

    public static Problem Create(HttpContext context, SlipwayException error) =>
        Create(context, StatusOf(error.Kind), error.Message, NameOf(error.Kind));

    /// <summary>The one map from what went wrong to an HTTP status.</summary>
    public static int StatusOf(ErrorKind kind) => kind switch
    {
        ErrorKind.Invalid => StatusCodes.Status400BadRequest,
        ErrorKind.Unauthenticated => StatusCodes.Status401Unauthorized,
        ErrorKind.Forbidden => StatusCodes.Status403Forbidden,
        ErrorKind.NotFound => StatusCodes.Status404NotFound,
        ErrorKind.Conflict => StatusCodes.Status409Conflict,
        ErrorKind.FailedPrecondition => StatusCodes.Status412PreconditionFailed,
        ErrorKind.TooLarge => StatusCodes.Status413PayloadTooLarge,
        ErrorKind.Unsupported => StatusCodes.Status415UnsupportedMediaType,
        ErrorKind.TooManyRequests => StatusCodes.Status429TooManyRequests,
        ErrorKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
        ErrorKind.Timeout => StatusCodes.Status504GatewayTimeout,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "This kind of error has no status."),
    };

    public async Task WriteAsync(HttpContext context)
    {
        context.Response.StatusCode = Status;
        await context.Response.WriteAsJsonAsync(this, ProblemJson.Default.Problem, MediaType, context.RequestAborted);
    }

    private static string KindOf(int status)
    {
        foreach (var kind in Enum.GetValues<ErrorKind>())
        {
            if (StatusOf(kind) == status)
            {
                return NameOf(kind);
            }
        }

        return status < 500 ? NameOf(ErrorKind.Invalid) : "internal";
    }

    private static string NameOf(ErrorKind kind) =>
        System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString());
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Problem))]
internal sealed partial class ProblemJson : JsonSerializerContext;
