using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json;
using Slipway.Core.Errors;
using Slipway.Hosting;

namespace Slipway.Protocols.OpenInference;

/// <summary>How the protocol says that something went wrong: a status and <c>{"error": "…"}</c>.</summary>
internal static partial class OpenInferenceEndpoints
{
    private const int RetryAfterSeconds = 1;

    /// <summary>What is refused before a handler runs, such as a caller nobody knows, in the protocol's shape as well.</summary>
    public static ErrorShape Shape { get; } = new(
        ["/v2"], (context, problem, _) => WriteErrorAsync(context, problem.Status, problem.Detail ?? problem.Title));

    private static async Task AnswerAsync(HttpContext context, RequestDelegate handle)
    {
        try
        {
            await handle(context);
        }
        catch (SlipwayException failure)
        {
            await WriteErrorAsync(
                context, StatusOf(failure.Kind), failure.Message,
                failure.Kind is ErrorKind.Unavailable or ErrorKind.TooManyRequests or ErrorKind.Timeout
                    ? ("Retry-After", (failure.RetryAfterSeconds ?? RetryAfterSeconds).ToString(CultureInfo.InvariantCulture))
                    : null);
        }
        catch (BadHttpRequestException failure)
        {
            await WriteErrorAsync(context, failure.StatusCode, failure.Message);
        }
        catch (Exception failure) when (!context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted)
        {
            LogUnhandled(context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(OpenInferenceEndpoints)), failure);
            await WriteErrorAsync(context, StatusCodes.Status500InternalServerError, "internal error; see the server's log");
        }
    }

    /// <summary>Triton's map: what a caller can mend is 400, but for what is not there (404) and what has to wait (503).</summary>
    private static int StatusOf(ErrorKind kind) => kind switch
    {
        ErrorKind.Unauthenticated => StatusCodes.Status401Unauthorized,
        ErrorKind.Forbidden => StatusCodes.Status403Forbidden,
        ErrorKind.NotFound => StatusCodes.Status404NotFound,
        ErrorKind.TooManyRequests => StatusCodes.Status429TooManyRequests,
        ErrorKind.Unsupported => StatusCodes.Status501NotImplemented,
        ErrorKind.Unavailable or ErrorKind.Timeout => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status400BadRequest,
    };

    private static Task WriteErrorAsync(HttpContext context, int status, string message, (string Name, string Value)? header = null)
    {
        context.Response.StatusCode = status;
        if (header is { } given)
        {
            context.Response.Headers[given.Name] = given.Value;
        }

        return WriteAsync(context, json => json.WriteString("error", message));
    }

    private static async Task WriteAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        await using (var json = new Utf8JsonWriter(Json(context), InferWriter.Options))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private static PipeWriter Json(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        return context.Response.BodyWriter;
    }

    [LoggerMessage(6001, LogLevel.Error, "An inference request failed")]
    private static partial void LogUnhandled(ILogger log, Exception failure);
}
