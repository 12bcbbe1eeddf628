using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Grpc.Core;
using Grpc.Net.Client;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Protocols.Feast.Wire;
using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests.Features;

/// <summary>Feast's calls over the sockets of a real server that asks who calls.</summary>
public sealed class FeastTests : IAsyncLifetime
{
    private const string Yaml =
        """
        entities:
          - {name: driver, join_keys: [{name: driver_id, type: int64}]}
        sources:
          - {name: rides_push, push: true, columns: [{name: driver_id, type: int64}, {name: event_timestamp, type: timestamp}, {name: fare, type: float64}]}
        feature_views:
          - {name: stats, kind: batch, entities: [driver], source: {path: stats.parquet, event_timestamp: event_timestamp}, features: [{name: trips, type: int64}, {name: rate, type: float32}]}
          - {name: last_ride, kind: batch, entities: [driver], source: {name: rides_push}, features: [{name: fare, type: float64}]}
        feature_services:
          - {name: drivers, features: [{view: stats}, {view: last_ride}]}
        """;

    private const string Ask = """{"feature_service":"drivers","entities":{"driver_id":[1001,1002]}}""";

    private readonly TempFolder folder = new();
    private SlipwayServer server = null!;
    private string key = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        using var analytics = new AnalyticsEngine(new AnalyticsOptions());
        await analytics.RunAsync(
            session =>
            {
                session.WriteParquet(
                    """
                    select * from (values
                      (1001::bigint, timestamp '2024-01-01 10:00:00', 7::bigint, 0.1::float), (1001, timestamp '2024-01-03 10:00:00', 9, 0.5),
                      (1002, timestamp '2024-01-03 10:00:00', 8, null)) t(driver_id, event_timestamp, trips, rate)
                    """,
                    folder.Combine("stats.parquet"));
                return 0;
            },
            Cancel);
        var made = await SlipwayProcess.RunAsync(["keys", "create", "--admin", "ada", "--data", folder.Combine("data")], folder.FullPath);
        key = made.Output.Trim();
        server = await SlipwayServer.StartOnAsync(folder.Combine("data"), "--feature-sources", folder.FullPath);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("/api/v1/features/apply", Yaml)).Status);
    }

    public async ValueTask DisposeAsync()
    {
        await (server?.DisposeAsync() ?? ValueTask.CompletedTask);
        folder.Dispose();
    }

    [Fact]
    public async Task Rows_are_materialised_written_pushed_and_read_and_outlive_the_process()
    {
        Assert.Equal((HttpStatusCode.OK, "null"), await SendAsync(
            "/materialize", """{"start_ts":"2024-01-01T00:00:00","end_ts":"2024-01-02T00:00:00","feature_views":["stats"]}"""));
        Assert.Equal("""[[7,null],[0.10000000149011612,null],[null,null]]""", await ValuesAsync());

        Assert.Equal((HttpStatusCode.OK, "null"), await SendAsync("/materialize-incremental", """{"end_ts":"2024-01-04T00:00:00"}"""));
        Assert.Equal((HttpStatusCode.OK, "null"), await SendAsync(
            "/write-to-online-store", """{"feature_view_name":"stats","df":{"driver_id":[1002],"event_timestamp":["2024-01-03T11:00:00"],"trips":[80]}}"""));
        Assert.Equal((HttpStatusCode.OK, ""), await SendAsync(
            "/push", """{"push_source_name":"rides_push","df":{"driver_id":[1001],"event_timestamp":["2024-01-03T12:00:00"],"fare":[12.5]}}"""));
        Assert.Equal("""[[9,80],[0.5,null],[12.5,null]]""", await ValuesAsync());

        await server.KillAsync();
        await server.StartAgainAsync();
        Assert.Equal("""[[9,80],[0.5,null],[12.5,null]]""", await ValuesAsync());
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync("/health", Cancel)).StatusCode);
    }

    [Fact]
    public async Task Errors_are_those_that_clients_know()
    {
        var (status, body) = await SendAsync("/get-online-features", """{"features":["none:x"],"entities":{"driver_id":[1]}}""");
        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.Equal("FeatureViewNotFoundException", (string)JsonNode.Parse((string)JsonNode.Parse(body)!)!["class"]!);
        (status, body) = await SendAsync("/push", """{"push_source_name":"none","df":{}}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        Assert.Equal("PushSourceNotFoundException", (string)JsonNode.Parse((string)JsonNode.Parse(body)!)!["class"]!);
        key = "guess";
        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync("/get-online-features", Ask)).Status);
    }

    [Fact]
    public async Task The_same_values_are_read_over_grpc_with_a_key_in_the_metadata()
    {
        await SendAsync("/materialize-incremental", """{"end_ts":"2024-01-04T00:00:00"}""");
        using var channel = GrpcChannel.ForAddress(server.GrpcAddress);
        var client = new ServingService.ServingServiceClient(channel);
        var request = new GetOnlineFeaturesRequest { FeatureService = "drivers" };
        request.Entities["driver_id"] = new RepeatedValue { Val = { new Value { Int64Val = 1001 }, new Value { Int64Val = 7 } } };
        var headers = new Metadata { { "authorization", $"Bearer {key}" } };

        var answer = await client.GetOnlineFeaturesAsync(request, headers, cancellationToken: Cancel);

        Assert.Equal(["driver_id", "trips", "rate", "fare"], answer.Metadata.FeatureNames.Val);
        Assert.Equal([9L, 0L], answer.Results[1].Values.Select(value => value.Int64Val));
        Assert.Equal([FieldStatus.Present, FieldStatus.NotFound], answer.Results[1].Statuses);
        Assert.Equal(0.5f, answer.Results[2].Values[0].FloatVal);
        Assert.Equal(new DateTime(2024, 1, 3, 10, 0, 0, DateTimeKind.Utc), answer.Results[1].EventTimestamps[0].ToDateTime());
        Assert.Matches(@"^\d+\.\d+", (await client.GetFeastServingInfoAsync(new GetFeastServingInfoRequest(), headers, cancellationToken: Cancel)).Version);

        request.FeatureService = "none";
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(async () => await client.GetOnlineFeaturesAsync(request, headers, cancellationToken: Cancel))).StatusCode);
        Assert.Equal(StatusCode.Unauthenticated, (await Assert.ThrowsAsync<RpcException>(async () => await client.GetOnlineFeaturesAsync(request, cancellationToken: Cancel))).StatusCode);
    }

    private async Task<string> ValuesAsync()
    {
        var (status, body) = await SendAsync("/get-online-features", Ask);
        Assert.True(status == HttpStatusCode.OK, body);
        return $"[{string.Join(',', JsonNode.Parse(body)!["results"]!.AsArray().Skip(1).Select(column => column!["values"]!.ToJsonString()))}]";
    }

    private async Task<(HttpStatusCode Status, string Body)> SendAsync(string path, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Content = new StringContent(body, Encoding.UTF8, path.EndsWith("apply", StringComparison.Ordinal) ? "application/yaml" : "application/json");
        request.Headers.Authorization = new("Bearer", key);
        using var answer = await server.Http.SendAsync(request, Cancel);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }
}
