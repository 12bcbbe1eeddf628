using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Slipway.Platform.Foundation;

namespace Slipway.Hosting;

/// <summary><c>/healthz</c>, <c>/livez</c>: the process lives. <c>/readyz</c>: it should get traffic. The same over gRPC's health service.</summary>
internal static class HealthEndpoints
{
    public static void AddHealth(this IServiceCollection services)
    {
        services.AddSingleton<Readiness>();
        services.AddGrpc();
        services.AddGrpcHealthChecks(health => health.Services.Map("", _ => true))
            .AddCheck<ReadinessCheck>("ready");

        // Watchers learn of a change by the publisher; a call of Check asks afresh.
        services.Configure<HealthCheckPublisherOptions>(publisher =>
        {
            publisher.Delay = TimeSpan.Zero;
            publisher.Period = TimeSpan.FromSeconds(1);
        });
    }

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        // Probes have no keys.
        routes.MapGet("/healthz", () => TypedResults.Text("ok\n")).AllowAnonymous().ExcludeFromDescription();
        routes.MapGet("/livez", () => TypedResults.Text("ok\n")).AllowAnonymous().ExcludeFromDescription();
        routes.MapGet("/readyz", Ready).AllowAnonymous().ExcludeFromDescription();
        routes.MapGrpcHealthChecksService().Add(Open);
    }

    /// <remarks>With the service comes a route that answers for all services there are not; that one stays closed.</remarks>
    private static void Open(EndpointBuilder route)
    {
        if (route is RouteEndpointBuilder { RoutePattern.RawText: { } pattern } && pattern.TrimStart('/').StartsWith("grpc.health.v1.", StringComparison.Ordinal))
        {
            route.Metadata.Add(new AllowAnonymousAttribute());
        }
    }

    private static async Task Ready(HttpContext context, Readiness readiness)
    {
        var reasons = readiness.Reasons;
        if (reasons.Count == 0)
        {
            await context.Response.WriteAsync("ready\n", context.RequestAborted);
            return;
        }

        var detail = string.Join("; ", reasons.Select(reason => $"{reason.Key}: {reason.Value}"));
        await Problem.Create(context, StatusCodes.Status503ServiceUnavailable, detail).WriteAsync(context);
    }

    private sealed class ReadinessCheck(Readiness readiness) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(readiness.IsReady ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy());
    }
}
