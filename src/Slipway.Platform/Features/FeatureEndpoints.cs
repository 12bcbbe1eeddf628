using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Slipway.Core.Data;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Sources;
using Slipway.Platform.Foundation.Analytics;

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
        api.MapPost("online", OnlineAsync).Needs(Role.Viewer);
        api.MapPost("plan", PlanAsync).Needs(Role.Viewer);
        api.MapPost("apply", ApplyAsync);
        api.MapGet(
            "entities", (FeatureRegistryService registry, CancellationToken cancel) => ListAsync(DefinitionKind.Entity, registry, cancel));
        api.MapGet(
            "views", (FeatureRegistryService registry, CancellationToken cancel) => ListAsync(DefinitionKind.View, registry, cancel));
        api.MapGet(
            "services", (FeatureRegistryService registry, CancellationToken cancel) => ListAsync(DefinitionKind.Service, registry, cancel));
        return routes;
    }

    private static async Task<Ok<OnlineResponse>> OnlineAsync(
        OnlineRequest request, FeatureRegistryService registry, OnlineFeatures features, CancellationToken cancel)
    {
        var plan = await registry.GetServiceAsync(request.Service, cancel);
        var rows = JsonColumns.Read(
            request.Entities,
            [.. plan.Inputs.Select(input => input.Column)],
            [new ColumnSchema(StoredView.EventTimestamp, DataType.Timestamp)]);
        var answer = await features.ExplainAsync(request.Service, rows, cancel);
        var columns = answer.Values.Columns;
        return TypedResults.Ok(new OnlineResponse(
            plan.Name, plan.Version, [.. columns.Select(c => c.Name)], columns.ToDictionary(c => c.Name, JsonColumns.Write),
            columns.Select((c, i) => (c.Name, answer.Statuses[i])).ToDictionary(c => c.Name, c => c.Item2),
            columns.Select((c, i) => (c.Name, answer.EventTimes[i])).ToDictionary(c => c.Name, c => Array.ConvertAll(c.Item2, Time))));
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

    private static DateTimeOffset? Time(long microseconds) => microseconds == 0 ? null : Microseconds.ToDateTimeOffset(microseconds);
}
