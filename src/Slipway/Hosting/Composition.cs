using Microsoft.AspNetCore.Http.Json;
using Slipway.Configuration;

namespace Slipway.Hosting;

/// <summary>What the server consists of. A module is added here twice: its services, and its endpoints.</summary>
internal static class Composition
{
    public static IServiceCollection AddSlipway(this IServiceCollection services, SlipwayOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(TimeProvider.System);
        services.AddRouting();
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.Configure<JsonOptions>(json => Json.Configure(json.SerializerOptions));
        services.AddOpenApi(openApi => openApi.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new() { Title = "Slipway", Version = ProductVersion.Current.Version };
            return Task.CompletedTask;
        }));
        services.AddHealth();
        services.AddTelemetry(options);
        services.AddHostedService<Draining>();
        return services;
    }

    public static void MapSlipway(this WebApplication app)
    {
        app.UseMiddleware<ProblemMiddleware>();
        app.UseRouting();
        app.MapHealth();
        app.MapOpenApi();
        app.MapPrometheusScrapingEndpoint("/metrics");
    }
}
