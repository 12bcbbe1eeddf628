using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Grpc.Net.Client;
using Slipway.Protocols.OpenInference.Wire;

namespace Slipway.Tests.OpenInference;

/// <summary>One row through every door.</summary>
public sealed class OneRowTests(InferenceHost host) : IClassFixture<InferenceHost>
{
    private static readonly float[] Row = [0.1f, -1.7000001f];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_same_row_has_the_same_32_bits_through_every_protocol()
    {
        const string json = "[[0.1,-1.7000001]]";
        var bytes = MemoryMarshal.AsBytes<float>(Row).ToArray();
        var bits = new Dictionary<string, uint>
        {
            ["native REST"] = Bits(await PostAsync(
                "/api/v1/endpoints/flights/predict", """{"instances":[{"a":0.1,"b":-1.7000001}]}""",
                answer => answer["predictions"]![0]!["probability"]!)),
            ["REST, JSON"] = Bits(await PostAsync(
                "/v2/models/flights/infer", $$$"""{"inputs":[{"name":"features","shape":[1,2],"datatype":"FP32","data":{{{json}}}}]}""",
                answer => answer["outputs"]![1]!["data"]![0]!)),
            ["TensorFlow Serving, rows"] = Bits(await PostAsync(
                "/v1/models/flights:predict", $$$"""{"instances":{{{json}}}}""", answer => answer["predictions"]![0]!["probability"]!)),
            ["TensorFlow Serving, columns"] = Bits(await PostAsync(
                "/v1/models/flights:predict", $$$"""{"inputs":{"features":{{{json}}}}}""", answer => answer["outputs"]!["probability"]![0]!)),
            ["TensorFlow Serving, regress"] = Bits(await PostAsync(
                "/v1/models/flights:regress", """{"examples":[{"a":0.1,"b":[-1.7000001]}]}""",
                answer => answer["results"]![0]!)),
            ["REST, binary"] = BitConverter.ToUInt32((await host.InferAsync(
                "flights",
                """{"inputs":[{"name":"features","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}}],"outputs":[{"name":"probability","parameters":{"binary_data":true}}]}""",
                bytes)).Binary),
            ["gRPC, raw"] = await GrpcAsync(request => request.RawInputContents.Add(ByteString.CopyFrom(bytes))),
            ["gRPC, typed"] = await GrpcAsync(request => request.Inputs[0].Contents = new InferTensorContents { Fp32Contents = { Row } }),
        };

        // σ(a − b) = 1 / (1 + exp(−1.8)).
        Assert.Equal(0.8581489, BitConverter.UInt32BitsToSingle(bits["REST, binary"]), 1e-6);
        Assert.All(bits, door => Assert.True(door.Value == bits["REST, binary"], $"{door.Key}: {door.Value:x8}, not {bits["REST, binary"]:x8}"));
    }

    private async Task<JsonNode> PostAsync(string path, string body, Func<JsonNode, JsonNode> pick)
    {
        var text = await host.TextAsync("POST", path, body, ("Content-Type", "application/json"));
        Assert.StartsWith("200 ", text, StringComparison.Ordinal);
        return pick(JsonNode.Parse(text[4..])!);
    }

    private static uint Bits(JsonNode number) => BitConverter.SingleToUInt32Bits(float.Parse(number.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture));

    private async Task<uint> GrpcAsync(Action<ModelInferRequest> fill)
    {
        using var channel = GrpcChannel.ForAddress(host.GrpcAddress);
        var request = new ModelInferRequest
        {
            ModelName = "flights",
            Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "features", Datatype = "FP32", Shape = { 1, 2 } } },
            Outputs = { new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "probability" } },
        };
        fill(request);
        var answer = await new GRPCInferenceService.GRPCInferenceServiceClient(channel).ModelInferAsync(request, cancellationToken: Cancel);
        return BitConverter.ToUInt32(answer.RawOutputContents[0].Span);
    }
}
