using System.Text;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Tracking;

namespace Slipway.Platform.Registry;

public sealed record TransitionRequest([property: JsonRequired] Stage Stage, string? ApprovalId, string? Reason);

/// <param name="Version">A semantic version, a number, another alias or a stage.</param>
public sealed record AliasRequest(string Version);

public static class RegistryEndpoints
{
    public static IEndpointRouteBuilder MapRegistry(this IEndpointRouteBuilder routes)
    {
        var models = routes.MapGroup("/api/v1/models").WithTags("Models");
        models.MapPost("", RegisterAsync);
        models.MapGet("", ListModelsAsync);
        models.MapGet("{model}", GetModelAsync);
        models.MapPut("{model}/aliases/{alias}", SetAliasAsync);
        models.MapDelete("{model}/aliases/{alias}", DeleteAliasAsync);

        var versions = models.MapGroup("{model}/versions");
        versions.MapPost("", CreateVersionAsync);
        versions.MapGet("", ListVersionsAsync);
        versions.MapGet("{version}", GetVersionAsync);
        versions.MapPost("{version}/transitions", TransitionAsync);
        versions.MapGet("{version}/transitions", TransitionsAsync);
        versions.MapPost("{version}/tags", SetTagsAsync);
        versions.MapGet("{version}/card", GetCardAsync);
        versions.MapPut("{version}/card", PutCardAsync).Accepts<string>("text/markdown");
        versions.MapGet("{version}/file", GetFileAsync);

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
        string? pageToken, int? limit, RegistryService registry, CancellationToken cancel) =>
        TypedResults.Ok(await registry.ListModelsAsync(pageToken, limit ?? 100, cancel));

    private static async Task<Ok<RegisteredModel>> GetModelAsync(string model, RegistryService registry, CancellationToken cancel) =>
        TypedResults.Ok(await registry.GetModelAsync(model, cancel));

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

    private static async Task<Created<ModelVersion>> CreateVersionAsync(
        string model, NewVersion request, Actor actor, RegistryService registry, RunArtifacts artifacts, CancellationToken cancel)
    {
        var file = await artifacts.OpenAsync(actor, ArtifactOwner.Run(request.RunId ?? ""), request.Artifact ?? "", cancel);
        await using var content = file.Content;
        var version = await registry.CreateVersionAsync(actor, request with { Model = model }, content, cancel);
        return TypedResults.Created($"/api/v1/models/{Uri.EscapeDataString(model)}/versions/{version.Version}", version);
    }

    private static async Task<Ok<Page<ModelVersion>>> ListVersionsAsync(
        string model, string? pageToken, int? limit, RegistryService registry, CancellationToken cancel) =>
        TypedResults.Ok(await registry.ListVersionsAsync(model, pageToken, limit ?? 100, cancel));

    private static async Task<Ok<ModelVersion>> GetVersionAsync(
        string model, string version, RegistryService registry, CancellationToken cancel) =>
        TypedResults.Ok(await registry.GetVersionAsync(model, version, cancel));

    private static async Task<Ok<ModelVersion>> TransitionAsync(
        string model, string version, TransitionRequest request, Actor actor, RegistryService registry, CancellationToken cancel) =>
        TypedResults.Ok(await registry.TransitionAsync(
            actor, model, version, request.Stage, cancel, request.ApprovalId, request.Reason ?? ""));

    private static async Task<Ok<List<StageTransition>>> TransitionsAsync(
        string model, string version, RegistryService registry, CancellationToken cancel) =>
        TypedResults.Ok(await registry.TransitionsAsync(model, version, cancel));

    private static async Task<NoContent> SetTagsAsync(
        string model, string version, Dictionary<string, string> tags, Actor actor, RegistryService registry, CancellationToken cancel)
    {
        await registry.SetVersionTagsAsync(actor, model, version, tags, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<ModelCard>> GetCardAsync(
        string model, string version, RegistryService registry, CancellationToken cancel) =>
        TypedResults.Ok(await registry.GetCardAsync(model, version, cancel));

    private static async Task<NoContent> PutCardAsync(
        string model, string version, HttpRequest request, Actor actor, RegistryService registry, CancellationToken cancel)
    {
        using var body = new StreamReader(request.Body, Encoding.UTF8);
        await registry.PutCardAsync(actor, model, version, await body.ReadToEndAsync(cancel), cancel);
        return TypedResults.NoContent();
    }

    private static async Task<FileStreamHttpResult> GetFileAsync(
        string model, string version, HttpResponse response, RegistryService registry, CancellationToken cancel)
    {
        var file = await registry.OpenModelAsync(model, version, cancel);
        return Download.Of(file, $"{model}-{version}.onnx", response);
    }
}
