using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Monitoring;

/// <param name="Watermark">How far event time has come.</param>
public sealed record AdvanceRequest(DateTimeOffset Watermark);

public static class MonitoringEndpoints
{
    private const int MaxDefinitionBytes = 1 << 20;

    public static IEndpointRouteBuilder MapMonitoring(this IEndpointRouteBuilder routes)
    {
        var endpoints = routes.MapGroup("/api/v1/endpoints/{name}").WithTags("Monitoring");
        endpoints.MapPut("monitor", PutAsync).Accepts<string>("application/yaml", "application/json");
        endpoints.MapGet("monitor", GetAsync);
        endpoints.MapPut("monitor/reference", RebaseAsync);
        endpoints.MapPost("monitor/advance", AdvanceAsync);
        endpoints.MapGet("monitor/windows", WindowsAsync);
        endpoints.MapGet("monitor/triggers", TriggersAsync);
        endpoints.MapGet("drift", DriftAsync);
        endpoints.MapGet("quality", QualityAsync);

        var alerts = routes.MapGroup("/api/v1/alerts").WithTags("Alerts");
        alerts.MapGet("", AlertsAsync);
        alerts.MapGet("{id}", AlertAsync);
        alerts.MapPost("{id}/acknowledge", AcknowledgeAsync);
        return routes;
    }

    private static async Task<Ok<EndpointMonitor>> PutAsync(
        string name, HttpRequest request, Actor actor, MonitoringService monitoring, CancellationToken cancel)
    {
        await monitoring.PutAsync(MonitorYaml.Parse(await ReadTextAsync(request, cancel), "monitor", name), actor, cancel);
        return TypedResults.Ok(await monitoring.GetAsync(name, cancel));
    }

    private static async Task<Ok<EndpointMonitor>> GetAsync(string name, MonitoringService monitoring, CancellationToken cancel) =>
        TypedResults.Ok(await monitoring.GetAsync(name, cancel));

    private static async Task<Ok<ReferenceSummary>> RebaseAsync(
        string name, ReferenceSource source, Actor actor, MonitoringService monitoring, CancellationToken cancel) =>
        TypedResults.Ok(await monitoring.RebaseAsync(name, source, actor, cancel));

    private static async Task<Ok<AdvanceResult>> AdvanceAsync(
        string name, AdvanceRequest request, MonitoringService monitoring, CancellationToken cancel) =>
        TypedResults.Ok(await monitoring.AdvanceAsync(name, Microseconds.From(request.Watermark), cancel));

    private static async Task<Ok<Page<MonitorWindow>>> WindowsAsync(
        string name, string? window, string? pageToken, int? limit, MonitoringService monitoring, CancellationToken cancel)
    {
        WindowLength? length = window is null ? null : WindowLength.Parse(window);
        return TypedResults.Ok(await monitoring.WindowsAsync(name, length, pageToken, limit ?? 100, cancel));
    }

    private static async Task<Ok<Page<TriggerRecord>>> TriggersAsync(
        string name, string? pageToken, int? limit, MonitoringService monitoring, CancellationToken cancel) =>
        TypedResults.Ok(await monitoring.TriggersAsync(name, pageToken, limit ?? 100, cancel));

    private static async Task<Ok<Page<DriftResult>>> DriftAsync(
        string name, string? feature, DateTimeOffset? from, DateTimeOffset? to, string? pageToken, int? limit,
        MonitoringService monitoring, CancellationToken cancel) =>
        TypedResults.Ok(await monitoring.DriftAsync(name, feature, Time(from), Time(to), pageToken, limit ?? 100, cancel));

    private static async Task<Ok<Page<QualityResult>>> QualityAsync(
        string name, DateTimeOffset? from, DateTimeOffset? to, string? pageToken, int? limit, MonitoringService monitoring,
        CancellationToken cancel) =>
        TypedResults.Ok(await monitoring.QualityAsync(name, Time(from), Time(to), pageToken, limit ?? 100, cancel));

    private static async Task<Ok<Page<Alert>>> AlertsAsync(
        string? endpoint, string? state, string? pageToken, int? limit, AlertService alerts, CancellationToken cancel)
    {
        AlertState? wanted = state is null ? null : EnumName.Parse<AlertState>(state, "state of an alert");
        return TypedResults.Ok(await alerts.ListAsync(endpoint, wanted, pageToken, limit ?? 100, cancel));
    }

    private static async Task<Ok<Alert>> AlertAsync(string id, AlertService alerts, CancellationToken cancel) =>
        TypedResults.Ok(await alerts.GetAsync(id, cancel));

    private static async Task<Ok<Alert>> AcknowledgeAsync(
        string id, Actor actor, AlertService alerts, CancellationToken cancel) =>
        TypedResults.Ok(await alerts.AcknowledgeAsync(id, actor, cancel));

    private static long? Time(DateTimeOffset? time) => time is { } given ? Microseconds.From(given) : null;

    private static async Task<string> ReadTextAsync(HttpRequest request, CancellationToken cancel)
    {
        if (request.ContentLength > MaxDefinitionBytes)
        {
            throw new SlipwayException(
                ErrorKind.TooLarge, $"A monitor's definition has at most {MaxDefinitionBytes} bytes; got {request.ContentLength}.");
        }

        using var reader = new StreamReader(request.Body);
        return await reader.ReadToEndAsync(cancel);
    }
}
