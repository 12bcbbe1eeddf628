using System.Buffers;
using System.Globalization;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Serving;

namespace Slipway.Protocols.OpenInference;

/// <summary>Request and answer of <c>infer</c> over HTTP: JSON, JSON with tensors as bytes behind it, or bytes alone.</summary>
internal static class InferExchange
{
    /// <summary>How many bytes of the body are JSON, where others follow; of the body as it is once unpacked.</summary>
    public const string JsonLengthHeader = "Inference-Header-Content-Length";

    public static async Task RunAsync(HttpContext context, ServingService serving, string model, string? version)
    {
        var headers = context.Request.Headers;
        if (headers.ContentEncoding.ToString() is not ("" or "identity") and var encoding)
        {
            context.Response.Headers.AcceptEncoding = "gzip, deflate";
            throw new SlipwayException(ErrorKind.Unsupported, $"Unsupported compression type '{encoding}'");
        }

        // By hand and whatever the content type says: some clients send none.
        var request = await ReadAsync(context, serving, model, version);
        var answer = await InferCall.RunAsync(serving, model, version, request, context.RequestAborted);
        await WriteAsync(context.Response, request, answer, context.RequestAborted);
    }

    private static async Task<InferRequest> ReadAsync(HttpContext context, ServingService serving, string model, string? version)
    {
        var body = context.Request.BodyReader;
        while (true)
        {
            var result = await body.ReadAsync(context.RequestAborted);
            if (result.IsCompleted)
            {
                try
                {
                    return Read(context, result.Buffer, serving, model, version);
                }
                finally
                {
                    body.AdvanceTo(result.Buffer.End);
                }
            }

            body.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    private static InferRequest Read(HttpContext context, in ReadOnlySequence<byte> body, ServingService serving, string model, string? version)
    {
        var caller = Actors.Of(context).Name;
        if (!context.Request.Headers.TryGetValue(JsonLengthHeader, out var header))
        {
            return InferReader.Read(body, new BinaryInputs(model, null), caller);
        }

        if (!long.TryParse(header.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var json) || json > body.Length)
        {
            throw SlipwayException.Invalid($"inference header size should be in range (0, {body.Length}), got: {header}");
        }

        return json == 0
            ? RawRequest.Read(body, serving.Describe(model, version), caller)
            : InferReader.Read(body.Slice(0, json), new BinaryInputs(model, body.Slice(json)), caller);
    }

    private static async Task WriteAsync(HttpResponse response, InferRequest request, TensorAnswer answer, CancellationToken cancel)
    {
        // Its length goes ahead of it, so the JSON is written aside; the tensors go out from where the model left them.
        var json = new ArrayBufferWriter<byte>(1024);
        var binary = InferWriter.WriteAnswer(json, request, answer);
        response.ContentType = binary is null ? "application/json" : "application/octet-stream";
        response.ContentLength = json.WrittenCount + (binary ?? 0);
        if (binary is not null)
        {
            response.Headers[JsonLengthHeader] = json.WrittenCount.ToString(CultureInfo.InvariantCulture);
        }

        var body = response.BodyWriter;
        body.Write(json.WrittenSpan);
        if (binary is not null)
        {
            foreach (var (name, tensor) in answer.Outputs)
            {
                if (request.IsBinary(name))
                {
                    TensorBytes.Write(tensor, body);
                }
            }
        }

        await body.FlushAsync(cancel);
    }
}
