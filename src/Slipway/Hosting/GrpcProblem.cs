using System.Globalization;

namespace Slipway.Hosting;

/// <summary>An error as gRPC says it: HTTP 200, and status and message as trailers in place of headers.</summary>
internal static class GrpcProblem
{
    public static bool Owns(HttpRequest request) =>
        request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) ?? false;

    public static void Write(HttpResponse response, Problem problem)
    {
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "application/grpc";
        response.ContentLength = 0;
        response.Headers["grpc-status"] = ((int)StatusOf(problem.Status)).ToString(CultureInfo.InvariantCulture);
        response.Headers["grpc-message"] = Uri.EscapeDataString(problem.Detail ?? problem.Title);
    }

    private static Grpc.Core.StatusCode StatusOf(int status) => status switch
    {
        StatusCodes.Status400BadRequest => Grpc.Core.StatusCode.InvalidArgument,
        StatusCodes.Status401Unauthorized => Grpc.Core.StatusCode.Unauthenticated,
        StatusCodes.Status403Forbidden => Grpc.Core.StatusCode.PermissionDenied,
        StatusCodes.Status404NotFound => Grpc.Core.StatusCode.Unimplemented,
        StatusCodes.Status409Conflict => Grpc.Core.StatusCode.Aborted,
        StatusCodes.Status412PreconditionFailed => Grpc.Core.StatusCode.FailedPrecondition,
        StatusCodes.Status413PayloadTooLarge or StatusCodes.Status429TooManyRequests => Grpc.Core.StatusCode.ResourceExhausted,
        StatusCodes.Status503ServiceUnavailable => Grpc.Core.StatusCode.Unavailable,
        StatusCodes.Status504GatewayTimeout => Grpc.Core.StatusCode.DeadlineExceeded,
        >= 500 => Grpc.Core.StatusCode.Internal,
        _ => Grpc.Core.StatusCode.Unknown,
    };
}
