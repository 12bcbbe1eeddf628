using System.Text.Json;
using Slipway.Core.Errors;
using Slipway.Hosting;

namespace Slipway.Protocols.Mlflow;

/// <summary>The error codes of the protocol, each of which has one HTTP status.</summary>
internal static class MlflowCode
{
    public const string InvalidParameterValue = "INVALID_PARAMETER_VALUE";
    public const string ResourceAlreadyExists = "RESOURCE_ALREADY_EXISTS";
    public const string ResourceDoesNotExist = "RESOURCE_DOES_NOT_EXIST";
    public const string EndpointNotFound = "ENDPOINT_NOT_FOUND";
    public const string NotImplemented = "NOT_IMPLEMENTED";
    public const string InternalError = "INTERNAL_ERROR";

    public static int StatusOf(string code) => code switch
    {
        "UNAUTHENTICATED" => StatusCodes.Status401Unauthorized,
        "PERMISSION_DENIED" => StatusCodes.Status403Forbidden,
        ResourceDoesNotExist or EndpointNotFound => StatusCodes.Status404NotFound,
        "RESOURCE_CONFLICT" => StatusCodes.Status409Conflict,
        "REQUEST_LIMIT_EXCEEDED" => StatusCodes.Status429TooManyRequests,
        InternalError => StatusCodes.Status500InternalServerError,
        NotImplemented => StatusCodes.Status501NotImplemented,
        "TEMPORARILY_UNAVAILABLE" => StatusCodes.Status503ServiceUnavailable,
        "DEADLINE_EXCEEDED" => StatusCodes.Status504GatewayTimeout,
        _ => StatusCodes.Status400BadRequest,
    };

    /// <summary>Where the caller of a service names no code of its own.</summary>
    public static string Of(ErrorKind kind) => kind switch
    {
        ErrorKind.Unauthenticated => "UNAUTHENTICATED",
        ErrorKind.Forbidden => "PERMISSION_DENIED",
        ErrorKind.NotFound => ResourceDoesNotExist,
        ErrorKind.Unsupported => NotImplemented,
        ErrorKind.TooManyRequests => "REQUEST_LIMIT_EXCEEDED",
        ErrorKind.Unavailable => "TEMPORARILY_UNAVAILABLE",
        ErrorKind.Timeout => "DEADLINE_EXCEEDED",
        _ => InvalidParameterValue,
    };
}

/// <summary>An error that has a code and a text of the protocol's own, which its clients match.</summary>
internal sealed class MlflowException(string code, string message) : Exception(message)
{
    public string Code { get; } = code;

    public static MlflowException Invalid(string message) => new(MlflowCode.InvalidParameterValue, message);

    public static MlflowException Missing(string message) => new(MlflowCode.ResourceDoesNotExist, message);
}

/// <summary>Every failure below the protocol's paths, whoever noticed it, as <c>{"error_code", "message"}</c>.</summary>
internal static class MlflowError
{
    public static ErrorShape Shape { get; } = new(["/api/2.0", "/api/3.0", "/ajax-api", "/get-artifact", "/model-versions"], WriteAsync);

    private static Task WriteAsync(HttpContext context, Problem problem, Exception? error)
    {
        var (code, message) = error switch
        {
            SlipwayException known => MlflowTexts.Of(known),
            null when problem.Status is StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed =>
                (MlflowCode.EndpointNotFound, problem.Detail ?? problem.Title),
            _ => (problem.Status >= 500 ? MlflowCode.InternalError : MlflowCode.InvalidParameterValue, problem.Detail ?? problem.Title),
        };
        return WriteAsync(context, code, message);
    }

    public static async Task WriteAsync(HttpContext context, string code, string message)
    {
        context.Response.StatusCode = MlflowCode.StatusOf(code);
        context.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter, MlflowCall.JsonFormat);
        json.WriteStartObject();
        json.WriteString("error_code", code);
        json.WriteString("message", message);
        json.WriteEndObject();
    }
}
