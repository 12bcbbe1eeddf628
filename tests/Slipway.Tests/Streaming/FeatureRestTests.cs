using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Slipway.Tests.Hosting;

namespace Slipway.Tests.Streaming;

/// <summary>The REST interface of Features and Streaming over a real socket, as the how-to pages use it.</summary>
public sealed class FeatureRestTests : IAsyncLifetime
{
    private const string Yaml =
        """
        entities:
          - {name: sensor, join_keys: [{name: sensor, type: string}]}
        sources:
          - {name: readings, topic: readings, columns: [{name: sensor, type: string}, {name: at, type: timestamp}, {name: value, type: float64}]}
        feature_views:
          - name: load
            kind: streaming
            entities: [sensor]
            source: {name: readings, event_timestamp: at}
            hop: 10m
            aggregations: [{name: mean_1h, function: mean, input: value, window: 1h}]
          - name: reading
            kind: on_demand
            inputs: [{name: value, type: float64}]
            from: [{view: load}]
            features: [{name: excess, type: float64, expression: value - load__mean_1h}]
        feature_services:
          - {name: loads, features: [{view: load}, {view: reading}]}
        """;

    private RunningHost host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => host = await RunningHost.StartAsync();

    public ValueTask DisposeAsync() => host.DisposeAsync();

    private async Task<JsonNode> SendAsync(string address, string? body, HttpStatusCode expected = HttpStatusCode.OK, string type = "application/json")
    {
        using var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, "/api/v1/" + address);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, type);
        using var response = await host.Http.SendAsync(request, Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(expected == response.StatusCode, $"{address}: {(int)response.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }

    [Fact]
    public async Task Definitions_are_applied_events_pushed_and_features_read()
    {
        var planned = await SendAsync("features/plan", Yaml, type: "application/yaml");
        Assert.Equal("""{"kind":"view","name":"load","action":"create","to":1}""", planned[1]!.ToJsonString());
        await SendAsync("features/apply", Yaml, type: "application/yaml");
        Assert.Equal(["load", "reading"], (await SendAsync("features/views", null)).AsArray().Select(v => (string)v!["name"]!));
        Assert.Equal("loads", (string)(await SendAsync("features/services", null))[0]!["name"]!);

        var pushed = await SendAsync("topics/readings/events",
            """
            {"events": [
               {"id": "r1", "time": "2026-01-01T08:01:00Z", "sensor": "a", "at": "2026-01-01T08:01:00Z", "value": 4},
               {"id": "r2", "time": "2026-01-01T08:02:00Z", "sensor": "a", "at": "2026-01-01T08:02:00Z", "value": 6},
               {"id": "r3", "time": "2026-01-01T08:02:00Z", "sensor": "a", "at": "2026-01-01T08:02:00Z", "value": "6"}],
             "watermark": "2026-01-01T08:10:00Z", "wait": true}
            """);
        Assert.Equal("""{"added":3,"duplicates":0,"endOffset":4}""", pushed.ToJsonString());

        var online = await SendAsync("features/online", """{"service": "loads", "entities": {"sensor": ["a", "b"], "value": [7, 7]}}""");
        Assert.Equal("""["mean_1h","excess"]""", online["columns"]!.ToJsonString());
        Assert.Equal("""{"mean_1h":[5,null],"excess":[2,null]}""", online["values"]!.ToJsonString());
        Assert.Equal(
            """{"mean_1h":["present","not_found"],"excess":["present","null_value"]}""", online["statuses"]!.ToJsonString());
        Assert.Equal("2026-01-01T08:10:00+00:00", (string)online["eventTimes"]!["mean_1h"]![0]!);

        var topic = await SendAsync("topics/readings", null);
        Assert.Equal((4, 0, 1), ((int)topic["endOffset"]!, (int)topic["views"]![0]!["lag"]!, (int)topic["views"]![0]!["deadLetters"]!));
        var letter = (await SendAsync("dead-letters?topic=readings", null))["items"]![0]!;
        Assert.Equal("Field 'value' must be a number; got \"6\".", (string)letter["cause"]!);
    }

    [Theory]
    [InlineData("features/online", """{"service": "none", "entities": {}}""", HttpStatusCode.NotFound, "There is no feature service 'none'; there are none.")]
    [InlineData("topics/t/events", """{"events": [{"time": "2026-01-01T08:01:00Z"}]}""", HttpStatusCode.BadRequest, "events[0] must be an object with a string 'id'.")]
    [InlineData("topics/t/events", """{"events": [{"id": "a", "time": 5}]}""", HttpStatusCode.BadRequest, "events[0] ('a') must have an ISO 8601 'time'.")]
    [InlineData("features/apply", "entities: [{nam: x}]", HttpStatusCode.BadRequest, "body:1:12: 'name' is missing.")]
    public async Task A_mistake_is_answered_with_what_is_wrong(string address, string body, HttpStatusCode status, string detail) =>
        Assert.Equal(detail, (string)(await SendAsync(address, body, status))["detail"]!);

    [Fact]
    public async Task A_request_with_an_unknown_or_ill_typed_input_is_refused()
    {
        await SendAsync("features/apply", Yaml, type: "application/yaml");
        var unknown = await SendAsync("features/online", """{"service": "loads", "entities": {"sensr": ["a"]}}""", HttpStatusCode.BadRequest);
        Assert.Equal("There is no input 'sensr'; known are sensor, value, event_timestamp.", (string)unknown["detail"]!);
        var typed = await SendAsync("features/online", """{"service": "loads", "entities": {"sensor": ["a", 5], "value": [1, 1]}}""", HttpStatusCode.BadRequest);
        Assert.Equal("Row 1: Field 'sensor' must be a string; got 5.", (string)typed["detail"]!);
    }
}
