using System.Text.Json;
using Slipway.Core.Errors;
using Slipway.Hosting;
using Slipway.Platform.Foundation;

namespace Slipway.Protocols.Feast;

/// <summary>
/// Every failure below the protocol's paths: a JSON string that holds JSON with <c>module</c>, <c>class</c> and <c>message</c>, or a
/// message alone; and <c>{"detail": […]}</c> for a body of the wrong form.
/// </summary>
internal static class FeastError
{
    private const string Module = "feast.errors";

    public static ErrorShape Shape { get; } = new(
        ["/get-online-features", "/push", "/write-to-online-store", "/materialize", "/materialize-incremental"], WriteAsync);

    /// <summary>Around every handler: the protocol's own errors are no failures of the server, which would be logged.</summary>
    public static async ValueTask<object?> AnswerAsync(EndpointFilterInvocationContext call, EndpointFilterDelegate next)
    {
        try
        {
            return await next(call);
        }
        catch (FeastException known)
        {
            await WriteAsync(call.HttpContext, known.Status, known.ClassName, known.Message);
        }
        catch (FeastBodyException wrong)
        {
            await WriteDetailAsync(call.HttpContext, wrong.Path, wrong.Kind, wrong.Message);
        }

        return Results.Empty;
    }

    private static Task WriteAsync(HttpContext context, Problem problem, Exception? error)
    {
        switch (error)
        {
            case SlipwayException { Kind: ErrorKind.Invalid } invalid:
                return WriteDetailAsync(context, "", "value_error", invalid.Message);
            case SlipwayException { Kind: ErrorKind.Forbidden } refused:
                return WriteAsync(context, problem.Status, "FeastPermissionError", refused.Message);
            default:
                return WriteAsync(context, problem.Status, null, problem.Detail ?? problem.Title);
        }
    }

    private static Task WriteAsync(HttpContext context, int status, string? className, string message)
    {
        context.Response.StatusCode = status;
        var text = className is null ? message : Json.Write(new Dictionary<string, string>
        {
            ["module"] = Module,
            ["class"] = className,
            ["message"] = message,
        });
        return context.Response.WriteAsJsonAsync(text, context.RequestAborted);
    }

    private static async Task WriteDetailAsync(HttpContext context, string path, string kind, string message)
    {
        context.Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        context.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter);
        json.WriteStartObject();
        json.WriteStartArray("detail");
        json.WriteStartObject();
        json.WriteString("type", kind);
        json.WriteStartArray("loc");
        json.WriteStringValue("body");
        foreach (var part in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            json.WriteStringValue(part);
        }

        json.WriteEndArray();
        json.WriteString("msg", message);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
