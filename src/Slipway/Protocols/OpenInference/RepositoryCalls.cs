using System.Text.Json;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Serving;

namespace Slipway.Protocols.OpenInference;

/// <summary>The extension <c>model_repository</c>: what this process has loaded, to list and to change.</summary>
internal static class RepositoryCalls
{
    // A configuration would be read in vain, and is not large when it is one.
    private const int MaxBody = 1 << 20;

    public static async Task IndexAsync(HttpContext context)
    {
        using var body = await BodyAsync(context);
        var onlyReady = body?.RootElement.TryGetProperty("ready", out var ready) == true && IsReadyWanted(ready);
        var entries = Repository(context).List(Actors.Of(context)).Where(entry => entry.IsReady || !onlyReady);
        context.Response.ContentType = "application/json";
        await using (var json = new Utf8JsonWriter(context.Response.BodyWriter, InferWriter.Options))
        {
            json.WriteStartArray();
            foreach (var entry in entries)
            {
                Write(json, entry);
            }

            json.WriteEndArray();
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    /// <summary>As KServe answers; Triton's clients look at the status only.</summary>
    public static async Task LoadAsync(HttpContext context, string model)
    {
        using var body = await BodyAsync(context);
        if (body?.RootElement.TryGetProperty("parameters", out var parameters) == true
            && parameters.ValueKind == JsonValueKind.Object && parameters.EnumerateObject().Select(member => member.Name).FirstOrDefault() is { } name)
        {
            throw RefusedOverride(name);
        }

        await Repository(context).LoadAsync(model, Actors.Of(context), context.RequestAborted);
    }

    public static async Task UnloadAsync(HttpContext context, string model)
    {
        using var _ = await BodyAsync(context);
        await Repository(context).UnloadAsync(model, Actors.Of(context), context.RequestAborted);
    }

    /// <summary>What a model is stands in the registry, with its signature and who approved it.</summary>
    public static SlipwayException RefusedOverride(string parameter) => new(
        ErrorKind.Unsupported, $"load takes no '{parameter}': a model and its configuration come from the registry; deploy another version");

    private static bool IsReadyWanted(JsonElement ready) => ready.ValueKind is JsonValueKind.True or JsonValueKind.False
        ? ready.GetBoolean()
        : throw SlipwayException.Invalid("Invalid value for 'ready': expected a boolean");

    private static void Write(Utf8JsonWriter json, ServedVersion entry)
    {
        json.WriteStartObject();
        json.WriteString("name", entry.Endpoint);
        if (entry.Version is not null)
        {
            json.WriteString("version", entry.Version);
        }

        json.WriteString("state", entry.IsReady ? "READY" : "UNAVAILABLE");
        json.WriteString("reason", entry.Reason);
        json.WriteEndObject();
    }

    /// <returns>Null for an empty body, which is how the clients ask for everything.</returns>
    private static async Task<JsonDocument?> BodyAsync(HttpContext context)
    {
        using var buffer = new MemoryStream();
        var chunk = new byte[4096];
        int read;
        while ((read = await context.Request.Body.ReadAsync(chunk, context.RequestAborted)) > 0)
        {
            if (buffer.Length + read > MaxBody)
            {
                throw SlipwayException.Invalid($"a request to the model repository has at most {MaxBody} bytes");
            }

            buffer.Write(chunk, 0, read);
        }

        if (buffer.Length == 0)
        {
            return null;
        }

        try
        {
            var json = JsonDocument.Parse(buffer.ToArray());
            return json.RootElement.ValueKind == JsonValueKind.Object
                ? json
                : throw SlipwayException.Invalid("the request is a JSON object");
        }
        catch (JsonException failure)
        {
            throw SlipwayException.Invalid(
                $"failed to parse the request JSON buffer: line {failure.LineNumber + 1}, position {failure.BytePositionInLine + 1}");
        }
    }

    private static ModelRepository Repository(HttpContext context) => context.RequestServices.GetRequiredService<ModelRepository>();
}
