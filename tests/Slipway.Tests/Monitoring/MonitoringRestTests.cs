using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Slipway.Platform.Foundation;
using Slipway.Platform.Monitoring;

namespace Slipway.Tests.Monitoring;

/// <summary>The REST interface over a real socket, as docs/how-to/monitor-an-endpoint.md uses it.</summary>
public sealed class MonitoringRestTests() : MonitoredEndpoint(null)
{
    [Fact]
    public async Task An_endpoint_is_watched_over_http()
    {
        await using var app = await StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single() + "/api/v1/") };
        var traffic = new Traffic(50);
        const string yaml = """
            clock: event
            windows: [1d]
            features: [{name: a}, {name: b}, {name: c, type: categorical}]
            """;
        var monitor = await SendAsync(http, HttpMethod.Put, "endpoints/flights/monitor", yaml, "application/yaml");
        Assert.Equal("1d", (string?)monitor["definition"]!["windows"]![0]);
        var source = await SourceAsync("1.0.0", traffic.Of(-30, 10_000));
        var reference = await SendAsync(http, HttpMethod.Put, "endpoints/flights/monitor/reference", Json.Write(source));
        Assert.Equal(10_000, (int)reference["rows"]!);

        await LogAsync(traffic.Of(0, 1000, row => row[1] += 1));
        var done = await SendAsync(
            http, HttpMethod.Post, "endpoints/flights/monitor/advance", """{"watermark": "2001-05-16T00:00:00Z"}""");
        Assert.Equal((2, 1, 2), ((int)done["closed"]!, (int)done["judged"]!, (int)done["opened"]!));

        var windows = await SendAsync(http, HttpMethod.Get, "endpoints/flights/monitor/windows?window=1d&limit=1");
        Assert.Equal(0, (int)windows["items"]![0]!["predictions"]!);
        windows = await SendAsync(http, HttpMethod.Get, $"endpoints/flights/monitor/windows?window=1d&limit=1&pageToken={windows["nextPageToken"]}");
        Assert.Equal("bad", (string?)windows["items"]![0]!["drift"]);
        var drift = await SendAsync(
            http, HttpMethod.Get, "endpoints/flights/drift?feature=b&from=2001-05-14T00:00:00Z&to=2001-05-15T00:00:00Z");
        Assert.Equal("drift", (string?)Assert.Single((JsonArray)drift["items"]!)!["decision"]!["verdict"]);
        var quality = await SendAsync(http, HttpMethod.Get, "endpoints/flights/quality");
        Assert.Equal(1000, (int)((JsonArray)quality["items"]!)[^1]!["metrics"]!["count"]!);
        Assert.Empty((JsonArray)(await SendAsync(http, HttpMethod.Get, "endpoints/flights/monitor/triggers"))["items"]!);

        var alerts = (JsonArray)(await SendAsync(http, HttpMethod.Get, "alerts?endpoint=flights&state=open"))["items"]!;
        var alert = Assert.Single(alerts, a => (string?)a!["rule"] == "drift")!;
        var seen = await SendAsync(http, HttpMethod.Post, $"alerts/{alert["id"]}/acknowledge");
        Assert.Equal(("acknowledged", "local"), ((string?)seen["state"], (string?)seen["acknowledgedBy"]));
        Assert.Equal("b", (string?)(await SendAsync(http, HttpMethod.Get, $"alerts/{alert["id"]}"))["subject"]);
    }

    private async Task<WebApplication> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.ConfigureHttpJsonOptions(options => Json.Apply(options.SerializerOptions));
        builder.Services.AddSingleton(Monitoring).AddSingleton(Alerts);
        var app = builder.Build();
        app.MapMonitoring();
        await app.StartAsync(Cancel);
        return app;
    }

    private static async Task<JsonNode> SendAsync(
        HttpClient http, HttpMethod method, string address, string? body = null, string type = "application/json")
    {
        using var request = new HttpRequestMessage(method, address);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, type);
        using var response = await http.SendAsync(request, Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{method} {address}: {(int)response.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }
}
