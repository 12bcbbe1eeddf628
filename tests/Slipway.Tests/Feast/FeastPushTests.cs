using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Slipway.Core.Data;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Features.Registry;

namespace Slipway.Tests.Feast;

/// <summary><c>/push</c>, by the bodies of the contract.</summary>
public sealed class FeastPushTests : IAsyncLifetime
{
    private const string Yaml =
        """
        entities:
          - {name: driver, join_keys: [{name: driver_id, type: int64}]}
        sources:
          - name: rides_push
            push: true
            columns: [{name: driver_id, type: int64}, {name: event_timestamp, type: timestamp}, {name: fare, type: float64}, {name: vip, type: bool}, {name: town, type: string}]
        feature_views:
          - {name: last_ride, kind: batch, entities: [driver], source: {name: rides_push}, features: [{name: fare, type: float64}, {name: vip, type: bool}, {name: town, type: string}]}
        feature_services:
          - {name: last_rides, features: [{view: last_ride, features: [fare]}]}
        """;

    private FeastHost host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        host = await FeastHost.StartAsync();
        await host.Running.Host.Services.GetRequiredService<FeatureRegistryService>()
            .ApplyAsync(FeatureRepository.Parse(("push.yaml", Yaml)), Actors.Local, Cancel);
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task Rows_are_read_online_at_once_and_are_in_no_training_set_unless_they_are_to_be()
    {
        Assert.Equal((200, ""), await host.PostAsync("/push",
            """
            {"push_source_name": "rides_push", "allow_registry_cache": true, "transform_on_write": false, "df": {
              "driver_id": [1, 1, 2], "event_timestamp": ["2024-01-01T10:00:00", 1704099600, "2024-01-01 10:00:00+00:00"],
              "fare": [10.5, 9.5, null], "vip": [true, false, null], "town": ["Ulm", "Bonn", null], "other": [{}, [], 0]}}
            """)); // 1704099600 is 09:00:00
        Assert.Equal((200, ""), await host.PostAsync("/push",
            """{"push_source_name":"rides_push","to":"offline","df":{"driver_id":[1],"event_timestamp":["2024-01-01T11:00:00Z"],"fare":[11]}}"""));
        var (_, body) = await host.PostAsync("/get-online-features", """{"features":["last_ride:fare","last_ride:town"],"entities":{"driver_id":[1,2]}}""");
        Assert.Equal("""[[10.5,null],["Ulm",null]]""", $"[{Values(body, 1)},{Values(body, 2)}]");
        Assert.Equal([null, 11.0], await TrainAsync(10, 12));

        Assert.Equal((200, ""), await host.PostAsync("/push",
            """{"push_source_name":"rides_push","to":"online_and_offline","df":{"driver_id":[1],"event_timestamp":["2024-01-01T12:00:00Z"],"fare":[12]}}"""));
        (_, body) = await host.PostAsync("/get-online-features", """{"features":["last_ride:fare"],"entities":{"driver_id":[1]}}""");
        Assert.Equal("[12]", Values(body, 1));
        Assert.Equal([12.0], await TrainAsync(12));
    }

    [Theory]
    [InlineData("""{"push_source_name":"none","df":{}}""", 422, "PushSourceNotFoundException")]
    [InlineData("""{"push_source_name":"rides_push","to":"both","df":{"driver_id":[1],"event_timestamp":[0]}}""", 500, "'to' must be online, offline or online_and_offline; got 'both'.")]
    [InlineData("""{"push_source_name":"rides_push"}""", 422, "\"missing\"")]
    [InlineData("""{"push_source_name":"rides_push","df":{"driver_id":[1]}}""", 422, "'df' must have the column 'event_timestamp'.")]
    [InlineData("""{"push_source_name":"rides_push","df":{"driver_id":[1],"event_timestamp":[0],"fare":["1"]}}""", 422, "Value 0 of 'fare' must be a float64; it is a JSON string.")]
    [InlineData("""{"push_source_name":"rides_push","df":{"driver_id":[1],"event_timestamp":[999999999999]}}""", 422, "must be within the years 1 to 9999.")]
    [InlineData("""{"push_source_name":"rides_push","df":{"driver_id":[1],"event_timestamp":[0]},"transform_on_write":"yes"}""", 422, "bool_type")]
    [InlineData("""{"df":{}}""", 422, "'push_source_name' is missing.")]
    public async Task A_push_that_cannot_be_taken_says_why(string request, int status, string part)
    {
        var (got, body) = await host.PostAsync("/push", request);
        Assert.Equal(status, got);
        Assert.Contains(part, body.Replace("\\u0027", "'", StringComparison.Ordinal).Replace("\\u0022", "\"", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    private static string Values(string body, int column) => JsonNode.Parse(body)!["results"]![column]!["values"]!.ToJsonString();

    /// <summary>The fare of driver 1 at hours of 2024-01-01.</summary>
    private async Task<object?[]> TrainAsync(params int[] hours)
    {
        var midnight = new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds();
        var training = await host.Running.Host.Services.GetRequiredService<TrainingSetService>().BuildAsync(
            "last_rides",
            new Table([
                Column.Int64("driver_id", [.. hours.Select(_ => 1L)]),
                Column.Timestamp("event_timestamp", [.. hours.Select(hour => (midnight + (hour * 3600)) * 1_000_000)])]),
            new Dictionary<string, SourceData>(), Cancel);
        return [.. hours.Select((_, row) => training["fare"].Value(row))];
    }
}
