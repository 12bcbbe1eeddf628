using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Serving.Predictions;
using Slipway.Platform.Serving.Rollouts;

namespace Slipway.Platform.Serving;

/// <param name="Name">The endpoint; it is created when it does not exist.</param>
/// <param name="Version">A semantic version, alias or stage.</param>
public sealed record DeployRequest(string Name, string Model, string Version, string? Reason, EndpointOptions? Options);

public sealed record TrafficRequest(IReadOnlyList<Variant> Variants, string? Reason);

public sealed record RollbackRequest(string? Reason);

/// <param name="Challenger">A semantic version, alias or stage.</param>
/// <param name="Plan">The defaults when null.</param>
public sealed record CanaryRequest(string Challenger, CanaryPlan? Plan, string? Cause, string? ApprovalId);

/// <param name="EventTime">RFC 3339; now when null.</param>
public sealed record OutcomeRequest(string PredictionId, double Value, string? EventTime);

/// <param name="Replace">Whether another value than the recorded one restates it.</param>
public sealed record FeedbackRequest(IReadOnlyList<OutcomeRequest> Outcomes, bool Replace);

public static class ServingEndpoints
{
    /// <summary>The native REST interface of serving, under <c>/api/v1</c>.</summary>
    public static IEndpointRouteBuilder MapServing(this IEndpointRouteBuilder routes)
    {
        var endpoints = routes.MapGroup("/api/v1/endpoints").WithTags("Serving");
        endpoints.MapPost("", DeployAsync);
        endpoints.MapGet("", ListAsync);
        endpoints.MapGet("{name}", GetAsync);
        endpoints.MapGet("{name}/history", HistoryAsync);
        endpoints.MapPut("{name}/traffic", SetTrafficAsync);
        endpoints.MapPost("{name}/rollback", RollbackAsync);
        endpoints.MapPost("{name}/predict", (Delegate)PredictAsync).Accepts<object>("application/json").Predicts();
        endpoints.MapGet("{name}/predictions/counts", CountsAsync);
        endpoints.MapPost("{name}/canary", StartCanaryAsync);
        endpoints.MapGet("{name}/canary", GetCanaryAsync);
        endpoints.MapPost("{name}/canary/evaluate", EvaluateCanaryAsync).WithSummary("Look at the canary now instead of within seconds");
        routes.MapPost("/api/v1/feedback", FeedbackAsync).WithTags("Serving").TakesOutcomes();
        return routes;
    }

    private static async Task<Created<Endpoint>> DeployAsync(
        DeployRequest request, Actor actor, ServingService serving, CancellationToken cancel)
    {
        var endpoint = await serving.DeployAsync(
            request.Name, request.Model, request.Version, actor, request.Reason ?? "", cancel, request.Options);
        return TypedResults.Created($"/api/v1/endpoints/{endpoint.Name}", endpoint);
    }

    private static async Task<Ok<Page<Endpoint>>> ListAsync(
        string? pageToken, int? limit, ServingService serving, CancellationToken cancel) =>
        TypedResults.Ok(await serving.ListAsync(pageToken, limit ?? 100, cancel));

    private static async Task<Ok<Endpoint>> GetAsync(string name, ServingService serving, CancellationToken cancel) =>
        TypedResults.Ok(await serving.GetAsync(name, cancel));

    private static async Task<Ok<List<EndpointRevision>>> HistoryAsync(
        string name, long? before, int? limit, ServingService serving, CancellationToken cancel) =>
        TypedResults.Ok(await serving.HistoryAsync(name, before, limit ?? 100, cancel));

    private static async Task<Ok<Endpoint>> SetTrafficAsync(
        string name, TrafficRequest request, Actor actor, ServingService serving, CancellationToken cancel) =>
        TypedResults.Ok(await serving.SetTrafficAsync(name, request.Variants, actor, request.Reason ?? "", cancel));

    private static async Task<Ok<Endpoint>> RollbackAsync(
        string name, RollbackRequest request, Actor actor, ServingService serving, CancellationToken cancel) =>
        TypedResults.Ok(await serving.RollbackAsync(name, actor, request.Reason ?? "", cancel));

    private static async Task PredictAsync(string name, HttpContext context, ServingService serving)
    {
        var actor = Actors.Of(context);
        serving.RequirePredict(name, actor);
        var request = await PredictBody.ReadAsync(context.Request.BodyReader, context.RequestAborted);
        var answer = await serving.PredictAsync(
            name, request with { Options = request.Options with { Caller = actor.Name } }, context.RequestAborted);
        context.Response.ContentType = "application/json";
        PredictBody.Write(context.Response.BodyWriter, answer);
    }

    private static async Task<Ok<PredictionCounts>> CountsAsync(string name, PredictionReader predictions, CancellationToken cancel) =>
        TypedResults.Ok(await predictions.CountsAsync(name, cancel));

    private static async Task<Created<Rollout>> StartCanaryAsync(
        string name, CanaryRequest request, Actor actor, RolloutService rollouts, CancellationToken cancel)
    {
        var rollout = await rollouts.StartAsync(
            name, request.Challenger, request.Plan ?? new CanaryPlan(), actor, request.Cause ?? "", cancel, request.ApprovalId);
        return TypedResults.Created($"/api/v1/endpoints/{name}/canary", rollout);
    }

    private static async Task<Ok<Rollout>> GetCanaryAsync(string name, RolloutService rollouts, CancellationToken cancel) =>
        TypedResults.Ok(await rollouts.GetAsync(name, cancel));

    private static async Task<Ok<Rollout>> EvaluateCanaryAsync(string name, RolloutService rollouts, CancellationToken cancel) =>
        TypedResults.Ok(await rollouts.EvaluateAsync(name, cancel) ?? await rollouts.GetAsync(name, cancel));

    private static async Task<Ok<FeedbackReceipt>> FeedbackAsync(
        FeedbackRequest request, Actor actor, FeedbackService feedback, CancellationToken cancel)
    {
        var outcomes = request.Outcomes.Select(o => new Outcome(o.PredictionId, o.Value, TimeOf(o))).ToList();
        return TypedResults.Ok(await feedback.RecordAsync(actor, outcomes, request.Replace, cancel));
    }

    private static long? TimeOf(OutcomeRequest outcome) => outcome.EventTime switch
    {
        null => null,
        var text when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) =>
            Microseconds.From(time),
        var text => throw SlipwayException.Invalid($"eventTime '{text}' of prediction '{outcome.PredictionId}' is not an RFC 3339 time."),
    };
}
