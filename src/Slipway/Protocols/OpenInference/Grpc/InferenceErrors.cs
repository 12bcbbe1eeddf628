using Grpc.Core;
using Grpc.Core.Interceptors;
using Slipway.Core.Errors;

namespace Slipway.Protocols.OpenInference.Grpc;

/// <summary>Turns what the services throw into the status that the protocol's clients know.</summary>
internal sealed partial class InferenceErrors(ILogger<InferenceErrors> log) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception failure) when (!context.CancellationToken.IsCancellationRequested && failure is not RpcException)
        {
            var status = StatusOf(failure);
            if (status.StatusCode == StatusCode.Internal)
            {
                LogUnhandled(failure, context.Method);
            }

            throw new RpcException(status);
        }
    }

    /// <summary>Triton's map, with the codes that it leaves to others for callers who may not, and for limits.</summary>
    public static Status StatusOf(Exception failure) => failure is SlipwayException known
        ? new Status(CodeOf(known.Kind), known.Message)
        : new Status(StatusCode.Internal, "internal error; see the server's log");

    private static StatusCode CodeOf(ErrorKind kind) => kind switch
    {
        ErrorKind.NotFound => StatusCode.NotFound,
        ErrorKind.Unauthenticated => StatusCode.Unauthenticated,
        ErrorKind.Forbidden => StatusCode.PermissionDenied,
        ErrorKind.Unsupported => StatusCode.Unimplemented,
        ErrorKind.Unavailable or ErrorKind.Timeout => StatusCode.Unavailable,
        ErrorKind.TooManyRequests => StatusCode.ResourceExhausted,
        _ => StatusCode.InvalidArgument,
    };

    [LoggerMessage(6002, LogLevel.Error, "{Method} failed")]
    private partial void LogUnhandled(Exception failure, string method);
}
