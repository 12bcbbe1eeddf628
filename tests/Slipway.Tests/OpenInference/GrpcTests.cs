using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Slipway.Core.Tensors;
using Slipway.Protocols.OpenInference.Wire;

namespace Slipway.Tests.OpenInference;

/// <summary><c>inference.GRPCInferenceService</c> over HTTP/2.</summary>
public sealed class GrpcTests(InferenceHost host) : IClassFixture<InferenceHost>, IDisposable
{
    private readonly GrpcChannel channel = GrpcChannel.ForAddress(host.GrpcAddress);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private GRPCInferenceService.GRPCInferenceServiceClient Client => new(channel);

    public void Dispose() => channel.Dispose();

    private static ModelInferRequest Ask(string model, string type = "FP32", InferTensorContents? contents = null, params byte[][] raw)
    {
        var input = new ModelInferRequest.Types.InferInputTensor { Name = "x", Datatype = type, Shape = { 1, 2 }, Contents = contents };
        return new ModelInferRequest { ModelName = model, Inputs = { input }, RawInputContents = { raw.Select(ByteString.CopyFrom) } };
    }

    private async Task FailsAsync(StatusCode code, string detail, ModelInferRequest request)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await Client.ModelInferAsync(request, cancellationToken: Cancel));
        Assert.Equal((code, detail), (failure.StatusCode, failure.Status.Detail));
    }

    [Fact]
    public async Task The_server_and_its_models_are_described()
    {
        Assert.True((await Client.ServerLiveAsync(new(), cancellationToken: Cancel)).Live);
        Assert.True((await Client.ServerReadyAsync(new(), cancellationToken: Cancel)).Ready);
        Assert.Equal("slipway", (await Client.ServerMetadataAsync(new(), cancellationToken: Cancel)).Name);
        Assert.True((await Client.ModelReadyAsync(new() { Name = "flights", Version = "1.0.0" }, cancellationToken: Cancel)).Ready);
        Assert.False((await Client.ModelReadyAsync(new() { Name = "flights", Version = "9" }, cancellationToken: Cancel)).Ready);
        Assert.False((await Client.ModelReadyAsync(new() { Name = "none" }, cancellationToken: Cancel)).Ready);

        var metadata = await Client.ModelMetadataAsync(new() { Name = "flights" }, cancellationToken: Cancel);
        Assert.Equal(["1.0.0"], metadata.Versions);
        Assert.Equal(("features", "FP32", "-1,2"), (metadata.Inputs[0].Name, metadata.Inputs[0].Datatype, string.Join(',', metadata.Inputs[0].Shape)));

        var config = (await Client.ModelConfigAsync(new() { Name = "flights" }, cancellationToken: Cancel)).Config;
        Assert.Equal((10000, DataType.TypeFp32, DataType.TypeInt64), (config.MaxBatchSize, config.Input[0].DataType, config.Output[0].DataType));
        Assert.Equal([2], config.Input[0].Dims);
        Assert.Empty(config.Output[0].Reshape.Shape);
    }

    public static TheoryData<TensorType> Types => [.. Enum.GetValues<TensorType>()];

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Every_type_comes_back_as_the_bytes_that_were_sent(TensorType type)
    {
        byte[] bytes = type switch
        {
            TensorType.Bool => [1, 0],
            TensorType.Bytes => [1, 0, 0, 0, 0x61, 0, 0, 0, 0],
            _ => [.. Enumerable.Range(1, 2 * type.ElementBytes()).Select(i => (byte)i)],
        };

        var answer = await Client.ModelInferAsync(Ask($"same_{type.Wire()}", type.Wire(), raw: bytes), cancellationToken: Cancel);

        Assert.Equal((type.Wire(), "1,2"), (answer.Outputs[0].Datatype, string.Join(',', answer.Outputs[0].Shape)));
        Assert.Equal(bytes, answer.RawOutputContents.Single().ToByteArray());
    }

    [Fact]
    public async Task Typed_contents_are_answered_as_bytes_and_small_integers_keep_their_low_bytes()
    {
        async Task SameAsync(string type, InferTensorContents contents, params byte[] expected) => Assert.Equal(
            expected, (await Client.ModelInferAsync(Ask($"same_{type}", type, contents), cancellationToken: Cancel)).RawOutputContents.Single().ToByteArray());

        await SameAsync("BOOL", new() { BoolContents = { true, false } }, 1, 0);
        await SameAsync("INT8", new() { IntContents = { -1, 258 } }, 255, 2);
        await SameAsync("UINT16", new() { UintContents = { 1, 65537 } }, 1, 0, 1, 0);
        await SameAsync("INT64", new() { Int64Contents = { 1, -1 } }, 1, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255);
        await SameAsync("FP32", new() { Fp32Contents = { 1, -2 } }, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0);
        await SameAsync("BYTES", new() { BytesContents = { ByteString.CopyFromUtf8("a"), ByteString.Empty } }, 1, 0, 0, 0, 0x61, 0, 0, 0, 0);
    }

    [Fact]
    public async Task Mistakes_have_their_codes_and_texts()
    {
        var floats = new InferTensorContents { Fp32Contents = { 1, 2 } };
        await FailsAsync(StatusCode.NotFound, "Request for unknown model: 'none' is not found.", Ask("none", contents: floats));
        await FailsAsync(
            StatusCode.InvalidArgument, "contents field must not be specified when using raw_input_contents for 'x' for model 'same_FP32'",
            Ask("same_FP32", contents: floats, raw: new byte[8]));
        await FailsAsync(
            StatusCode.InvalidArgument, "unexpected explicit tensor data for input tensor 'x' for model 'same_FP64' of type 'FP64'",
            Ask("same_FP64", "FP64", floats));
        await FailsAsync(
            StatusCode.InvalidArgument, "unable to find data for input tensor 'x' for model 'same_FP32' in request.", Ask("same_FP32"));
        await FailsAsync(
            StatusCode.InvalidArgument, "input byte size mismatch for input 'x' for model 'same_FP32'. Expected 8, got 7", Ask("same_FP32", raw: new byte[7]));
        await FailsAsync(
            StatusCode.InvalidArgument, "unexpected additional input data for model 'same_FP32'", Ask("same_FP32", raw: [new byte[8], new byte[8]]));
        await FailsAsync(
            StatusCode.InvalidArgument, "inference input 'x' data-type is 'FP32', but model 'same_FP64' expects 'FP64'", Ask("same_FP64", raw: new byte[8]));
        var shared = Ask("same_FP32");
        shared.Inputs[0].Parameters["shared_memory_region"] = new InferParameter { StringParam = "r" };
        await FailsAsync(StatusCode.Unimplemented, "shared memory is not supported; send the data with the request", shared);
    }

    [Fact]
    public async Task A_stream_answers_in_order_and_outlives_what_is_wrong()
    {
        using var stream = Client.ModelStreamInfer(cancellationToken: Cancel);
        for (var i = 0; i < 3; i++)
        {
            var request = Ask("same_FP32", raw: new byte[i == 1 ? 7 : 8]);
            request.Id = $"r{i}";
            request.Parameters["triton_enable_empty_final_response"] = new InferParameter { BoolParam = i == 2 };
            await stream.RequestStream.WriteAsync(request, Cancel);
        }

        await stream.RequestStream.CompleteAsync();
        var answers = await stream.ResponseStream.ReadAllAsync(Cancel).ToListAsync(Cancel);

        Assert.Equal(["r0", "r1", "r2"], answers.Select(answer => answer.InferResponse.Id));
        Assert.Equal(["", "input byte size mismatch for input 'x' for model 'same_FP32'. Expected 8, got 7", ""], answers.Select(answer => answer.ErrorMessage));
        Assert.Equal([false, false, true], answers.Select(answer => answer.InferResponse.Parameters.ContainsKey("triton_final_response")));
    }

    [Fact]
    public async Task A_message_beyond_the_default_of_gRPC_is_taken()
    {
        var request = Ask("same_FP32", raw: new byte[6 << 20]);
        request.Inputs[0].Shape[0] = (6 << 20) / 8;
        using var wide = GrpcChannel.ForAddress(host.GrpcAddress, new GrpcChannelOptions { MaxReceiveMessageSize = null });
        var answer = await new GRPCInferenceService.GRPCInferenceServiceClient(wide).ModelInferAsync(request, cancellationToken: Cancel);
        Assert.Equal(6 << 20, answer.RawOutputContents[0].Length);
    }

    [Fact]
    public async Task The_repository_is_listed_and_changed()
    {
        await Client.RepositoryModelUnloadAsync(new() { ModelName = "rest" }, cancellationToken: Cancel);
        var index = await Client.RepositoryIndexAsync(new(), cancellationToken: Cancel);
        Assert.Equal(("UNAVAILABLE", "unloaded"), index.Models.Where(model => model.Name == "rest").Select(model => (model.State, model.Reason)).Single());
        await FailsAsync(StatusCode.NotFound, "Request for unknown model: 'rest' has no available versions", Ask("rest", raw: new byte[8]));
        await Client.RepositoryModelLoadAsync(new() { ModelName = "rest" }, cancellationToken: Cancel);
        Assert.Equal(8, (await Client.ModelInferAsync(Ask("rest", raw: new byte[8]), cancellationToken: Cancel)).RawOutputContents[0].Length);
    }

    [Fact]
    public async Task Statistics_count_rows_and_calls()
    {
        var request = Ask("wide", raw: new byte[24]);
        request.Inputs[0].Shape[0] = 3;
        await Client.ModelInferAsync(request, cancellationToken: Cancel);

        var grpc = (await Client.ModelStatisticsAsync(new() { Name = "wide" }, cancellationToken: Cancel)).ModelStats.Single();
        var rest = await host.TextAsync("GET", "/v2/models/wide/stats");

        Assert.Equal(("wide", "1", 3UL, 1UL), (grpc.Name, grpc.Version, grpc.InferenceCount, grpc.ExecutionCount));
        Assert.Equal((1UL, 0UL), (grpc.InferenceStats.Success.Count, grpc.InferenceStats.Fail.Count));
        Assert.True(grpc.LastInference > 0);
        Assert.Contains($"\"inference_count\":{grpc.InferenceCount},\"execution_count\":{grpc.ExecutionCount}", rest, StringComparison.Ordinal);
        Assert.Contains("\"name\":\"wide\"", await host.TextAsync("GET", "/v2/models/stats"), StringComparison.Ordinal);
    }
}
