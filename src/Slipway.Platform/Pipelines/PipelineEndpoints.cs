using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Slipway.Platform.Pipelines;

/// <summary>What a caller sends to start a run.</summary>
/// <param name="Cause">A pipeline runs once for one cause; a new one is made when absent.</param>
public sealed record StartPipeline(string? Cause, JsonObject? Parameters);

public static class PipelineEndpoints
{
    public static IEndpointRouteBuilder MapPipelines(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1").WithTags("pipelines");
        group.MapGet("/pipelines", ListAsync);
        group.MapPut("/pipelines", PutAsync).WithSummary("Add or replace a pipeline, as YAML").Accepts<string>("application/yaml", "application/json", "text/plain");
        group.MapGet("/pipelines/{name}", GetAsync);
        group.MapPost("/pipelines/{name}/runs", StartAsync).WithSummary("Start a run; the same cause again gives the same run");
        group.MapGet("/pipeline-runs", ListRunsAsync).WithSummary("Runs, newest first, without their steps");
        group.MapGet("/pipeline-runs/{id}", GetRunAsync);
        group.MapPost("/pipeline-runs/{id}/retry", RetryAsync).WithSummary("Run what has not succeeded again");
        return routes;
    }

    private static async Task<Ok<List<PipelineDefinition>>> ListAsync(PipelineService pipelines, CancellationToken cancel) =>
        TypedResults.Ok(await pipelines.ListAsync(cancel));

    private static async Task<Ok<PipelineDefinition>> PutAsync(HttpRequest request, PipelineService pipelines, CancellationToken cancel)
    {
        using var body = new StreamReader(request.Body);
        var definition = PipelineYaml.Parse(await body.ReadToEndAsync(cancel), "body");
        await pipelines.PutAsync(definition, cancel);
        return TypedResults.Ok(definition);
    }

    private static async Task<Ok<PipelineDefinition>> GetAsync(string name, PipelineService pipelines, CancellationToken cancel) =>
        TypedResults.Ok(await pipelines.GetAsync(name, cancel));

    private static async Task<Ok<PipelineRun>> StartAsync(
        string name, StartPipeline start, PipelineService pipelines, CancellationToken cancel)
    {
        var id = await pipelines.StartAsync(name, start.Cause ?? $"request:{Guid.CreateVersion7():N}", start.Parameters, cancel);
        return TypedResults.Ok(await pipelines.GetRunAsync(id, cancel));
    }

    private static async Task<Ok<List<PipelineRun>>> ListRunsAsync(
        PipelineService pipelines, CancellationToken cancel, string? pipeline = null, PipelineState? state = null, string? after = null,
        int limit = 100) => TypedResults.Ok(await pipelines.ListRunsAsync(pipeline, state, after, limit, cancel));

    private static async Task<Ok<PipelineRun>> GetRunAsync(string id, PipelineService pipelines, CancellationToken cancel) =>
        TypedResults.Ok(await pipelines.GetRunAsync(id, cancel));

    private static async Task<NoContent> RetryAsync(string id, PipelineService pipelines, CancellationToken cancel)
    {
        await pipelines.RetryAsync(id, cancel);
        return TypedResults.NoContent();
    }
}
