using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Yaml;

namespace Slipway.Platform.Tracking.Garbage;

/// <param name="OlderThan">Such as <c>30d</c>.</param>
public sealed record CollectRequest(string OlderThan = "30d", bool DryRun = false);

internal static class GarbageEndpoints
{
    public static void MapGarbage(this IEndpointRouteBuilder routes) => routes.MapPost("/api/v1/gc", CollectAsync).WithTags("Garbage")
        .WithSummary("Take away for good what was deleted before; dryRun only tells what that would be");

    private static async Task<Ok<GarbageReport>> CollectAsync(
        CollectRequest request, Actor actor, GarbageService garbage, CancellationToken cancel)
    {
        var age = Duration.TryParse(request.OlderThan ?? "", out var parsed)
            ? parsed
            : throw SlipwayException.Invalid($"'{request.OlderThan}' is no length of time; use one such as 30d or 12h.");
        return TypedResults.Ok(await garbage.CollectAsync(actor, new GarbageRequest(age, request.DryRun), cancel));
    }
}
