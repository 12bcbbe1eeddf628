using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using Slipway.Configuration;
using Slipway.Platform.Access;
using Slipway.Protocols.OpenInference.Wire;
using Slipway.Tests.Hosting.Security;
using Slipway.Tests.Serving;

namespace Slipway.Tests.OpenInference;

/// <summary>Who may call what, by keys over REST and as metadata over gRPC.</summary>
public sealed class RightsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_predicts_where_it_may_and_only_a_contributor_loads()
    {
        using var folder = new TempFolder();
        await File.WriteAllBytesAsync(folder.Combine("fraud.onnx"), TestModels.Echo, Cancel);
        await using var server = await ClosedHost.StartAsync(
            options => options with { Models = [new ModelFile("fraud", folder.Combine("fraud.onnx"))] });
        var app = await server.KeyAsync("app", Role.None, [KeyScope.Predict], ("model/fraud", Role.Viewer));
        var other = await server.KeyAsync("other", Role.None, [KeyScope.Predict], ("model/delay", Role.Viewer));
        var writer = await server.KeyAsync("carl", Role.Contributor, [KeyScope.Read, KeyScope.Write]);
        using var channel = GrpcChannel.ForAddress(server.Running.Host.GrpcAddress.ToString());
        var client = new GRPCInferenceService.GRPCInferenceServiceClient(channel);

        async Task<StatusCode> CodeAsync(string? key, Func<Metadata, Task> call)
        {
            var metadata = new Metadata();
            if (key is not null)
            {
                metadata.Add("authorization", $"Bearer {key}");
            }

            try
            {
                await call(metadata);
                return StatusCode.OK;
            }
            catch (RpcException failure)
            {
                return failure.StatusCode;
            }
        }

        Task Infer(Metadata metadata) => client.ModelInferAsync(
            new ModelInferRequest
            {
                ModelName = "fraud",
                Inputs =
                {
                    new ModelInferRequest.Types.InferInputTensor
                    {
                        Name = "features", Datatype = "FP32", Shape = { 1, 1 }, Contents = new InferTensorContents { Fp32Contents = { 0.5f } },
                    },
                },
            },
            metadata, cancellationToken: Cancel).ResponseAsync;
        Task Unload(Metadata metadata) => client.RepositoryModelUnloadAsync(new() { ModelName = "fraud" }, metadata, cancellationToken: Cancel).ResponseAsync;
        Task Load(Metadata metadata) => client.RepositoryModelLoadAsync(new() { ModelName = "fraud" }, metadata, cancellationToken: Cancel).ResponseAsync;

        Assert.Equal(StatusCode.Unauthenticated, await CodeAsync(null, Infer));
        Assert.Equal(StatusCode.PermissionDenied, await CodeAsync(other, Infer));
        Assert.Equal(StatusCode.PermissionDenied, await CodeAsync(writer, Infer));
        Assert.Equal(StatusCode.OK, await CodeAsync(app, Infer));
        Assert.Equal(StatusCode.PermissionDenied, await CodeAsync(app, Unload));
        Assert.Equal(StatusCode.OK, await CodeAsync(writer, Unload));
        Assert.Equal(StatusCode.OK, await CodeAsync(writer, Load));

        Assert.Equal(HttpStatusCode.Forbidden, (await server.SendAsync("POST", "/v2/repository/models/fraud/unload", app)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync("POST", "/v2/repository/models/fraud/load", writer)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await server.SendAsync("GET", "/v1/models/fraud", other)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync("GET", "/v1/models/fraud", app)).StatusCode);
        using var listed = await server.SendAsync("GET", "/v1/models", other);
        Assert.DoesNotContain("fraud", await listed.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }
}
