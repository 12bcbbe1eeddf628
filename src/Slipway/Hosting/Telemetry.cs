using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Slipway.Configuration;

namespace Slipway.Hosting;

/// <summary>Metrics for Prometheus at <c>/metrics</c>; with an OTLP endpoint, metrics and traces are pushed there as well.</summary>
internal static class Telemetry
{
    /// <summary>A module's meter or activity source is collected when its name starts like this.</summary>
    public const string SourcePattern = "Slipway.*";

    public static void AddTelemetry(this IServiceCollection services, SlipwayOptions options)
    {
        var telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("slipway", serviceVersion: ProductVersion.Current.Version))
            .WithMetrics(metrics => AddMetrics(metrics, options));

        // Without a receiver a trace would cost every request and reach nobody.
        if (options.OtlpEndpoint is not null)
        {
            telemetry.WithTracing(tracing => tracing
                .AddSource(SourcePattern, "Npgsql")
                .AddAspNetCoreInstrumentation()
                .AddHttpClientInstrumentation()
                .AddOtlpExporter(otlp => otlp.Endpoint = options.OtlpEndpoint));
        }
    }

    private static void AddMetrics(MeterProviderBuilder metrics, SlipwayOptions options)
    {
        metrics
            .AddMeter(SourcePattern, "System.Runtime", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Npgsql")
            .AddPrometheusExporter();
        if (options.OtlpEndpoint is not null)
        {
            metrics.AddOtlpExporter(otlp => otlp.Endpoint = options.OtlpEndpoint);
        }
    }
}
