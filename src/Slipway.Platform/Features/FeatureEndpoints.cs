using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Slipway.Core.Data;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Erasure;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Sources;
using Slipway.Platform.Foundation;

namespace Slipway.Platform.Features;

/// <param name="Entities">Per column its values: join keys after their mapping, request data, optionally <c>event_timestamp</c>.</param>
/// <param name="FullNames">Whether columns are named after their views as well, whatever the service says.</param>
public sealed record OnlineRequest(string Service, JsonElement Entities, bool FullNames = false);

/// <summary>The files of a repository, so that what is wrong is told with the name of its file.</summary>
public sealed record DefinitionFiles(IReadOnlyList<DefinitionFile>? Files);

/// <param name="Text">YAML.</param>
public sealed record DefinitionFile(string Name, string Text);

/// <summary>All by column, one entry per row of the request.</summary>
/// <param name="EventTimes">Since when a value holds; null for what is computed or absent.</param>
public sealed record OnlineResponse(
    string Service, int Version, IReadOnlyList<string> Columns, IReadOnlyDictionary<string, object?[]> Values,
    IReadOnlyDictionary<string, FeatureStatus[]> Statuses, IReadOnlyDictionary<string, DateTimeOffset?[]> EventTimes)
{
    /// <summary>What a reader should know, such as that a view is deprecated; absent when there is nothing.</summary>
    public IReadOnlyList<string>? Warnings { get; init; }
}

internal static class FeatureEndpoints
{
    public static IEndpointRouteBuilder Map(IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/v1/features").WithTags("Features");
        api.MapPost("online", OnlineAsync).ChecksInService().Produces<OnlineResponse>();
        api.MapPost("plan", PlanAsync).ChecksInService().WithSummary("What an apply of definitions would change: YAML, or files by name as JSON");
        api.MapPost("apply", ApplyAsync).ChecksInService().WithSummary("Put definitions in force: YAML, or files by name as JSON");
        api.MapPost("erase", EraseAsync).Needs(Role.Admin).WithSummary("Remove entities from everything that features are read from");
        api.MapPost("erase/lift", LiftAsync).Needs(Role.Admin).WithSummary("Let what sources still hold about entities count again");
        api.MapGet("search", SearchAsync).ChecksInService().WithSummary("Find definitions by text, tag, owner, entity and type");
        api.MapGet("unused", UnusedAsync).ChecksInService().WithSummary("Features that no model and no endpoint uses");
        foreach (var (path, kind) in new[] { ("entities", DefinitionKind.Entity), ("views", DefinitionKind.View), ("services", DefinitionKind.Service) })
        {
            api.MapGet(path, (Actor actor, FeatureDirectory directory, CancellationToken cancel) => ListAsync(kind, actor, directory, cancel))
                .ChecksInService();
            api.MapGet(path + "/{name}", (string name, Actor actor, FeatureDirectory directory, CancellationToken cancel) =>
                GetAsync(kind, name, actor, directory, cancel)).ChecksInService().WithSummary("A definition with its versions and who uses it");
            api.MapGet(path + "/{name}/consumers", (string name, string? feature, Actor actor, FeatureUsageService usage, CancellationToken cancel) =>
                ConsumersAsync(kind, name, feature, actor, usage, cancel)).ChecksInService().WithSummary("Views, services, model versions and endpoints that use it");
        }

        return routes;
    }

    private static async Task<IResult> OnlineAsync(
        OnlineRequest request, Actor actor, FeatureRegistryService registry, FeatureRights rights, OnlineFeatures features, FeatureUses uses, CancellationToken cancel)
    {
        var plan = request.FullNames
            ? await registry.GetServiceAsync(request.Service, fullNames: true, cancel)
            : await registry.GetServiceAsync(request.Service, cancel);
        rights.RequireRead(actor, plan);
        uses.Note(actor, plan);
        var rows = JsonColumns.Read(
            request.Entities,
            [.. plan.Inputs.Select(input => input.Column)],
            [new ColumnSchema(StoredView.EventTimestamp, DataType.Timestamp)]);
        return new OnlineResult(await features.ReadAsync(plan, rows, cancel));
    }

    private static async Task<Ok<ErasureReport>> EraseAsync(
        ErasureRequest request, Actor actor, ErasureService erasure, CancellationToken cancel) =>
        TypedResults.Ok(await erasure.EraseAsync(request, actor, cancel));

    private static async Task<NoContent> LiftAsync(
        ErasureRequest request, Actor actor, ErasureService erasure, CancellationToken cancel)
    {
        await erasure.LiftAsync(request, actor, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<IReadOnlyList<DefinitionChange>>> PlanAsync(
        HttpRequest request, Actor actor, FeatureUsageService features, CancellationToken cancel) =>
        TypedResults.Ok(await features.PlanAsync(await ReadAsync(request, cancel), actor, cancel));

    private static async Task<Ok<IReadOnlyList<DefinitionChange>>> ApplyAsync(
        HttpRequest request, Actor actor, FeatureUsageService features, CancellationToken cancel) =>
        TypedResults.Ok(await features.ApplyAsync(await ReadAsync(request, cancel), actor, cancel));

    private static async Task<Ok<IReadOnlyList<StoredDefinition>>> ListAsync(
        DefinitionKind kind, Actor actor, FeatureDirectory directory, CancellationToken cancel) =>
        TypedResults.Ok(await directory.ListAsync(actor, kind, cancel));

    private static async Task<Ok<DefinitionDetail>> GetAsync(
        DefinitionKind kind, string name, Actor actor, FeatureDirectory directory, CancellationToken cancel) =>
        TypedResults.Ok(await directory.GetAsync(actor, kind, name, cancel));

    private static async Task<Ok<FeatureConsumers>> ConsumersAsync(
        DefinitionKind kind, string name, string? feature, Actor actor, FeatureUsageService usage, CancellationToken cancel) =>
        TypedResults.Ok(await usage.ConsumersAsync(actor, kind, name, feature, cancel));

    private static async Task<Ok<IReadOnlyList<FoundDefinition>>> SearchAsync(
        string? kind, string? text, string? tag, string? owner, string? entity, string? type, Actor actor, FeatureDirectory directory,
        CancellationToken cancel) =>
        TypedResults.Ok(await directory.SearchAsync(
            actor,
            new DefinitionQuery(kind is null ? null : EnumName.Parse<DefinitionKind>(kind, "kind of definition"), text, tag, owner, entity, type),
            cancel));

    private static async Task<Ok<IReadOnlyList<UnusedFeature>>> UnusedAsync(Actor actor, FeatureUsageService usage, CancellationToken cancel) =>
        TypedResults.Ok(await usage.UnusedAsync(actor, cancel));

    private static async Task<FeatureRepository> ReadAsync(HttpRequest request, CancellationToken cancel)
    {
        using var reader = new StreamReader(request.Body);
        var body = await reader.ReadToEndAsync(cancel);
        return Files(request, body) is { } files
            ? FeatureRepository.Parse([.. files.Select(file => (file.Name, file.Text))])
            : FeatureRepository.Parse(("body", body));
    }

    /// <summary>Null for YAML, whatever type it is sent as.</summary>
    private static IReadOnlyList<DefinitionFile>? Files(HttpRequest request, string body)
    {
        try
        {
            return request.HasJsonContentType() ? Json.Read<DefinitionFiles>(body).Files : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
