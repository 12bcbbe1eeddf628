using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Registry.Search;

namespace Slipway.Platform.Registry;

/// <param name="Version">A semantic version, a number, another alias or a stage.</param>
public sealed record AliasRequest(string Version);

public sealed record RenameRequest([property: JsonRequired] string Name);

public static class RegistryEndpoints
{
    public static IEndpointRouteBuilder MapRegistry(this IEndpointRouteBuilder routes)
    {
        var models = routes.MapGroup("/api/v1/models").WithTags("Models");
        models.MapPost("", RegisterAsync);
        models.MapGet("", ListModelsAsync).WithSummary("Models that match a filter such as owner = 'ops' AND tags.team = 'ml'");
        models.MapGet("{model}", GetModelAsync);
        models.MapPatch("{model}", ChangeModelAsync);
        models.MapDelete("{model}", DeleteModelAsync).WithSummary("Delete a model with its versions");
        models.MapPost("{model}/rename", RenameModelAsync);
        models.MapPost("{model}/tags", SetModelTagsAsync);
        models.MapDelete("{model}/tags/{key}", DeleteModelTagAsync);
        models.MapPut("{model}/aliases/{alias}", SetAliasAsync);
        models.MapDelete("{model}/aliases/{alias}", DeleteAliasAsync);

        var versions = models.MapGroup("{model}/versions");
        versions.MapVersions();
        versions.MapCards();
        versions.MapPackages();
        routes.MapGet("/api/v1/model-versions", SearchVersionsAsync).WithTags("Models")
            .WithSummary("Versions of any model that match a filter such as metrics.auc > 0.7 AND stage = 'staging'");
        routes.MapGet("/api/v1/packages/public-key", VersionFileEndpoints.GetKey).WithTags("Models");
        routes.MapLineage();
        return routes;
    }

    private static async Task<Created<RegisteredModel>> RegisterAsync(
        NewModel model, Actor actor, RegistryService registry, CancellationToken cancel)
    {
        var registered = await registry.RegisterModelAsync(actor, model, cancel);
        return TypedResults.Created($"/api/v1/models/{Uri.EscapeDataString(registered.Name)}", registered);
    }

    private static async Task<Ok<Page<RegisteredModel>>> ListModelsAsync(
        string? filter, [FromQuery] string[]? orderBy, string? pageToken, int? limit, Actor actor, RegistrySearch search, CancellationToken cancel) =>
        TypedResults.Ok(await search.ModelsAsync(actor, filter, orderBy ?? [], pageToken, limit ?? 100, cancel));

    private static async Task<Ok<Page<ModelVersion>>> SearchVersionsAsync(
        string? filter, [FromQuery] string[]? orderBy, string? pageToken, int? limit, Actor actor, RegistrySearch search, CancellationToken cancel) =>
        TypedResults.Ok(await search.VersionsAsync(actor, filter, orderBy ?? [], pageToken, limit ?? 100, cancel));

    private static async Task<Ok<RegisteredModel>> GetModelAsync(
        string model, Actor actor, RegistryService registry, CancellationToken cancel) =>
        TypedResults.Ok(await registry.GetModelAsync(actor, model, cancel));

    private static async Task<Ok<RegisteredModel>> ChangeModelAsync(
        string model, ModelChange change, Actor actor, RegistryService registry, CancellationToken cancel) =>
        TypedResults.Ok(await registry.ChangeModelAsync(actor, model, change, cancel));

    private static async Task<NoContent> DeleteModelAsync(string model, Actor actor, RegistryService registry, CancellationToken cancel)
    {
        await registry.DeleteModelAsync(actor, model, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<RegisteredModel>> RenameModelAsync(
        string model, RenameRequest request, Actor actor, RegistryService registry, CancellationToken cancel) =>
        TypedResults.Ok(await registry.RenameModelAsync(actor, model, request.Name, cancel));

    private static async Task<NoContent> SetModelTagsAsync(
        string model, Dictionary<string, string> tags, Actor actor, RegistryService registry, CancellationToken cancel)
    {
        await registry.SetModelTagsAsync(actor, model, tags, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> DeleteModelTagAsync(
        string model, string key, Actor actor, RegistryService registry, CancellationToken cancel)
    {
        await registry.DeleteModelTagAsync(actor, model, key, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> SetAliasAsync(
        string model, string alias, AliasRequest request, Actor actor, RegistryService registry, CancellationToken cancel)
    {
        await registry.SetAliasAsync(actor, model, alias, request.Version, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> DeleteAliasAsync(
        string model, string alias, Actor actor, RegistryService registry, CancellationToken cancel)
    {
        await registry.DeleteAliasAsync(actor, model, alias, cancel);
        return TypedResults.NoContent();
    }
}
