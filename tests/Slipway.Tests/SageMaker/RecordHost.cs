using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Slipway.Configuration;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Registry;
using Slipway.Tests.Hosting;

namespace Slipway.Tests.SageMaker;

/// <summary>The real server at noon of 2024-01-02 with feature groups about drivers.</summary>
internal sealed class RecordHost : IAsyncDisposable
{
    public const string Yaml =
        """
        entities:
          - {name: driver, join_keys: [{name: driver_id, type: int64}]}
          - {name: place, join_keys: [{name: place, type: string}]}
          - {name: pair, join_keys: [{name: a, type: string}, {name: b, type: string}]}
        sources:
          - name: rides
            push: true
            columns: [{name: driver, type: int64}, {name: at, type: timestamp}, {name: trips, type: int64}, {name: rate, type: float64}, {name: vip, type: bool}, {name: town, type: string}]
          - {name: visits, push: true, columns: [{name: place, type: string}, {name: event_time, type: timestamp}, {name: visitors, type: int64}, {name: share, type: float32}]}
          - {name: pairs, push: true, columns: [{name: a, type: string}, {name: b, type: string}, {name: at, type: timestamp}, {name: n, type: int64}]}
        feature_views:
          - name: driver_stats
            kind: batch
            entities: [driver]
            source: {name: rides, event_timestamp: at, field_map: {driver: driver_id}}
            features: [{name: trips, type: int64}, {name: rate, type: float64}, {name: vip, type: bool}, {name: town, type: string}]
          - name: driver_town
            kind: batch
            entities: [driver]
            source: {name: rides, event_timestamp: at, field_map: {driver: driver_id}}
            features: [{name: town, type: string}]
          - {name: visits, kind: batch, entities: [place], ttl: 1h, source: {name: visits, event_timestamp: event_time}, features: [{name: visitors, type: int64}, {name: share, type: float32}]}
          - {name: busy, kind: batch, entities: [place], source: {name: visits, event_timestamp: event_time, filter: visitors > 10}, features: [{name: visitors, type: int64}]}
          - {name: pairs, kind: batch, entities: [pair], source: {name: pairs, event_timestamp: at}, features: [{name: n, type: int64}]}
          - name: filed
            kind: batch
            entities: [driver]
            source: {path: filed.parquet, columns: [{name: driver_id, type: int64}, {name: event_timestamp, type: timestamp}, {name: n, type: int64}]}
            features: [{name: n, type: int64}]
          - name: rides_1h
            kind: streaming
            entities: [driver]
            source: {name: rides, event_timestamp: at, field_map: {driver: driver_id}}
            hop: 1h
            max_out_of_orderness: 1m
            aggregations: [{name: rides, function: count, window: 1d}]
        """;

    private RecordHost(RunningHost running, FakeTimeProvider time) => (Running, Time) = (running, time);

    public RunningHost Running { get; }

    public FakeTimeProvider Time { get; }

    public static async Task<RecordHost> StartAsync(Func<SlipwayOptions, SlipwayOptions>? change = null)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2024, 1, 2, 12, 0, 0, TimeSpan.Zero));
        var host = new RecordHost(await RunningHost.StartAsync(change, services => services.AddSingleton<TimeProvider>(time)), time);
        await host.ApplyAsync(Yaml);
        return host;
    }

    public Task ApplyAsync(string yaml) => Running.Host.Services.GetRequiredService<FeatureRegistryService>()
        .ApplyAsync(FeatureRepository.Parse(("drivers.yaml", yaml)), Actors.Local, TestContext.Current.CancellationToken);

    /// <summary>Body and status of the answer, and what the error header says.</summary>
    public async Task<(int Status, string Body, string? Error)> SendAsync(
        string method, string tail, string body = "", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), tail);
        request.Content = body.Length == 0 ? null : new StringContent(body, Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        using var response = await Running.Http.SendAsync(request, TestContext.Current.CancellationToken);
        var error = response.Headers.TryGetValues("x-amzn-ErrorType", out var types) ? types.Single() : null;
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), error);
    }

    /// <param name="values">As <c>driver_id=1001 at=2024-01-02T10:00:00Z trips=7</c>.</param>
    /// <param name="more">Members beside the record, as <c>,"TargetStores":["OnlineStore"]</c>.</param>
    public async Task PutAsync(string group, string values, string more = "", params (string Name, string Value)[] headers) =>
        Assert.Equal((200, "", null), await SendAsync("PUT", $"/FeatureGroup/{group}", Record(values, more), headers));

    public static string Record(string values, string more = "") => $$"""{"Record":{{new JsonArray([.. values.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Select(pair => pair.Split('=', 2)).Select(pair => new JsonObject { ["FeatureName"] = pair[0], ["ValueAsString"] = pair[1] })]).ToJsonString()}}{{more}}}""";

    /// <summary>What a record holds, as <c>driver_id=1001 at=…</c>; empty where there is none.</summary>
    public async Task<string> GetAsync(string group, string identifier, string more = "")
    {
        var (status, body, _) = await SendAsync("GET", $"/FeatureGroup/{group}?RecordIdentifierValueAsString={identifier}{more}");
        Assert.True(status == 200, body);
        return string.Join(' ', (JsonNode.Parse(body)!["Record"]?.AsArray() ?? []).Select(value => $"{value!["FeatureName"]}={value["ValueAsString"]}"));
    }

    public async Task DeleteAsync(string group, string identifier, string eventTime, string more = "") =>
        Assert.Equal((200, "", null), await SendAsync(
            "DELETE", $"/FeatureGroup/{group}?RecordIdentifierValueAsString={identifier}&EventTime={Uri.EscapeDataString(eventTime)}{more}"));

    public ValueTask DisposeAsync() => Running.DisposeAsync();
}
