using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Slipway.Core.Data;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Jobs;
using Slipway.Platform.Streaming;

namespace Slipway.Tests.Feast;

/// <summary><c>/write-to-online-store</c>, <c>/materialize</c> and <c>/materialize-incremental</c>.</summary>
public sealed class FeastWriteTests : IAsyncLifetime
{
    private FeastHost host = null!;

    public async ValueTask InitializeAsync() => host = await FeastHost.StartAsync();

    public ValueTask DisposeAsync() => host.DisposeAsync();

    private async Task<string> TripsAsync(int driver)
    {
        var (_, body) = await host.PostAsync("/get-online-features", """{"features":["driver_stats:trips"],"entities":{"driver_id":[ID]}}""".Replace("ID", $"{driver}", StringComparison.Ordinal));
        return JsonNode.Parse(body)!["results"]![1]!["values"]!.ToJsonString();
    }

    [Fact]
    public async Task Rows_are_written_and_the_greatest_event_time_stays_in_whatever_order_they_come()
    {
        var written = await host.PostAsync("/write-to-online-store",
            """
            {"feature_view_name": "driver_stats", "allow_registry_cache": false, "df": {
              "driver_id": [1001, 2000, 2000], "trips": [70, 2, 1], "ignored": [1, 2, 3],
              "event_timestamp": ["2023-11-14T22:13:19", "2024-01-01 00:00:01", 1704067200], "created": ["2024-01-02T00:00:00", null, null]}}
            """);

        Assert.Equal((200, "null"), written);
        Assert.Equal("[7]", await TripsAsync(1001)); // What is there is a second newer.
        Assert.Equal("[2]", await TripsAsync(2000)); // 1704067200 is 2024-01-01T00:00:00Z.
    }

    [Theory]
    [InlineData("""{"feature_view_name":"driver_stats","df":{"driver_id":[1]}}""", 422)]
    [InlineData("""{"feature_view_name":"driver_stats","df":{"driver_id":[null],"event_timestamp":[0]}}""", 422)]
    [InlineData("""{"feature_view_name":"driver_stats","df":{"driver_id":["1"],"event_timestamp":[0]}}""", 422)]
    [InlineData("""{"feature_view_name":"none","df":{}}""", 404)]
    [InlineData("""{"feature_view_name":"bonus","df":{}}""", 412)]
    [InlineData("""{"df":{}}""", 422)]
    public async Task Rows_that_are_not_those_of_the_view_are_refused(string body, int status) =>
        Assert.Equal(status, (await host.PostAsync("/write-to-online-store", body)).Status);

    [Fact]
    public async Task A_range_is_materialised_before_the_answer_and_the_rest_incrementally()
    {
        await host.SourceAsync("stats.parquet", new Table(
        [
            Column.Int64("driver_id", [1, 1, 2]),
            Column.Timestamp("event_timestamp", [Us("2024-01-01T10:00:00Z"), Us("2024-01-03T10:00:00Z"), Us("2023-12-31T10:00:00Z")]),
            Column.Float32("conv_rate", [0, 0, 0]), Column.Int64("trips", [11, 13, 12]),
            Column.Timestamp("since", [0, 0, 0]), Column.String("town", ["a", "a", "a"]),
        ]));

        Assert.Equal((200, "null"), await host.PostAsync(
            "/materialize", """{"start_ts":"2024-01-01T00:00:00","end_ts":"2024-01-02T00:00:00","feature_views":["driver_stats"]}"""));
        Assert.Equal(("[11]", "[null]"), (await TripsAsync(1), await TripsAsync(2)));

        Assert.Equal((200, "null"), await host.PostAsync(
            "/materialize-incremental", """{"end_ts":"2024-01-04T00:00:00","feature_views":["driver_stats"]}"""));
        Assert.Equal("[13]", await TripsAsync(1));

        Assert.Equal((202, """{"status":"accepted","feature_views":["driver_stats"]}"""), await host.PostAsync(
            "/materialize-incremental?async=true", """{"end_ts":"2024-01-04T00:00:00","feature_views":["driver_stats"]}"""));
    }

    [Fact]
    public async Task A_view_that_a_run_has_yet_to_finish_is_refused_unless_it_is_forced()
    {
        await host.SourceAsync("today.parquet", new Table(
            [Column.Int64("driver_id", [1]), Column.Timestamp("event_timestamp", [Us("2024-01-01T10:00:00Z")]), Column.Int64("trips", [11])]));
        var jobs = host.Running.Host.Services.GetRequiredService<JobService>();
        var waiting = await jobs.EnqueueAsync(
            MaterialisationService.JobKind, new MaterialisationRequest(["driver_today"]), Cancel, runAt: DateTimeOffset.MaxValue);
        const string Body = """{"end_ts":"2024-01-04T00:00:00","feature_views":["driver_today","season"]}""";

        Assert.Equal(
            (409, """{"error":"Already materialising: driver_today.","feature_views":["driver_today"]}"""), await host.PostAsync("/materialize-incremental", Body));
        Assert.Equal(409, (await host.PostAsync("/materialize",
            """{"start_ts":"2024-01-01T00:00:00","end_ts":"2024-01-02T00:00:00","feature_views":["driver_today"]}""")).Status);
        Assert.Equal((200, "null"), await host.PostAsync(
            "/materialize-incremental?force=true", """{"end_ts":"2024-01-04T00:00:00","feature_views":["driver_today"]}"""));
        Assert.Equal(JobState.Queued, (await jobs.GetAsync(waiting!, Cancel)).State);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static long Us(string time) => Microseconds.From(DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture));

    [Fact]
    public async Task A_range_must_begin_before_it_ends() => Assert.Equal(
        500, (await host.PostAsync("/materialize", """{"start_ts":"2024-01-02T00:00:00","end_ts":"2024-01-02T00:00:00"}""")).Status);

    [Theory]
    [InlineData("/materialize", """{"start_ts":"2024-01-01T00:00:00","end_ts":"2024-01-02T00:00:00","feature_views":["none"]}""", 404)]
    [InlineData("/materialize-incremental", """{"end_ts":"2024-01-02T00:00:00","feature_views":["none"]}""", 404)]
    [InlineData("/materialize-incremental", """{"end_ts":"soon"}""", 422)]
    [InlineData("/materialize", """{"end_ts":"2024-01-02T00:00:00"}""", 422)]
    public async Task Mistakes_of_materialisation_have_their_status(string path, string body, int status) =>
        Assert.Equal(status, (await host.PostAsync(path, body)).Status);
}
