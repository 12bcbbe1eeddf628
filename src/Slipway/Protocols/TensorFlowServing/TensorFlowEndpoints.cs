using System.Buffers;
using System.Text.Json;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;
using Slipway.Platform.Access;
using Slipway.Platform.Serving;

namespace Slipway.Protocols.TensorFlowServing;

/// <summary>
/// The REST interface of TensorFlow Serving, and KServe's first protocol, which shares its paths. A servable is an endpoint or a local
/// model, its versions are the endpoint's; a label is the role of a version.
/// </summary>
internal static partial class TensorFlowEndpoints
{
    private const string DefaultSignature = "serving_default";

    public static IEndpointRouteBuilder MapTensorFlowServing(this IEndpointRouteBuilder routes)
    {
        var v1 = routes.MapGroup("/v1").WithTags("TensorFlow Serving").Predicts();
        v1.Map("{**path}", context => AnswerAsync(context, HandleAsync)).ExcludeFromDescription();
        return routes;
    }

    private static Task HandleAsync(HttpContext context)
    {
        var path = TensorFlowPath.Parse(context.Request.Method, context.Request.Path.Value!) ?? throw SlipwayException.Invalid(
            $"Malformed request: {context.Request.Method} {context.Request.Path.Value}");
        if (path.Model is null)
        {
            return path is { Version: null, Label: null, Verb: null }
                ? ListAsync(context)
                : throw SlipwayException.Invalid("Missing model name in request.");
        }

        Serving(context).RequirePredict(path.Model, Actors.Of(context));
        var served = Repository(context).VersionsOf(path.Model);
        var version = path.Resolve(served);
        return path.Verb switch
        {
            null => StatusAsync(context, path.Model, served.Where(one => version is null || one.Version == version)),
            "metadata" => MetadataAsync(context, version, path.Model),
            _ => CallAsync(context, path.Model, version, path.Verb),
        };
    }

    /// <summary>KServe's list; TensorFlow Serving has none.</summary>
    private static Task ListAsync(HttpContext context) => WriteAsync(context, json =>
    {
        json.WriteStartArray("models");
        foreach (var name in Repository(context).List(Actors.Of(context)).Where(entry => entry.IsReady).Select(entry => entry.Endpoint).Distinct())
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
    });

    /// <summary>The members of both protocols in one object.</summary>
    private static Task StatusAsync(HttpContext context, string model, IEnumerable<ServedVersion> versions) => WriteAsync(context, json =>
    {
        json.WriteString("name", model);
        json.WriteBoolean("ready", true);
        json.WriteStartArray("model_version_status");
        foreach (var version in versions)
        {
            json.WriteStartObject();
            json.WriteString("version", version.Version);
            json.WriteString("state", "AVAILABLE");
            json.WriteStartObject("status");
            json.WriteString("error_code", "OK");
            json.WriteString("error_message", "");
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    private static Task MetadataAsync(HttpContext context, string? version, string model)
    {
        var described = Serving(context).Describe(model, version);
        return WriteAsync(context, json => TensorFlowMetadata.Write(json, described, DefaultSignature));
    }

    private static async Task CallAsync(HttpContext context, string model, string? version, string verb)
    {
        var described = Serving(context).Describe(model, version);
        var predict = default(PredictCall);
        var inputs = await ReadAsync(context, body =>
        {
            CheckSignature(body);
            predict = verb == "predict" ? PredictCall.Read(body, described) : null;
            return predict?.Inputs ?? ExampleCall.Read(body, described, verb);
        });
        var output = predict is null ? ExampleCall.OutputOf(described, verb).Name : null;
        var options = InferOptions.Default with { Caller = Actors.Of(context).Name };
        var answer = await Serving(context).InferAsync(
            model, version, inputs, output is null ? [] : [output], id: null, options, context.RequestAborted);
        var text = new ArrayBufferWriter<byte>();
        if (predict is not null)
        {
            predict.Write(text, answer.Outputs);
        }
        else
        {
            ExampleCall.Write(text, answer.Outputs[output!], verb);
        }

        await WriteAsync(context, json =>
        {
            json.WritePropertyName(predict is null ? "results" : predict.Rows is null ? "outputs" : "predictions");

            // It may hold NaN, which is no JSON to whoever checks it.
            json.WriteRawValue(text.WrittenSpan, skipInputValidation: true);
        });
    }

    private static void CheckSignature(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            throw SlipwayException.Invalid($"JSON Value: {JsonTensor.Text(body)} is not an object");
        }

        if (!body.TryGetProperty("signature_name", out var signature))
        {
            return;
        }

        if (signature.ValueKind != JsonValueKind.String)
        {
            throw SlipwayException.Invalid($"JSON Value: {JsonTensor.Text(body)} 'signature_name' key must be a string value.");
        }

        if (signature.GetString() is not ("" or DefaultSignature) and var name)
        {
            throw SlipwayException.Invalid($"Serving signature name: \"{name}\" not found in signature def");
        }
    }

    private static async Task<OrderedDictionary<string, Tensor>> ReadAsync(
        HttpContext context, Func<JsonElement, OrderedDictionary<string, Tensor>> read)
    {
        var reader = context.Request.BodyReader;
        while (true)
        {
            var result = await reader.ReadAsync(context.RequestAborted);
            if (!result.IsCompleted)
            {
                reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                continue;
            }

            try
            {
                using var json = LooseJson.Parse(result.Buffer);
                return read(json.RootElement);
            }
            finally
            {
                reader.AdvanceTo(result.Buffer.End);
            }
        }
    }

    private static ServingService Serving(HttpContext context) => context.RequestServices.GetRequiredService<ServingService>();

    private static ModelRepository Repository(HttpContext context) => context.RequestServices.GetRequiredService<ModelRepository>();
}
