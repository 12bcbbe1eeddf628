using System.Buffers;
using System.IO.Pipelines;
using Slipway.Core.Errors;
using Slipway.Hosting;
using Slipway.Platform.Access;
using Slipway.Platform.Serving;

namespace Slipway.Protocols.OpenInference;

/// <summary>
/// The REST core of the Open Inference Protocol v2 (KServe, Triton) over endpoints and local models: health, metadata, and
/// inference with tensors in JSON. A model's name is the endpoint's, its versions are the endpoint's variants.
/// </summary>
internal static partial class OpenInferenceEndpoints
{
    private static readonly string[] Read = ["GET", "HEAD"];
    private static readonly string[] Post = ["POST"];

    public static IEndpointRouteBuilder MapOpenInference(this IEndpointRouteBuilder routes)
    {
        var v2 = routes.MapGroup("/v2").WithTags("Open Inference Protocol").Predicts();
        Map(v2, "", Read, ServerAsync);
        Map(v2, "/health/live", Read, LiveAsync);
        Map(v2, "/health/ready", Read, ReadyAsync);
        foreach (var model in (string[])["/models/{model}", "/models/{model}/versions/{version}"])
        {
            Map(v2, model, Read, OfModel(ModelAsync));
            Map(v2, $"{model}/ready", Read, OfModel(ModelReadyAsync));
            Map(v2, $"{model}/infer", Post, OfModel(InferAsync));
        }

        v2.Map("{**path}", context => WriteErrorAsync(context, StatusCodes.Status404NotFound, "Not Found")).ExcludeFromDescription();
        return routes;
    }

    private static void Map(IEndpointRouteBuilder routes, string pattern, string[] methods, RequestDelegate handle) =>
        routes.Map(pattern, context => methods.Contains(context.Request.Method)
            ? AnswerAsync(context, handle)
            : WriteErrorAsync(context, StatusCodes.Status405MethodNotAllowed, "Method Not Allowed", ("Allow", string.Join(", ", methods))));

    private static RequestDelegate OfModel(RequestDelegate handle) => context =>
    {
        Serving(context).RequirePredict(Model(context), Actors.Of(context));
        return handle(context);
    };

    private static Task ServerAsync(HttpContext context) => WriteAsync(context, json =>
    {
        json.WriteString("name", "slipway");
        json.WriteString("version", ProductVersion.Current.Version);
        json.WriteStartArray("extensions");
        json.WriteEndArray();
    });

    private static Task LiveAsync(HttpContext context) => WriteAsync(context, json => json.WriteBoolean("live", true));

    private static Task ReadyAsync(HttpContext context)
    {
        var notReady = Serving(context).NotReady();
        if (notReady.Count > 0)
        {
            var reasons = notReady.Select(model => $"Model '{model.Key}' is not ready: {model.Value}");
            throw new SlipwayException(ErrorKind.Unavailable, string.Join(" ", reasons));
        }

        return WriteAsync(context, json => json.WriteBoolean("ready", true));
    }

    private static async Task ModelAsync(HttpContext context)
    {
        var model = Serving(context).Describe(Model(context), Version(context));
        InferWriter.WriteModel(Json(context), model);
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private static Task ModelReadyAsync(HttpContext context)
    {
        var model = Serving(context).Describe(Model(context), Version(context));
        return WriteAsync(context, json =>
        {
            json.WriteString("name", model.Name);
            json.WriteBoolean("ready", true);
        });
    }

    private static async Task InferAsync(HttpContext context)
    {
        var headers = context.Request.Headers;
        if (headers.ContainsKey("Inference-Header-Content-Length"))
        {
            throw new SlipwayException(ErrorKind.Unsupported, "binary tensor data is not supported; send 'data' as JSON");
        }

        if (headers.ContentEncoding.ToString() is not ("" or "identity"))
        {
            throw new SlipwayException(ErrorKind.Unsupported, $"Unsupported compression type '{headers.ContentEncoding}'");
        }

        // By hand and whatever the content type says: some clients send none.
        var request = await ReadAsync(context.Request.BodyReader, context.RequestAborted);
        var answer = await Serving(context).InferAsync(
            Model(context), Version(context), request.Inputs, request.Outputs, request.Id, InferOptions.Default,
            context.RequestAborted);
        var buffer = new ArrayBufferWriter<byte>();
        InferWriter.WriteAnswer(buffer, request.Id, answer);
        Json(context).Write(buffer.WrittenSpan);
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private static async Task<InferRequest> ReadAsync(PipeReader body, CancellationToken cancel)
    {
        while (true)
        {
            var result = await body.ReadAsync(cancel);
            if (result.IsCompleted)
            {
                try
                {
                    return InferReader.Read(result.Buffer);
                }
                finally
                {
                    body.AdvanceTo(result.Buffer.End);
                }
            }

            body.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    private static ServingService Serving(HttpContext context) => context.RequestServices.GetRequiredService<ServingService>();

    private static string Model(HttpContext context) => (string)context.Request.RouteValues["model"]!;

    private static string? Version(HttpContext context) => (string?)context.Request.RouteValues["version"];
}
