using Slipway.Platform.Access;

namespace Slipway.Protocols.OpenInference.Grpc;

internal static class InferenceGrpcRoutes
{
    /// <param name="maxMessage">Bytes of a request, as of any body; what is answered has the bound of gRPC itself, 2 GiB − 1.</param>
    public static IServiceCollection AddOpenInference(this IServiceCollection services, long maxMessage)
    {
        services.AddSingleton(OpenInferenceEndpoints.Shape).AddGrpc().AddServiceOptions<InferenceGrpc>(options =>
        {
            options.MaxReceiveMessageSize = (int)Math.Min(maxMessage, int.MaxValue);
            options.MaxSendMessageSize = int.MaxValue;
            options.Interceptors.Add<InferenceErrors>();
        });
        return services;
    }

    /// <summary>Who may predict and who may load is asked by the calls themselves; one service has both.</summary>
    public static void MapInferenceGrpc(this IEndpointRouteBuilder routes) => routes.MapGrpcService<InferenceGrpc>().NeedsSignIn();
}
