using System.Net.Http.Headers;
using System.Text.Json;
using Slipway.Client.Http;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;

namespace Slipway.Client;

public sealed class PredictionClient
{
    private readonly Transport transport;

    internal PredictionClient(Transport transport) => this.transport = transport;

    /// <summary>Asks a model by the Open Inference Protocol v2, with tensors as JSON.</summary>
    /// <param name="model">The name of an endpoint.</param>
    /// <param name="version">One of the endpoint's versions; the traffic split decides when absent.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the input that is wrong.</exception>
    public async Task<InferAnswer> InferAsync(
        string model, IReadOnlyDictionary<string, Tensor> inputs, string? version = null, CancellationToken cancel = default)
    {
        var path = $"v2/models/{Paging.Segment(model)}" + (version is null ? "" : $"/versions/{Paging.Segment(version)}") + "/infer";
        var call = Body(path, json => InferJson.Write(json, inputs));
        using var response = await transport.SendAsync(call, cancel);
        await using var body = await response.Content.ReadAsStreamAsync(cancel);
        using var document = await JsonDocument.ParseAsync(body, cancellationToken: cancel);
        return InferJson.Read(document.RootElement);
    }

    /// <summary>Asks an endpoint for rows of join keys and request data, or of the features themselves.</summary>
    /// <param name="ids">One per row, by which its outcome is reported later; made here when absent, so that a repeated call is logged once.</param>
    public Task<PredictAnswer> PredictAsync(
        string endpoint, Table rows, IReadOnlyList<string>? ids = null, CancellationToken cancel = default)
    {
        var named = ids ?? [.. Enumerable.Range(0, rows.Rows).Select(_ => Guid.CreateVersion7().ToString("N"))];
        return transport.CallAsync(
            Body($"api/v1/endpoints/{Paging.Segment(endpoint)}/predict", json => TableJson.Write(json, rows, named)),
            ClientJson.Default.PredictAnswer, cancel);
    }

    private static Call Body(string path, Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            write(json);
        }

        var bytes = buffer.ToArray();
        return new Call(HttpMethod.Post, path)
        {
            MayRepeat = true,
            Content = () => new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
        };
    }
}
