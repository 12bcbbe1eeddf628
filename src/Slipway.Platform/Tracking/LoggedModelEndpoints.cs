using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;

namespace Slipway.Platform.Tracking;

public sealed record LoggedModelStatusRequest([property: JsonRequired] LoggedModelStatus Status);

/// <param name="Datasets">Those that the metrics of the filter are measured on.</param>
public sealed record LoggedModelSearchRequest(
    [property: JsonRequired] IReadOnlyList<long> ExperimentIds, string? Filter = null, IReadOnlyList<MetricDataset>? Datasets = null,
    IReadOnlyList<LoggedModelOrder>? OrderBy = null, string? PageToken = null, int Limit = 100);

internal static class LoggedModelEndpoints
{
    public static void MapLoggedModels(this IEndpointRouteBuilder routes)
    {
        var models = routes.MapGroup("/api/v1/logged-models").WithTags("Logged models");
        models.MapPost("", CreateAsync);
        models.MapPost("search", SearchAsync).WithSummary("Search; the newest first unless orderBy says otherwise");
        models.MapGet("{id}", GetAsync);
        models.MapPost("{id}/status", FinalizeAsync).WithSummary("Say whether its files are there");
        models.MapDelete("{id}", DeleteAsync).WithSummary("Soft-delete it");
        models.MapPost("{id}/restore", RestoreAsync).WithSummary("Take back a deleted one");
        models.MapPost("{id}/params", LogParamsAsync);
        models.MapPost("{id}/tags", SetTagsAsync);
        models.MapDelete("{id}/tags/{*key}", DeleteTagAsync);
    }

    private static async Task<Created<LoggedModel>> CreateAsync(
        NewLoggedModel request, Actor actor, LoggedModelService models, CancellationToken cancel)
    {
        var model = await models.CreateAsync(actor, request, cancel);
        return TypedResults.Created($"/api/v1/logged-models/{model.Id}", model);
    }

    private static async Task<Ok<Page<LoggedModel>>> SearchAsync(
        LoggedModelSearchRequest r, Actor actor, LoggedModelService models, CancellationToken cancel) =>
        TypedResults.Ok(await models.SearchAsync(
            actor, new LoggedModelQuery(r.ExperimentIds, r.Filter, r.Datasets ?? [], r.OrderBy ?? [], r.PageToken, r.Limit), cancel));

    private static async Task<Ok<LoggedModel>> GetAsync(string id, Actor actor, LoggedModelService models, CancellationToken cancel) =>
        TypedResults.Ok(await models.GetAsync(actor, id, cancel));

    private static async Task<Ok<LoggedModel>> FinalizeAsync(
        string id, LoggedModelStatusRequest request, Actor actor, LoggedModelService models, CancellationToken cancel) =>
        TypedResults.Ok(await models.FinalizeAsync(actor, id, request.Status, cancel));

    private static async Task<NoContent> DeleteAsync(string id, Actor actor, LoggedModelService models, CancellationToken cancel)
    {
        await models.DeleteAsync(actor, id, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> RestoreAsync(string id, Actor actor, LoggedModelService models, CancellationToken cancel)
    {
        await models.RestoreAsync(actor, id, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> LogParamsAsync(
        string id, Dictionary<string, string> values, Actor actor, LoggedModelService models, CancellationToken cancel)
    {
        await models.LogParamsAsync(actor, id, values, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<LoggedModel>> SetTagsAsync(
        string id, Dictionary<string, string> tags, Actor actor, LoggedModelService models, CancellationToken cancel) =>
        TypedResults.Ok(await models.SetTagsAsync(actor, id, tags, cancel));

    private static async Task<NoContent> DeleteTagAsync(
        string id, string key, Actor actor, LoggedModelService models, CancellationToken cancel)
    {
        await models.DeleteTagAsync(actor, id, key, cancel);
        return TypedResults.NoContent();
    }
}
