using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Slipway.Core.Data;
using Slipway.Platform.Features.Offline;

namespace Slipway.Tests.SageMaker;

/// <summary><c>PutRecord</c>, <c>GetRecord</c>, <c>DeleteRecord</c> and <c>BatchGetRecord</c>; bodies are those of the contract, by hand.</summary>
public sealed class RecordTests : IAsyncLifetime
{
    private const string Ann = "driver_id=1001 at=2024-01-02T10:00:00Z trips=7 rate=0.5 vip=true town=Ulm";

    private RecordHost host = null!;

    public async ValueTask InitializeAsync() => host = await RecordHost.StartAsync();

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_record_that_was_put_is_read_at_once()
    {
        await host.PutAsync("driver_stats", Ann);
        Assert.Equal(
            (200, """{"Record":[{"FeatureName":"driver_id","ValueAsString":"1001"},{"FeatureName":"at","ValueAsString":"2024-01-02T10:00:00Z"},{"FeatureName":"trips","ValueAsString":"7"},{"FeatureName":"rate","ValueAsString":"0.5"},{"FeatureName":"vip","ValueAsString":"true"},{"FeatureName":"town","ValueAsString":"Ulm"}]}""", null),
            await host.SendAsync("GET", "/FeatureGroup/driver_stats?RecordIdentifierValueAsString=1001"));
        Assert.Equal((200, "{}", null), await host.SendAsync("GET", "/FeatureGroup/driver_stats?RecordIdentifierValueAsString=1002"));
    }

    [Theory]
    [InlineData("arn:aws:sagemaker:eu-central-1:123456789012:feature-group/driver_stats")]
    [InlineData("arn%3Aaws%3Asagemaker%3Aeu-central-1%3A123456789012%3Afeature-group%2Fdriver_stats")]
    public async Task A_group_may_be_named_by_its_arn(string arn)
    {
        await host.PutAsync(arn, Ann);
        Assert.Equal("driver_id=1001 town=Ulm", await host.GetAsync(arn, "1001", "&FeatureName=town&FeatureName=driver_id"));
    }

    [Fact]
    public async Task A_put_replaces_the_whole_record_and_an_older_one_is_history_only()
    {
        await host.PutAsync("driver_stats", Ann);
        await host.PutAsync("driver_stats", "driver_id=1001 at=2024-01-02T11:00:00Z rate=1");
        Assert.Equal("driver_id=1001 at=2024-01-02T11:00:00Z rate=1", await host.GetAsync("driver_stats", "1001"));

        await host.PutAsync("driver_stats", "driver_id=1001 at=2024-01-02T09:00:00Z rate=2");
        Assert.Equal("driver_id=1001 at=2024-01-02T11:00:00Z rate=1", await host.GetAsync("driver_stats", "1001"));
        Assert.Equal([null, 2.0, 0.5, 1.0], await TrainAsync("driver_stats", "rate", 8, 9, 10, 12));
    }

    [Fact]
    public async Task A_put_of_the_same_event_time_replaces_in_both_stores()
    {
        await host.PutAsync("driver_stats", "driver_id=1001 at=2024-01-02T11:00:00Z rate=1");
        host.Time.Advance(TimeSpan.FromSeconds(1));
        await host.PutAsync("driver_stats", "driver_id=1001 at=2024-01-02T11:00:00Z rate=2");
        Assert.Equal("rate=2", await host.GetAsync("driver_stats", "1001", "&FeatureName=rate"));
        Assert.Equal([2.0], await TrainAsync("driver_stats", "rate", 12));
    }

    [Fact]
    public async Task A_record_goes_to_the_stores_that_it_names()
    {
        await host.PutAsync("driver_stats", "driver_id=1001 at=2024-01-02T10:00:00Z rate=1", ""","TargetStores":["OnlineStore"]""");
        await host.PutAsync("driver_stats", "driver_id=1001 at=2024-01-02T11:00:00Z rate=2", ""","TargetStores":["OfflineStore"]""");
        Assert.Equal("rate=1", await host.GetAsync("driver_stats", "1001", "&FeatureName=rate"));
        Assert.Equal([null, 2.0], await TrainAsync("driver_stats", "rate", 10, 11));

        await host.PutAsync("driver_stats", "driver_id=1001 at=2024-01-02T12:00:00Z rate=3", ""","TargetStores":["OfflineStore","OnlineStore"]""");
        Assert.Equal("rate=3", await host.GetAsync("driver_stats", "1001", "&FeatureName=rate"));
        Assert.Equal([3.0], await TrainAsync("driver_stats", "rate", 12));
    }

