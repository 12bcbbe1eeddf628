using Grpc.Core;
using Slipway.Core.Errors;
using Slipway.Hosting;
using Slipway.Platform.Access;
using Slipway.Platform.Serving;
using Slipway.Protocols.OpenInference.Wire;

namespace Slipway.Protocols.OpenInference.Grpc;

/// <summary>The protocol's gRPC form: the same calls on the same services as over REST.</summary>
internal sealed class InferenceGrpc(ServingService serving, ModelRepository repository) : GRPCInferenceService.GRPCInferenceServiceBase
{
    public override Task<ServerLiveResponse> ServerLive(ServerLiveRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerLiveResponse { Live = true });

    public override Task<ServerReadyResponse> ServerReady(ServerReadyRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerReadyResponse { Ready = serving.NotReady().Count == 0 });

    public override Task<ServerMetadataResponse> ServerMetadata(ServerMetadataRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerMetadataResponse
        {
            Name = "slipway",
            Version = ProductVersion.Current.Version,
            Extensions = { OpenInferenceEndpoints.Extensions },
        });

    /// <summary>A model that is not there, or not loaded, is not ready; that is no error.</summary>
    public override Task<ModelReadyResponse> ModelReady(ModelReadyRequest request, ServerCallContext context)
    {
        try
        {
            Describe(request.Name, request.Version, context);
            return Task.FromResult(new ModelReadyResponse { Ready = true });
        }
        catch (SlipwayException failure) when (failure.Kind is ErrorKind.NotFound or ErrorKind.Unavailable)
        {
            return Task.FromResult(new ModelReadyResponse());
        }
    }

    public override Task<ModelMetadataResponse> ModelMetadata(ModelMetadataRequest request, ServerCallContext context) =>
        Task.FromResult(GrpcModels.Metadata(Describe(request.Name, request.Version, context)));

    public override Task<ModelConfigResponse> ModelConfig(ModelConfigRequest request, ServerCallContext context) =>
        Task.FromResult(new ModelConfigResponse { Config = GrpcModels.Config(Describe(request.Name, request.Version, context)) });

    public override Task<ModelStatisticsResponse> ModelStatistics(ModelStatisticsRequest request, ServerCallContext context)
    {
        var versions = StatisticsWriter.Of(
            serving, repository, Actor(context), request.Name.Length == 0 ? null : request.Name, VersionOf(request.Version));
        return Task.FromResult(new ModelStatisticsResponse { ModelStats = { versions.Select(GrpcStatistics.Write) } });
    }

    public override async Task<ModelInferResponse> ModelInfer(ModelInferRequest request, ServerCallContext context) =>
        await InferAsync(request, context);

    /// <summary>One answer for each request, in their order; what is wrong with one ends neither the others nor the stream.</summary>
    public override async Task ModelStreamInfer(
        IAsyncStreamReader<ModelInferRequest> requestStream, IServerStreamWriter<ModelStreamInferResponse> responseStream, ServerCallContext context)
    {
        await foreach (var request in requestStream.ReadAllAsync(context.CancellationToken))
        {
            ModelStreamInferResponse answer;
            try
            {
                answer = new ModelStreamInferResponse { InferResponse = await InferAsync(request, context) };
            }
            catch (SlipwayException failure)
            {
                answer = new ModelStreamInferResponse
                {
                    ErrorMessage = failure.Message,
                    InferResponse = new ModelInferResponse { Id = request.Id, ModelName = request.ModelName },
                };
            }

            await responseStream.WriteAsync(answer, context.CancellationToken);
        }
    }

    public override Task<RepositoryIndexResponse> RepositoryIndex(RepositoryIndexRequest request, ServerCallContext context)
    {
        RequireNoRepository(request.RepositoryName);
        var answer = new RepositoryIndexResponse();
        answer.Models.AddRange(repository.List(Actor(context)).Where(entry => entry.IsReady || !request.Ready).Select(entry =>
            new RepositoryIndexResponse.Types.ModelIndex
            {
                Name = entry.Endpoint,
                Version = entry.Version ?? "",
                State = entry.IsReady ? "READY" : "UNAVAILABLE",
                Reason = entry.Reason,
            }));
        return Task.FromResult(answer);
    }

    public override async Task<RepositoryModelLoadResponse> RepositoryModelLoad(RepositoryModelLoadRequest request, ServerCallContext context)
    {
        RequireNoRepository(request.RepositoryName);
        if (request.Parameters.Keys.FirstOrDefault() is { } name)
        {
            throw RepositoryCalls.RefusedOverride(name);
        }

        await repository.LoadAsync(request.ModelName, Actor(context), context.CancellationToken);
        return new RepositoryModelLoadResponse();
    }

    public override async Task<RepositoryModelUnloadResponse> RepositoryModelUnload(RepositoryModelUnloadRequest request, ServerCallContext context)
    {
        RequireNoRepository(request.RepositoryName);
        await repository.UnloadAsync(request.ModelName, Actor(context), context.CancellationToken);
        return new RepositoryModelUnloadResponse();
    }

    private async Task<ModelInferResponse> InferAsync(ModelInferRequest request, ServerCallContext context)
    {
        serving.RequirePredict(request.ModelName, Actor(context));
        var read = GrpcRequest.Read(request, Actor(context).Name, out var marksFinal);
        var answer = await InferCall.RunAsync(serving, request.ModelName, VersionOf(request.ModelVersion), read, context.CancellationToken);
        return GrpcAnswer.Write(request.Id, answer, marksFinal);
    }

    private TensorModel Describe(string name, string version, ServerCallContext context)
    {
        serving.RequirePredict(name, Actor(context));
        return serving.Describe(name, VersionOf(version));
    }

    private static void RequireNoRepository(string name)
    {
        if (name.Length > 0)
        {
            throw new SlipwayException(ErrorKind.Unsupported, "'repository_name' specification is not supported");
        }
    }

    private static string? VersionOf(string version) => version.Length == 0 ? null : version;

    private static Actor Actor(ServerCallContext context) => Actors.Of(context.GetHttpContext());
}
