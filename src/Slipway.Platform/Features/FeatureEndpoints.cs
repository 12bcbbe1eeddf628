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

namespace Slipway.Platform.Features;

/// <param name="Entities">Per column its values: join keys after their mapping, request data, optionally <c>event_timestamp</c>.</param>
public sealed record OnlineRequest(string Service, JsonElement Entities);

/// <summary>All by column, one entry per row of the request.</summary>
/// <param name="EventTimes">Since when a value holds; null for what is computed or absent.</param>
public sealed record OnlineResponse(
    string Service, int Version, IReadOnlyList<string> Columns, IReadOnlyDictionary<string, object?[]> Values,
    IReadOnlyDictionary<string, FeatureStatus[]> Statuses, IReadOnlyDictionary<string, DateTimeOffset?[]> EventTimes);

internal static class FeatureEndpoints
{
    public static IEndpointRouteBuilder Map(IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/v1/features").WithTags("Features");
        api.MapPost("online", OnlineAsync).Needs(Role.Viewer).Produces<OnlineResponse>();
        api.MapPost("plan", PlanAsync).Needs(Role.Viewer);
        api.MapPost("apply", ApplyAsync);
        api.MapPost("erase", EraseAsync).Needs(Role.Admin).WithSummary("Remove entities from everything that features are read from");
        api.MapPost("erase/lift", LiftAsync).Needs(Role.Admin).WithSummary("Let what sources still hold about entities count again");
        api.MapGet(
            "entities", (FeatureRegistryService registry, CancellationToken cancel) => ListAsync(DefinitionKind.Entity, registry, cancel));
        api.MapGet(
            "views", (FeatureRegistryService registry, CancellationToken cancel) => ListAsync(DefinitionKind.View, registry, cancel));
        api.MapGet(
            "services", (FeatureRegistryService registry, CancellationToken cancel) => ListAsync(DefinitionKind.Service, registry, cancel));
        return routes;
    }

    private static async Task<IResult> OnlineAsync(
        OnlineRequest request, FeatureRegistryService registry, OnlineFeatures features, CancellationToken cancel)
    {
        var plan = await registry.GetServiceAsync(request.Service, cancel);
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
        HttpRequest request, FeatureRegistryService registry, CancellationToken cancel) =>
        TypedResults.Ok(await registry.PlanAsync(await ReadAsync(request, cancel), cancel));

    private static async Task<Ok<IReadOnlyList<DefinitionChange>>> ApplyAsync(
        HttpRequest request, Actor actor, FeatureRegistryService registry, CancellationToken cancel) =>
        TypedResults.Ok(await registry.ApplyAsync(await ReadAsync(request, cancel), actor, cancel));

    private static async Task<Ok<IReadOnlyList<StoredDefinition>>> ListAsync(
        DefinitionKind kind, FeatureRegistryService registry, CancellationToken cancel) => TypedResults.Ok(await registry.ListAsync(kind, cancel));

    private static async Task<FeatureRepository> ReadAsync(HttpRequest request, CancellationToken cancel)
    {
        using var reader = new StreamReader(request.Body);
        return FeatureRepository.Parse(("body", await reader.ReadToEndAsync(cancel)));
    }
}
