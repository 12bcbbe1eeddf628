using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests;

public sealed class OtlpTests
{
    [Fact]
    public async Task Traces_and_metrics_reach_a_collector()
    {
        var received = new ConcurrentDictionary<string, string>();
        await using var collector = await StartCollectorAsync(received);
        await using (var server = await SlipwayServer.StartAsync("--otlp-endpoint", collector.Urls.Single()))
        {
            await server.Http.GetStringAsync("/healthz");
            Assert.Equal(0, await server.StopAsync());
        }

        var traces = received["/opentelemetry.proto.collector.trace.v1.TraceService/Export"];
        Assert.Contains("GET /healthz", traces, StringComparison.Ordinal);
        Assert.Contains("slipway", traces, StringComparison.Ordinal);
        var metrics = received["/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"];
        Assert.Contains("http.server.request.duration", metrics, StringComparison.Ordinal);
    }

    /// <remarks>Keeps the bodies as text: protobuf stores strings as they are.</remarks>
    private static async Task<WebApplication> StartCollectorAsync(ConcurrentDictionary<string, string> received)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(
            System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        var app = builder.Build();
        app.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            received.AddOrUpdate(
                context.Request.Path, Encoding.Latin1.GetString(body.ToArray()), (_, before) => before + Encoding.Latin1.GetString(body.ToArray()));

            // An empty message in gRPC's framing, then the status.
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(new byte[5]);
            context.Response.AppendTrailer("grpc-status", "0");
        });
        await app.StartAsync();
        return app;
    }
}
