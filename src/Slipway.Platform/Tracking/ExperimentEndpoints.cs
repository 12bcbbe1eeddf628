using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;

namespace Slipway.Platform.Tracking;

public sealed record TagRequest(string Key, string Value);

internal static class ExperimentEndpoints
{
    public static void MapExperiments(this IEndpointRouteBuilder routes)
    {
        var experiments = routes.MapGroup("/api/v1/experiments").WithTags("Experiments");
        experiments.MapPost("", CreateAsync);
        experiments.MapGet("", SearchAsync).WithSummary("Search; the newest first unless orderBy says otherwise");
        experiments.MapGet("{id:long}", GetAsync);
        experiments.MapGet("by-name/{*name}", GetByNameAsync);
        experiments.MapPatch("{id:long}", UpdateAsync);
        experiments.MapDelete("{id:long}", DeleteAsync).WithSummary("Soft-delete it and its active runs");
        experiments.MapPost("{id:long}/restore", RestoreAsync).WithSummary("Bring it back with the runs that were deleted with it");
        experiments.MapPost("{id:long}/tags", SetTagAsync);
        experiments.MapDelete("{id:long}/tags/{*key}", DeleteTagAsync);
        experiments.MapGet("{id:long}/datasets", DatasetsAsync).WithSummary("What the runs of the experiment read");
    }

    private static async Task<Created<Experiment>> CreateAsync(
        NewExperiment request, Actor actor, ExperimentService experiments, CancellationToken cancel)
    {
        var experiment = await experiments.CreateAsync(actor, request, cancel);
        return TypedResults.Created($"/api/v1/experiments/{experiment.Id}", experiment);
    }

    private static async Task<Ok<Page<Experiment>>> SearchAsync(
        string? filter, [FromQuery] string[]? orderBy, string? view, string? pageToken, int? limit, Actor actor, ExperimentService experiments,
        CancellationToken cancel)
    {
        var seen = view is null ? RunView.Active : EnumName.Parse<RunView>(view, "view");
        var query = new ExperimentQuery(filter, orderBy ?? [], seen, pageToken, limit ?? 100);
        return TypedResults.Ok(await experiments.SearchAsync(actor, query, cancel));
    }

    private static async Task<Ok<Experiment>> GetAsync(
        long id, Actor actor, ExperimentService experiments, CancellationToken cancel) =>
        TypedResults.Ok(await experiments.GetAsync(actor, id, cancel));

    private static async Task<Ok<Experiment>> GetByNameAsync(
        string name, Actor actor, ExperimentService experiments, CancellationToken cancel) =>
        TypedResults.Ok(await experiments.GetAsync(actor, name, cancel));

    private static async Task<Ok<Experiment>> UpdateAsync(
        long id, ExperimentChange change, Actor actor, ExperimentService experiments, CancellationToken cancel) =>
        TypedResults.Ok(await experiments.UpdateAsync(actor, id, change, cancel));

    private static async Task<NoContent> DeleteAsync(
        long id, Actor actor, ExperimentService experiments, CancellationToken cancel)
    {
        await experiments.DeleteAsync(actor, id, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> RestoreAsync(
        long id, Actor actor, ExperimentService experiments, CancellationToken cancel)
    {
        await experiments.RestoreAsync(actor, id, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> SetTagAsync(
        long id, TagRequest tag, Actor actor, ExperimentService experiments, CancellationToken cancel)
    {
        await experiments.SetTagAsync(actor, id, tag.Key, tag.Value, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> DeleteTagAsync(
        long id, string key, Actor actor, ExperimentService experiments, CancellationToken cancel)
    {
        await experiments.DeleteTagAsync(actor, id, key, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<IReadOnlyList<DatasetSummary>>> DatasetsAsync(
        long id, Actor actor, ExperimentService experiments, CancellationToken cancel) =>
        TypedResults.Ok(await experiments.SearchDatasetsAsync(actor, [id], cancel));
}