    [Theory]
    [InlineData("2024-01-02T10:00:00.250Z", "2024-01-02T10:00:00.250Z")]
    [InlineData("2024-01-02T11:00:00+01:00", "2024-01-02T10:00:00Z")]
    [InlineData("1704189600", "2024-01-02T10:00:00Z")]
    [InlineData("1704189600.000125", "2024-01-02T10:00:00.000125Z")]
    public async Task An_event_time_is_iso_8601_or_seconds_since_the_epoch(string sent, string read)
    {
        await host.PutAsync("driver_stats", $"driver_id=1001 at={sent}");
        Assert.Equal($"at={read}", await host.GetAsync("driver_stats", "1001", "&FeatureName=at"));
    }

    [Fact]
    public async Task A_soft_deletion_hides_the_record_until_a_later_one_is_put()
    {
        await host.PutAsync("driver_stats", Ann);
        await host.DeleteAsync("driver_stats", "1001", "2024-01-02T09:00:00Z");
        Assert.Equal("trips=7", await host.GetAsync("driver_stats", "1001", "&FeatureName=trips"));

        await host.DeleteAsync("driver_stats", "1001", "2024-01-02T11:00:00Z", "&DeletionMode=SoftDelete");
        Assert.Equal("", await host.GetAsync("driver_stats", "1001"));
        Assert.Equal("""{"results":[{"values":[1001],"statuses":["PRESENT"],"event_timestamps":["1970-01-01T00:00:00Z"]},{"values":[null],"statuses":["NOT_FOUND"],"event_timestamps":["1970-01-01T00:00:00Z"]}],"metadata":{"feature_names":["driver_id","trips"]}}""",
            (await host.SendAsync("POST", "/get-online-features", """{"features":["driver_stats:trips"],"entities":{"driver_id":[1001]}}""")).Body);
        Assert.Equal([null, 7L, null], await TrainAsync("driver_stats", "trips", 9, 10, 11));

        await host.PutAsync("driver_stats", "driver_id=1001 at=2024-01-02T10:30:00Z trips=8");
        Assert.Equal("", await host.GetAsync("driver_stats", "1001"));
        await host.PutAsync("driver_stats", "driver_id=1001 at=2024-01-02T11:30:00Z trips=9");
        Assert.Equal("trips=9", await host.GetAsync("driver_stats", "1001", "&FeatureName=trips"));
    }

    [Fact]
    public async Task A_hard_deletion_leaves_nothing_behind_and_must_be_later()
    {
        await host.PutAsync("driver_stats", Ann);
        var (status, body, error) = await host.SendAsync(
            "DELETE", "/FeatureGroup/driver_stats?RecordIdentifierValueAsString=1001&EventTime=2024-01-02T10:00:00Z&DeletionMode=HardDelete");
        Assert.Equal((400, "ValidationError"), (status, error));
        Assert.Contains("a hard deletion must be of a later event time", body, StringComparison.Ordinal);
        Assert.Equal("trips=7", await host.GetAsync("driver_stats", "1001", "&FeatureName=trips"));

        await host.DeleteAsync("driver_stats", "1001", "2024-01-02T11:00:00Z", "&DeletionMode=HardDelete");
        Assert.Equal("", await host.GetAsync("driver_stats", "1001"));
        await host.PutAsync("driver_stats", "driver_id=1001 at=2024-01-02T09:00:00Z trips=3");
        Assert.Equal("trips=3", await host.GetAsync("driver_stats", "1001", "&FeatureName=trips"));
    }

    [Fact]
    public async Task A_deletion_is_of_one_group_and_of_the_stores_that_it_names()
    {
        await host.PutAsync("driver_stats", Ann);
        await host.DeleteAsync("driver_stats", "1001", "2024-01-02T11:00:00Z", "&TargetStores=OfflineStore");
        Assert.Equal("trips=7", await host.GetAsync("driver_stats", "1001", "&FeatureName=trips"));
        Assert.Equal([null], await TrainAsync("driver_stats", "trips", 11));

        await host.DeleteAsync("driver_stats", "1001", "2024-01-02T11:00:00Z", "&TargetStores=OnlineStore&DeletionMode=HardDelete");
        Assert.Equal(("", "town=Ulm"), (await host.GetAsync("driver_stats", "1001"), await host.GetAsync("driver_town", "1001", "&FeatureName=town")));
    }

