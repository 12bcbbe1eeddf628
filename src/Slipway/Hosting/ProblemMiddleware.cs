using System.Text.Json;
using Slipway.Configuration;
using Slipway.Core.Errors;

namespace Slipway.Hosting;

/// <summary>
/// Turns every error that leaves the application, thrown or as a bare status, into one problem document, or into the shape
/// of the foreign protocol whose path it is.
/// </summary>
internal sealed partial class ProblemMiddleware(
    RequestDelegate next, SlipwayOptions options, IEnumerable<ErrorShape> shapes, ILogger<ProblemMiddleware> logger)
{
    /// <summary>Under this key an item of the request says how many seconds a caller should wait; 1 without it.</summary>
    public const string RetryAfterItem = "slipway.retry-after";

    private readonly ErrorShape[] shapes = [.. shapes];

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (Exception error) when (!context.Response.HasStarted)
        {
            if (error is OperationCanceledException && context.RequestAborted.IsCancellationRequested)
            {
                // Nobody is left to read an answer.
                return;
            }

            await WriteAsync(context, DescribeFresh(context, error), error);
            return;
        }

        if (IsBareError(context))
        {
            var status = context.Response.StatusCode;
            await WriteAsync(context, Problem.Create(context, status, DetailOf(context, status)), null);
        }
    }

    private Task WriteAsync(HttpContext context, Problem problem, Exception? error)
    {
        if (problem.Status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests)
        {
            var seconds = (error as SlipwayException)?.RetryAfterSeconds ?? (int?)context.Items[RetryAfterItem] ?? 1;
            context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        if (problem.Status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = new(["Bearer realm=\"Slipway\"", "Basic realm=\"Slipway\", charset=\"UTF-8\""]);
        }

        if (GrpcProblem.Owns(context.Request))
        {
            GrpcProblem.Write(context.Response, problem);
            return Task.CompletedTask;
        }

        var shape = Array.Find(shapes, shape => shape.Owns(context.Request.Path));
        return shape is null ? problem.WriteAsync(context) : shape.WriteAsync(context, problem, error);
    }

    private Problem DescribeFresh(HttpContext context, Exception error)
    {
        context.Response.Clear();
        switch (error)
        {
            case SlipwayException known:
                return Problem.Create(context, known);
            case BadHttpRequestException { InnerException: JsonException json } bad:
                return Problem.Create(context, bad.StatusCode, Describe(json));
            case BadHttpRequestException bad:
                return Problem.Create(context, bad.StatusCode, DetailOf(context, bad.StatusCode) ?? bad.Message);
            default:
                LogUnhandled(error, context.Request.Method, context.Request.Path);
                return Problem.Create(
                    context, StatusCodes.Status500InternalServerError, "An error inside the server; its log has the trace id.", "internal");
        }
    }

    /// <remarks>JSON counts lines and bytes from 0; people count from 1.</remarks>
    private static string Describe(JsonException json) =>
        $"The body is not the JSON that is expected here: line {json.LineNumber + 1}, byte {json.BytePositionInLine + 1}"
        + (string.IsNullOrEmpty(json.Path) || json.Path == "$" ? "." : $", at {json.Path}.");

    private static bool IsBareError(HttpContext context) => context.Response is
    {
        HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null
    };

    private string? DetailOf(HttpContext context, int status) => status switch
    {
        StatusCodes.Status404NotFound => $"There is nothing at {context.Request.Path}.",
        StatusCodes.Status405MethodNotAllowed =>
            $"{context.Request.Path} does not take {context.Request.Method}; it takes {context.Response.Headers.Allow}.",
        StatusCodes.Status413PayloadTooLarge => $"A request body holds at most {options.MaxBodySize} bytes.",
        _ => null,
    };

    [LoggerMessage(1001, LogLevel.Error, "{Method} {Path} failed")]
    private partial void LogUnhandled(Exception error, string method, string path);
}
