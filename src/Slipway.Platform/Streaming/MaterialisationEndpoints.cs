using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Foundation.Jobs;

namespace Slipway.Platform.Streaming;

internal static class MaterialisationEndpoints
{
    public static IEndpointRouteBuilder Map(IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/v1/features/materialize").WithTags("Features");
        api.MapPost("", StartAsync).ChecksInService().WithSummary("Bring views into the online store; the answer names the run");
        api.MapGet("", FreshnessAsync).ChecksInService().WithSummary("How far each stored view is behind the present");
        api.MapGet("{id}", StatusAsync).ChecksInService();
        api.MapPut("schedules/{name}", PutScheduleAsync).WithSummary("Bring views into the online store again and again");
        api.MapDelete("schedules/{name}", DeleteScheduleAsync);
        return routes;
    }

    private static async Task<Accepted<MaterialisationStatus>> StartAsync(
        MaterialisationRequest request, Actor actor, FeatureRights rights, MaterialisationService materialisation, CancellationToken cancel)
    {
        rights.RequireMaterialise(actor, request.Views);
        var started = await materialisation.StartAsync(request, cancel);
        return TypedResults.Accepted($"/api/v1/features/materialize/{started.Id}", started);
    }

    private static async Task<Ok<IReadOnlyList<ViewFreshness>>> FreshnessAsync(
        Actor actor, MaterialisationService materialisation, CancellationToken cancel) =>
        TypedResults.Ok<IReadOnlyList<ViewFreshness>>([.. (await materialisation.FreshnessAsync(cancel)).Where(view => Reads(actor, view.View))]);

    private static async Task<Ok<MaterialisationStatus>> StatusAsync(
        string id, Actor actor, MaterialisationService materialisation, CancellationToken cancel)
    {
        var status = await materialisation.StatusAsync(id, cancel);
        return TypedResults.Ok(status with { Views = [.. status.Views.Where(view => Reads(actor, view.View))] });
    }

    private static bool Reads(Actor actor, string view) => actor.May(Role.Viewer, view: FeatureReference.Parse(view).Name);

    private static async Task<Ok<Schedule>> PutScheduleAsync(
        string name, MaterialisationSchedule schedule, MaterialisationService materialisation, CancellationToken cancel) =>
        TypedResults.Ok(await materialisation.PutScheduleAsync(name, schedule, cancel));

    private static async Task<NoContent> DeleteScheduleAsync(string name, MaterialisationService materialisation, CancellationToken cancel)
    {
        await materialisation.DeleteScheduleAsync(name, cancel);
        return TypedResults.NoContent();
    }
}
