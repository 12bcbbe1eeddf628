using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Slipway.Core.Errors;
using Slipway.Hosting;

namespace Slipway.Protocols.TensorFlowServing;

/// <summary>How the protocol answers, and says that something went wrong: a status and <c>{"error": "…"}</c>, printed over several lines.</summary>
internal static partial class TensorFlowEndpoints
{
    private static readonly JsonWriterOptions Pretty = new()
    {
        Indented = true,
        IndentSize = 4,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>What is refused before a handler runs, in the protocol's shape as well.</summary>
    public static ErrorShape Shape { get; } = new(
        ["/v1"], (context, problem, _) => WriteErrorAsync(context, problem.Status, problem.Detail ?? problem.Title));

    private static async Task AnswerAsync(HttpContext context, RequestDelegate handle)
    {
        try
        {
            await handle(context);
        }
        catch (SlipwayException failure)
        {
            if (failure.Kind is ErrorKind.Unavailable or ErrorKind.TooManyRequests)
            {
                context.Response.Headers.RetryAfter = (failure.RetryAfterSeconds ?? 1).ToString(CultureInfo.InvariantCulture);
            }

            // The services say what is missing in the words of another protocol.
            var text = failure.Kind == ErrorKind.NotFound
                && TensorFlowPath.Parse(context.Request.Method, context.Request.Path.Value!) is { } path ? path.NotFound().Message : failure.Message;
            await WriteErrorAsync(context, StatusOf(failure.Kind), text);
        }
        catch (BadHttpRequestException failure)
        {
            await WriteErrorAsync(context, failure.StatusCode, failure.Message);
        }
        catch (Exception failure) when (!context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted)
        {
            LogUnhandled(context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(TensorFlowEndpoints)), failure);
            await WriteErrorAsync(context, StatusCodes.Status500InternalServerError, "internal error; see the server's log");
        }
    }

    private static int StatusOf(ErrorKind kind) => kind switch
    {
        ErrorKind.Unauthenticated => StatusCodes.Status401Unauthorized,
        ErrorKind.Forbidden => StatusCodes.Status403Forbidden,
        ErrorKind.NotFound => StatusCodes.Status404NotFound,
        ErrorKind.Conflict => StatusCodes.Status409Conflict,
        ErrorKind.TooManyRequests => StatusCodes.Status429TooManyRequests,
        ErrorKind.Unsupported => StatusCodes.Status501NotImplemented,
        ErrorKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
        ErrorKind.Timeout => StatusCodes.Status504GatewayTimeout,
        _ => StatusCodes.Status400BadRequest,
    };

    private static Task WriteErrorAsync(HttpContext context, int status, string message)
    {
        context.Response.StatusCode = status;
        return WriteAsync(context, json => json.WriteString("error", message));
    }

    private static async Task WriteAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        context.Response.ContentType = "application/json";
        await using (var json = new Utf8JsonWriter(context.Response.BodyWriter, Pretty))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    [LoggerMessage(6003, LogLevel.Error, "A TensorFlow Serving request failed")]
    private static partial void LogUnhandled(ILogger log, Exception failure);
}