    [Fact]
    public async Task A_record_is_served_as_long_as_it_says_and_else_as_its_group_says()
    {
        await host.PutAsync("visits", "place=own event_time=2024-01-02T11:00:00Z visitors=1", ""","TtlDuration":{"Unit":"Hours","Value":2}""");
        await host.PutAsync("visits", "place=groups event_time=2024-01-02T11:00:00Z visitors=2");
        await host.PutAsync("visits", "place=short event_time=2024-01-02T11:59:00Z visitors=3", ""","TtlDuration":{"Unit":"Seconds","Value":90}""");
        Assert.Equal((200, """{"Record":[{"FeatureName":"visitors","ValueAsString":"1"}],"ExpiresAt":"2024-01-02T13:00:00Z"}""", null),
            await host.SendAsync("GET", "/FeatureGroup/visits?RecordIdentifierValueAsString=own&FeatureName=visitors&ExpirationTimeResponse=Enabled"));
        Assert.Equal((200, """{"Record":[{"FeatureName":"visitors","ValueAsString":"2"}]}""", null),
            await host.SendAsync("GET", "/FeatureGroup/visits?RecordIdentifierValueAsString=groups&FeatureName=visitors&ExpirationTimeResponse=Disabled"));
        await host.PutAsync("driver_stats", Ann);
        Assert.DoesNotContain("ExpiresAt", (await host.SendAsync(
            "GET", "/FeatureGroup/driver_stats?RecordIdentifierValueAsString=1001&ExpirationTimeResponse=Enabled")).Body, StringComparison.Ordinal);

        host.Time.Advance(TimeSpan.FromSeconds(31)); // 12:00:31
        Assert.Equal(["visitors=1", "", ""], [await VisitorsAsync("own"), await VisitorsAsync("groups"), await VisitorsAsync("short")]);
        Assert.Equal(["PRESENT", "OUTSIDE_MAX_AGE", "OUTSIDE_MAX_AGE"], await StatusesAsync("own", "groups", "short"));
        host.Time.Advance(TimeSpan.FromHours(1)); // 13:00:31
        Assert.Equal("", await VisitorsAsync("own"));
        Assert.Equal(["OUTSIDE_MAX_AGE"], await StatusesAsync("own"));
    }

    [Fact]
    public async Task Numbers_are_written_with_the_digits_they_need()
    {
        await host.PutAsync("visits", "place=a event_time=2024-01-02T12:00:00Z visitors=-9223372036854775808 share=0.1");
        Assert.Equal("visitors=-9223372036854775808 share=0.1", await host.GetAsync("visits", "a", "&FeatureName=visitors&FeatureName=share"));
    }

    [Fact]
    public async Task A_put_that_is_sent_again_by_its_client_counts_once()
    {
        (string, string) call = ("amz-sdk-invocation-id", "0f8fad5b-d9cb-469f-a165-70867728950e");
        await host.PutAsync("driver_stats", Ann, "", call);
        await host.PutAsync("driver_stats", Ann, "", call);
        await host.PutAsync("driver_stats", Ann, "", ("amz-sdk-invocation-id", "7c9e6679-7425-40de-944b-e07fc1f90ae7"));
        Assert.Equal("[2]", await RidesAsync());
    }

