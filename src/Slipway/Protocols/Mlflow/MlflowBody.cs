using System.Buffers;
using System.Text.Json;
using Slipway.Core.Errors;

namespace Slipway.Protocols.Mlflow;

/// <summary>The JSON body of a call.</summary>
internal static class MlflowBody
{
    /// <returns>An object; an empty body is an empty one.</returns>
    /// <exception cref="MlflowException">The body is not JSON, not an object, or of another content type.</exception>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.TooLarge"/>, from the server's own limit.</exception>
    public static async Task<JsonElement> ReadAsync(HttpRequest request, CancellationToken cancel)
    {
        var reader = request.BodyReader;
        while (true)
        {
            var result = await reader.ReadAsync(cancel);
            if (!result.IsCompleted)
            {
                reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                continue;
            }

            try
            {
                return Parse(request, result.Buffer);
            }
            finally
            {
                reader.AdvanceTo(result.Buffer.End);
            }
        }
    }

    private static JsonElement Parse(HttpRequest request, ReadOnlySequence<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return JsonElement.Parse("{}");
        }

        if (request.ContentType?.Split(';')[0].Trim() is not "application/json")
        {
            throw MlflowException.Invalid("Bad Request. Content-Type must be one of ['application/json'].");
        }

        try
        {
            var element = Parse(NonFinite.Quote(bytes));

            // Old clients encode the message twice.
            if (element.ValueKind == JsonValueKind.String)
            {
                element = JsonElement.Parse(element.GetString()!);
            }

            return element.ValueKind == JsonValueKind.Object
                ? element
                : throw MlflowException.Invalid($"The body must be a JSON object; got {element.ValueKind.ToString().ToLowerInvariant()}.");
        }
        catch (JsonException wrong)
        {
            throw MlflowException.Invalid(
                $"The body is not JSON: line {wrong.LineNumber + 1}, byte {wrong.BytePositionInLine + 1} of the request.");
        }
    }

    private static JsonElement Parse(ReadOnlySequence<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes);
        var element = JsonElement.ParseValue(ref reader);
        while (reader.Read())
        {
        }

        return element;
    }
}
