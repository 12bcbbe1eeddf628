using System.Buffers;
using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Slipway.Platform.Serving;

/// <summary>A prediction over HTTP: the body as it came from the socket, the answer straight into the response's buffer.</summary>
internal static class PredictBody
{
    private static readonly JsonWriterOptions Options = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonEncodedText EndpointName = JsonEncodedText.Encode("endpoint");
    private static readonly JsonEncodedText Model = JsonEncodedText.Encode("model");
    private static readonly JsonEncodedText Predictions = JsonEncodedText.Encode("predictions");
    private static readonly JsonEncodedText Id = JsonEncodedText.Encode("id");
    private static readonly JsonEncodedText Version = JsonEncodedText.Encode("version");
    private static readonly JsonEncodedText Label = JsonEncodedText.Encode("label");
    private static readonly JsonEncodedText Probability = JsonEncodedText.Encode("probability");

    /// <summary>Waits for the whole body and reads it where it lies.</summary>
    public static async Task<PredictRequest> ReadAsync(PipeReader body, CancellationToken cancel)
    {
        while (true)
        {
            var result = await body.ReadAsync(cancel);
            if (result.IsCompleted)
            {
                try
                {
                    return PredictJson.Read(result.Buffer);
                }
                finally
                {
                    body.AdvanceTo(result.Buffer.End);
                }
            }

            body.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    public static void Write(IBufferWriter<byte> output, PredictResponse answer)
    {
        using var json = new Utf8JsonWriter(output, Options);
        json.WriteStartObject();
        json.WriteString(EndpointName, answer.Endpoint);
        json.WriteString(Model, answer.Model);
        json.WriteStartArray(Predictions);
        foreach (var prediction in answer.Predictions)
        {
            json.WriteStartObject();
            json.WriteString(Id, prediction.Id);
            json.WriteString(Version, prediction.Version);
            json.WriteBoolean(Label, prediction.Label);
            json.WriteNumber(Probability, prediction.Probability);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