    [Fact]
    public async Task Many_records_are_read_at_once_and_each_failure_is_told()
    {
        await host.PutAsync("driver_stats", Ann);
        await host.PutAsync("visits", "place=a_b/1 event_time=2024-01-02T12:00:00Z visitors=3");
        var (status, body, _) = await host.SendAsync("POST", "/BatchGetRecord",
            """
            {"Identifiers":[
              {"FeatureGroupName":"driver_stats","RecordIdentifiersValueAsString":["1001","1002","x"],"FeatureNames":["trips"]},
              {"FeatureGroupName":"visits","RecordIdentifiersValueAsString":["a_b/1"]},
              {"FeatureGroupName":"none","RecordIdentifiersValueAsString":["1"]}],
             "ExpirationTimeResponse":"Enabled"}
            """);
        Assert.Equal((200, """{"Records":[{"FeatureGroupName":"driver_stats","RecordIdentifierValueAsString":"1001","Record":[{"FeatureName":"trips","ValueAsString":"7"}]},{"FeatureGroupName":"visits","RecordIdentifierValueAsString":"a_b/1","Record":[{"FeatureName":"place","ValueAsString":"a_b/1"},{"FeatureName":"event_time","ValueAsString":"2024-01-02T12:00:00Z"},{"FeatureName":"visitors","ValueAsString":"3"}],"ExpiresAt":"2024-01-02T13:00:00Z"}],"Errors":[{"FeatureGroupName":"driver_stats","RecordIdentifierValueAsString":"x","ErrorCode":"ValidationError","ErrorMessage":"Feature 'driver_id' must be an integer of 64 bits; got 'x'."},{"FeatureGroupName":"none","RecordIdentifierValueAsString":"1","ErrorCode":"ResourceNotFound","ErrorMessage":"There is no feature group 'none'."}],"UnprocessedIdentifiers":[]}"""),
            (status, body.Replace("\\u0027", "'", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_record_feeds_the_windows_over_its_source()
    {
        await host.PutAsync("driver_stats", "driver_id=1001 at=2024-01-02T10:10:00Z");
        await host.PutAsync("driver_stats", "driver_id=1001 at=2024-01-02T10:20:00Z");
        await host.DeleteAsync("driver_stats", "1001", "2024-01-02T10:30:00Z");
        Assert.Equal("[2]", await RidesAsync());
    }

    [Fact]
    public async Task A_new_version_of_a_group_has_the_records_and_deletions_of_the_one_before()
    {
        await host.PutAsync("visits", "place=a event_time=2024-01-02T11:30:00Z visitors=1");
        await host.PutAsync("visits", "place=b event_time=2024-01-02T11:30:00Z visitors=2");
        await host.PutAsync("visits", "place=c event_time=2024-01-02T10:30:00Z visitors=3", ""","TtlDuration":{"Unit":"Days","Value":1}""");
        await host.DeleteAsync("visits", "b", "2024-01-02T11:40:00Z");
        await host.ApplyAsync(RecordHost.Yaml.Replace("entities: [place], ttl: 1h", "entities: [place], ttl: 50m", StringComparison.Ordinal));
        await host.PutAsync("visits", "place=d event_time=2024-01-02T11:30:00Z visitors=4");
        Assert.Equal(["visitors=1", "", "visitors=3", "visitors=4"],
            [await VisitorsAsync("a"), await VisitorsAsync("b"), await VisitorsAsync("c"), await VisitorsAsync("d")]);
    }

    /// <summary>How many rides of driver 1001 a window counts, once it is closed by another driver's.</summary>
    private async Task<string> RidesAsync()
    {
        await host.PutAsync("driver_stats", "driver_id=1 at=2024-01-02T11:10:00Z");
        var (_, body, _) = await host.SendAsync("POST", "/get-online-features", """{"features":["rides_1h:rides"],"entities":{"driver_id":[1001]}}""");
        return JsonNode.Parse(body)!["results"]![1]!["values"]!.ToJsonString();
    }

    private Task<string> VisitorsAsync(string place) => host.GetAsync("visits", place, "&FeatureName=visitors");

    private async Task<string[]> StatusesAsync(params string[] places)
    {
        var (_, body, _) = await host.SendAsync("POST", "/get-online-features",
            $$$"""{"features":["visits:visitors"],"entities":{"place":["{{{string.Join("\",\"", places)}}}"]}}""");
        return [.. JsonNode.Parse(body)!["results"]![1]!["statuses"]!.AsArray().Select(status => (string)status!)];
    }

    /// <summary>What a training set says of driver 1001 at hours of 2024-01-02.</summary>
    private async Task<object?[]> TrainAsync(string view, string feature, params int[] hours)
    {
        await host.ApplyAsync(RecordHost.Yaml + $"\nfeature_services: [{{name: training, features: [{{view: {view}, features: [{feature}]}}]}}]\n");
        var midnight = new DateTimeOffset(2024, 1, 2, 0, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds();
        var training = await host.Running.Host.Services.GetRequiredService<TrainingSetService>().BuildAsync(
            "training",
            new Table([
                Column.Int64("driver_id", [.. hours.Select(_ => 1001L)]),
                Column.Timestamp("event_timestamp", [.. hours.Select(hour => (midnight + (hour * 3600)) * 1_000_000)])]),
            new Dictionary<string, SourceData>(), TestContext.Current.CancellationToken);
        return [.. hours.Select((_, row) => training[feature].Value(row))];
    }
}
