using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Slipway.Platform.Foundation.Jobs;

namespace Slipway.Platform.Foundation;

public static class FoundationEndpoints
{
    public static IEndpointRouteBuilder MapFoundation(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1").WithTags("jobs");
        group.MapGet("/jobs", ListJobsAsync).WithSummary("Jobs, newest first; state=dead lists the dead letters");
        group.MapGet("/jobs/{id}", GetJobAsync);
        group.MapPost("/jobs/{id}/requeue", RequeueAsync).WithSummary("Give a dead job its attempts back");
        group.MapGet("/schedules", ListSchedulesAsync);
        return routes;
    }

    private static async Task<Ok<List<Job>>> ListJobsAsync(
        JobService jobs, CancellationToken cancel, JobState? state = null, string? after = null, int limit = 100) =>
        TypedResults.Ok(await jobs.ListAsync(state, after, limit, cancel));

    private static async Task<Ok<Job>> GetJobAsync(string id, JobService jobs, CancellationToken cancel) =>
        TypedResults.Ok(await jobs.GetAsync(id, cancel));

    private static async Task<NoContent> RequeueAsync(string id, JobService jobs, CancellationToken cancel)
    {
        await jobs.RequeueAsync(id, cancel);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<List<Schedule>>> ListSchedulesAsync(ScheduleService schedules, CancellationToken cancel) =>
        TypedResults.Ok(await schedules.ListAsync(cancel));
}
