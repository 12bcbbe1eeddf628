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
        catch (Exception failure) when (IsOurs(failure, context))
        {
            throw Translated(failure, context);
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(requestStream, responseStream, context);
        }
        catch (Exception failure) when (IsOurs(failure, context))
        {
            throw Translated(failure, context);
        }
    }

    private static bool IsOurs(Exception failure, ServerCallContext context) =>
        failure is not RpcException && !context.CancellationToken.IsCancellationRequested;

    /// <summary>Triton's map, with the codes that it leaves to others for callers who may not, and for limits.</summary>
    private RpcException Translated(Exception failure, ServerCallContext context)
    {
        if (failure is SlipwayException known)
        {
            return new RpcException(new Status(CodeOf(known.Kind), known.Message));
        }

        LogUnhandled(failure, context.Method);
        return new RpcException(new Status(StatusCode.Internal, "internal error; see the server's log"));
    }

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
