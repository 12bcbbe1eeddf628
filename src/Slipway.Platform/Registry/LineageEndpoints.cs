using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;

namespace Slipway.Platform.Registry;

internal static class LineageEndpoints
{
    public static void MapLineage(this IEndpointRouteBuilder routes) => routes.MapGet("/api/v1/lineage", TraceAsync).WithTags("Lineage")
        .ChecksInService()
        .WithSummary("What came from what, from a node given as kind and id, or as a name such as flight-delay or flight-delay/1.0.0");

    private static async Task<Ok<LineageGraph>> TraceAsync(
        string? kind, string? id, string? name, string? direction, int? depth, Actor actor, LineageView lineage, CancellationToken cancel)
    {
        var towards = EnumName.Parse<LineageDirection>(direction ?? "both", "direction");
        return TypedResults.Ok(await ((kind, id, name) switch
        {
            ({ } of, { } exact, null) => lineage.TraceAsync(
                actor, new LineageNode(EnumName.Parse<LineageKind>(of, "kind of node"), exact), towards, depth ?? 20, cancel),
            (null, null, { } called) => lineage.TraceAsync(actor, called, towards, depth ?? 20, cancel),
            _ => throw SlipwayException.Invalid("Lineage is asked of a 'name', or of a 'kind' and an 'id'."),
        }));
    }
}
