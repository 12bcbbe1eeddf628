using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Tracking.Garbage;

namespace Slipway.Platform.Tracking;

public sealed record FinishRequest([property: JsonRequired] RunStatus Status, long? EndMs);

/// <param name="Filter">In the grammar of MLflow's search; all runs when absent.</param>
/// <param name="Limit">1 to 50,000.</param>
public sealed record RunSearchRequest(
    [property: JsonRequired] IReadOnlyList<long> ExperimentIds, string? Filter = null, IReadOnlyList<string>? OrderBy = null,
    RunView View = RunView.Active, string? PageToken = null, int Limit = 100);

public static class TrackingEndpoints
{
    public static IEndpointRouteBuilder MapTracking(this IEndpointRouteBuilder routes)
    {
        routes.MapExperiments();
        routes.MapLoggedModels();

        var runs = routes.MapGroup("/api/v1/runs").WithTags("Runs");
        runs.MapPost("", StartAsync);
        runs.MapGet("", SearchAsync);
        runs.MapPost("search", FindAsync).ChecksInService().WithSummary("Search over experiments; the newest first unless orderBy says otherwise");
        runs.MapGet("{id}", GetAsync);
        runs.MapPatch("{id}", UpdateAsync).WithSummary("Change name, status or end; a run that ended can be resumed");
        runs.MapDelete("{id}", DeleteAsync).WithSummary("Soft-delete it");
        runs.MapPost("{id}/restore", RestoreAsync);
        runs.MapPost("{id}/links", LinkAsync).WithSummary("Note datasets and logged models that it read, and logged models that it made");
        runs.MapDelete("{id}/tags/{*key}", DeleteTagAsync);
        runs.MapPost("{id}/batch", LogBatchAsync);
        runs.MapPost("{id}/metrics", LogMetricsAsync);
        runs.MapGet("{id}/metrics/{*key}", HistoryAsync);
        runs.MapPost("{id}/params", LogParamsAsync);
        runs.MapPost("{id}/tags", SetTagsAsync);
        runs.MapPost("{id}/inputs", LogInputAsync);
        runs.MapPost("{id}/finish", FinishAsync);
        routes.MapArtifacts();
        routes.MapGarbage();
        return routes;
    }

    private static async Task<Created<Run>> StartAsync(
        RunStart start, Actor actor, TrackingService tracking, CancellationToken cancel)
    {
        var run = await tracking.StartRunAsync(actor, start, cancel);
        return TypedResults.Created($"/api/v1/runs/{run.Id}", run);
    }

    private static async Task<Ok<Page<RunDetail>>> SearchAsync(
        long experimentId, string? pageToken, int? limit, Actor actor, TrackingService tracking, CancellationToken cancel) =>
        TypedResults.Ok(await tracking.SearchRunsAsync(
            actor, new RunQuery([experimentId], null, [], RunView.Active, pageToken, limit ?? 100), cancel));

    private static async Task<Ok<Page<RunDetail>>> FindAsync(
        RunSearchRequest request, Actor actor, TrackingService tracking, CancellationToken cancel) =>
        TypedResults.Ok(await tracking.SearchRunsAsync(
            actor,
            new RunQuery(request.ExperimentIds, request.Filter, request.OrderBy ?? [], request.View, request.PageToken, request.Limit),
            cancel));

    private static async Task<Ok<RunDetail>> GetAsync(
        string id, Actor actor, TrackingService tracking, CancellationToken cancel) =>
        TypedResults.Ok(await tracking.GetRunAsync(actor, id, cancel));

    private static async Task<Ok<Run>> UpdateAsync(
        string id, RunChange change, Actor actor, RunService runs, CancellationToken cancel) =>
        TypedResults.Ok(await runs.UpdateAsync(actor, id, change, cancel));

    private static async Task<NoContent> DeleteAsync(string id, Actor actor, RunService runs, CancellationToken cancel)
    {
        await runs.DeleteAsync(actor, id, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> RestoreAsync(string id, Actor actor, RunService runs, CancellationToken cancel)
    {
        await runs.RestoreAsync(actor, id, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> LinkAsync(
        string id, RunLinks links, Actor actor, TrackingService tracking, CancellationToken cancel)
    {
        await tracking.LinkAsync(actor, id, links, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> DeleteTagAsync(
        string id, string key, Actor actor, RunService runs, CancellationToken cancel)
    {
        await runs.DeleteTagAsync(actor, id, key, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> LogBatchAsync(
        string id, LogBatch batch, Actor actor, TrackingService tracking, CancellationToken cancel)
    {
        await tracking.LogBatchAsync(actor, id, batch, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> LogMetricsAsync(
        string id, MetricPoint[] points, Actor actor, TrackingService tracking, CancellationToken cancel)
    {
        await tracking.LogMetricsAsync(actor, id, points, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<Page<MetricPoint>>> HistoryAsync(
        string id, string key, string? pageToken, int? limit, Actor actor, TrackingService tracking, CancellationToken cancel) =>
        TypedResults.Ok(await tracking.MetricHistoryAsync(actor, id, key, pageToken, limit ?? 1000, cancel));

    private static async Task<NoContent> LogParamsAsync(
        string id, Dictionary<string, string> values, Actor actor, TrackingService tracking, CancellationToken cancel)
    {
        await tracking.LogParamsAsync(actor, id, values, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> SetTagsAsync(
        string id, Dictionary<string, string> tags, Actor actor, TrackingService tracking, CancellationToken cancel)
    {
        await tracking.SetTagsAsync(actor, id, tags, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> LogInputAsync(
        string id, DatasetInput input, Actor actor, TrackingService tracking, CancellationToken cancel)
    {
        await tracking.LogInputAsync(actor, id, input, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<Run>> FinishAsync(
        string id, FinishRequest request, Actor actor, TrackingService tracking, CancellationToken cancel) =>
        TypedResults.Ok(await tracking.FinishRunAsync(actor, id, request.Status, cancel, request.EndMs));
}
