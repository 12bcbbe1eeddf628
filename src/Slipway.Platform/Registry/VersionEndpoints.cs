using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Slipway.Core.Errors;
using Slipway.Core.Versioning;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Registry.Sources;

namespace Slipway.Platform.Registry;

public sealed record TransitionRequest([property: JsonRequired] Stage Stage, string? ApprovalId, string? Reason);

public sealed record PromotionRequest(string? Reason);

/// <summary>What an import says of a version whose bytes are its body.</summary>
/// <remarks>Without a constructor, which the generator of the binding code could not call.</remarks>
public sealed record ImportQuery
{
    public string? Version { get; init; }

    public VersionBump? Bump { get; init; }

    public string? RunId { get; init; }

    public string? RequestKey { get; init; }

    public string? Description { get; init; }

    public string? Limitations { get; init; }
}

/// <summary>Versions of a model.</summary>
internal static class VersionEndpoints
{
    public static void MapVersions(this RouteGroupBuilder versions)
    {
        versions.MapPost("", CreateVersionAsync);
        versions.MapPost("import", ImportAsync).WithMetadata(new DisableRequestSizeLimitAttribute())
            .Accepts<NewVersion>("application/json", "application/zip", "application/octet-stream")
            .WithSummary("Import an MLflow model folder (zip, or a source as JSON) or an ONNX file");
        versions.MapGet("", ListVersionsAsync);
        versions.MapGet("{version}", GetVersionAsync);
        versions.MapPatch("{version}", ChangeVersionAsync);
        versions.MapDelete("{version}", DeleteVersionAsync);
        versions.MapPost("{version}/transitions", TransitionAsync);
        versions.MapGet("{version}/transitions", TransitionsAsync);
        versions.MapPost("{version}/approval", RequestPromotionAsync).WithSummary("Ask for the approval that production needs");
        versions.MapPost("{version}/tags", SetTagsAsync);
        versions.MapDelete("{version}/tags/{key}", DeleteTagAsync);
    }

    private static async Task<Created<ModelVersion>> CreateVersionAsync(
        string model, NewVersion request, Actor actor, ModelImport import, CancellationToken cancel) =>
        Created(await import.FromArtifactAsync(actor, request with { Model = model, Source = null, NotServable = null }, cancel));

    private static async Task<Created<ModelVersion>> ImportAsync(
        string model, [AsParameters] ImportQuery query, HttpRequest request, Actor actor, ModelImport import, CancellationToken cancel)
    {
        var type = request.ContentType?.Split(';')[0].Trim().ToLowerInvariant();
        if (type == "application/json")
        {
            var asked = await request.ReadFromJsonAsync<NewVersion>(Json.Options, cancel) ?? throw SlipwayException.Invalid("The body is empty.");
            return Created(await import.FromServableSourceAsync(actor, asked with { Model = model, NotServable = null }, cancel));
        }

        var version = new NewVersion(model)
        {
            Version = query.Version is null ? null : SemanticVersion.Parse(query.Version),
            Bump = query.Bump ?? VersionBump.Minor,
            RunId = query.RunId,
            RequestKey = query.RequestKey,
            Description = query.Description ?? "",
            Limitations = query.Limitations ?? "",
        };
        await using var content = RequestContent.Open(request);
        return Created(type is "application/zip" or "application/x-zip-compressed"
            ? await import.FromZipAsync(actor, version, content, cancel)
            : await import.FromOnnxAsync(actor, version, content, cancel));
    }

    private static async Task<Ok<Page<ModelVersion>>> ListVersionsAsync(
        string model, string? pageToken, int? limit, Actor actor, RegistryService registry, CancellationToken cancel) =>
        TypedResults.Ok(await registry.ListVersionsAsync(actor, model, pageToken, limit ?? 100, cancel));

    private static async Task<Ok<ModelVersion>> GetVersionAsync(
        string model, string version, Actor actor, RegistryService registry, CancellationToken cancel) =>
        TypedResults.Ok(await registry.GetVersionAsync(actor, model, version, cancel));

    private static async Task<Ok<ModelVersion>> ChangeVersionAsync(
        string model, string version, VersionChange change, Actor actor, RegistryService registry, CancellationToken cancel) =>
        TypedResults.Ok(await registry.ChangeVersionAsync(actor, model, version, change, cancel));

    private static async Task<NoContent> DeleteVersionAsync(
        string model, string version, Actor actor, RegistryService registry, CancellationToken cancel)
    {
        await registry.DeleteVersionAsync(actor, model, version, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<ModelVersion>> TransitionAsync(
        string model, string version, TransitionRequest request, Actor actor, RegistryService registry, CancellationToken cancel) =>
        TypedResults.Ok(await registry.TransitionAsync(
            actor, model, version, request.Stage, cancel, request.ApprovalId, request.Reason ?? ""));

    private static async Task<Ok<List<StageTransition>>> TransitionsAsync(
        string model, string version, Actor actor, RegistryService registry, CancellationToken cancel) =>
        TypedResults.Ok(await registry.TransitionsAsync(actor, model, version, cancel));

    private static async Task<Created<Approval>> RequestPromotionAsync(
        string model, string version, PromotionRequest request, Actor actor, RegistryService registry, ApprovalService approvals,
        CancellationToken cancel)
    {
        var id = await registry.RequestPromotionAsync(actor, model, version, request.Reason ?? "", cancel);
        return TypedResults.Created($"/api/v1/approvals/{id}", await approvals.GetAsync(id, cancel));
    }

    private static async Task<NoContent> SetTagsAsync(
        string model, string version, Dictionary<string, string> tags, Actor actor, RegistryService registry, CancellationToken cancel)
    {
        await registry.SetVersionTagsAsync(actor, model, version, tags, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> DeleteTagAsync(
        string model, string version, string key, Actor actor, RegistryService registry, CancellationToken cancel)
    {
        await registry.DeleteVersionTagAsync(actor, model, version, key, cancel);
        return TypedResults.NoContent();
    }

    private static Created<ModelVersion> Created(ModelVersion version) =>
        TypedResults.Created($"/api/v1/models/{Uri.EscapeDataString(version.Model)}/versions/{version.Version}", version);
}
