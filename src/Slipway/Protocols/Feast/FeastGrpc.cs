using Grpc.Core;
using Slipway.Core.Errors;
using Slipway.Hosting;
using Slipway.Platform.Access;
using Slipway.Protocols.Feast.Wire;

namespace Slipway.Protocols.Feast;

/// <summary>The online service in its gRPC form.</summary>
internal sealed class FeastGrpc(FeastReads reads) : ServingService.ServingServiceBase
{
    public override Task<GetFeastServingInfoResponse> GetFeastServingInfo(GetFeastServingInfoRequest request, ServerCallContext context) =>
        Task.FromResult(new GetFeastServingInfoResponse { Version = ProductVersion.Current.Version });

    public override async Task<GetOnlineFeaturesResponse> GetOnlineFeatures(GetOnlineFeaturesRequest request, ServerCallContext context)
    {
        try
        {
            var (vectors, warnings) = await reads.ReadAsync(Query(request), Actors.Of(context.GetHttpContext()), context.CancellationToken);
            foreach (var warning in warnings)
            {
                context.ResponseTrailers.Add("warning", WarningHeader.Value(warning));
            }

            return Answer(vectors);
        }
        catch (FeastException failure)
        {
            throw new RpcException(new Status(CodeOf(failure), failure.Message));
        }
        catch (SlipwayException failure)
        {
            throw new RpcException(new Status(CodeOf(failure.Kind), failure.Message));
        }
    }

    private static FeastQuery Query(GetOnlineFeaturesRequest request)
    {
        var given = request.Entities.Concat(request.RequestContext)
            .Select(column => new GivenColumn(column.Key, column.Value.Val.Count, schema => FeastValues.Read(schema, column.Value.Val)))
            .ToArray();
        var other = given.FirstOrDefault(column => column.Rows != given[0].Rows);
        return other is null
            ? new FeastQuery(
                request.KindCase == GetOnlineFeaturesRequest.KindOneofCase.FeatureService ? request.FeatureService : null,
                request.Features?.Val ?? [], request.FullFeatureNames, given)
            : throw SlipwayException.Invalid(
                $"All entities must have as many values; '{given[0].Name}' has {given[0].Rows} and '{other.Name}' {other.Rows}.");
    }

    private static GetOnlineFeaturesResponse Answer(IReadOnlyList<FeastVector> vectors)
    {
        var names = new FeatureList();
        names.Val.AddRange(vectors.Select(vector => vector.Name));
        var answer = new GetOnlineFeaturesResponse { Metadata = new() { FeatureNames = names }, Status = true };
        foreach (var vector in vectors)
        {
            var rows = Enumerable.Range(0, vector.Values.Length);
            var written = new GetOnlineFeaturesResponse.Types.FeatureVector();
            written.Values.AddRange(rows.Select(row => FeastValues.Write(vector.Values, row)));
            written.Statuses.AddRange(vector.Statuses.Select(status => (FieldStatus)status));
            written.EventTimestamps.AddRange(vector.EventTimesUs.Select(FeastValues.Write));
            answer.Results.Add(written);
        }

        return answer;
    }

    private static StatusCode CodeOf(FeastException failure) => failure switch
    {
        { Status: StatusCodes.Status404NotFound } => StatusCode.NotFound,
        _ => StatusCode.InvalidArgument,
    };

    private static StatusCode CodeOf(ErrorKind kind) => kind switch
    {
        ErrorKind.NotFound => StatusCode.NotFound,
        ErrorKind.Forbidden => StatusCode.PermissionDenied,
        ErrorKind.Unauthenticated => StatusCode.Unauthenticated,
        ErrorKind.Unavailable => StatusCode.Unavailable,
        ErrorKind.Timeout => StatusCode.DeadlineExceeded,
        ErrorKind.TooLarge or ErrorKind.TooManyRequests => StatusCode.ResourceExhausted,
        ErrorKind.FailedPrecondition => StatusCode.FailedPrecondition,
        _ => StatusCode.InvalidArgument,
    };
}
