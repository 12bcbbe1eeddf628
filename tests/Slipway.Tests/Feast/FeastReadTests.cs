using System.Text.Json.Nodes;

namespace Slipway.Tests.Feast;

/// <summary><c>POST /get-online-features</c> by the protocol's rules; every expected answer is written by hand from them.</summary>
public sealed class FeastReadTests : IAsyncLifetime
{
    private FeastHost host = null!;

    public async ValueTask InitializeAsync() => host = await FeastHost.StartAsync();

    public ValueTask DisposeAsync() => host.DisposeAsync();

    private async Task<string> ReadAsync(string body)
    {
        var (status, text) = await host.PostAsync("/get-online-features", body);
        Assert.True(status == 200, $"{status} {text}");
        return text;
    }

    private async Task<(string[] Names, JsonArray Results)> ColumnsAsync(string body)
    {
        var answer = JsonNode.Parse(await ReadAsync(body))!;
        return ([.. answer["metadata"]!["feature_names"]!.AsArray().Select(name => (string)name!)], answer["results"]!.AsArray());
    }

    [Fact]
    public async Task Join_keys_come_first_then_features_by_column_with_statuses_and_times() => Assert.Equal(
        """
        {"results":[
        {"values":[1001,1002,1001],"statuses":["PRESENT","PRESENT","PRESENT"],"event_timestamps":["1970-01-01T00:00:00Z","1970-01-01T00:00:00Z","1970-01-01T00:00:00Z"]},
        {"values":[0.10000000149011612,null,0.10000000149011612],"statuses":["PRESENT","NOT_FOUND","PRESENT"],"event_timestamps":["2023-11-14T22:13:20Z","1970-01-01T00:00:00Z","2023-11-14T22:13:20Z"]},
        {"values":[7,null,7],"statuses":["PRESENT","NOT_FOUND","PRESENT"],"event_timestamps":["2023-11-14T22:13:20Z","1970-01-01T00:00:00Z","2023-11-14T22:13:20Z"]}],
        "metadata":{"feature_names":["driver_id","conv_rate","trips"]}}
        """.ReplaceLineEndings(""),
        await ReadAsync("""{"features":["driver_stats:conv_rate","driver_stats:trips"],"entities":{"driver_id":[1001,1002,1001],"unknown":["a","b","c"]}}"""));

    [Fact]
    public async Task Nulls_times_and_texts_are_plain_JSON()
    {
        var (_, results) = await ColumnsAsync("""{"features":["driver_stats:since","driver_stats:town"],"entities":{"driver_id":[1001,1003]}}""");

        // 1,700,000,000.999999 s and one microsecond before the epoch, both down to the second.
        Assert.Equal("[1700000000,-1]", results[1]!["values"]!.ToJsonString());
        Assert.Equal("""["Ulm",null]""", results[2]!["values"]!.ToJsonString());
        Assert.Equal("""["PRESENT","NULL_VALUE"]""", results[2]!["statuses"]!.ToJsonString());
    }

    [Fact]
    public async Task A_value_older_than_the_views_ttl_is_outside_its_age_and_keeps_its_time()
    {
        var (names, results) = await ColumnsAsync("""{"features":["driver_today:trips"],"entities":{"driver_id":[1001]},"full_feature_names":true}""");

        Assert.Equal(["driver_id", "driver_today__trips"], names);
        Assert.Equal("""{"values":[null],"statuses":["OUTSIDE_MAX_AGE"],"event_timestamps":["2023-11-14T22:13:20Z"]}""", results[1]!.ToJsonString());
    }

    [Fact]
    public async Task A_service_wins_over_features_and_takes_request_data_which_is_not_given_back()
    {
        var (names, results) = await ColumnsAsync(
            """{"features":["none:none"],"feature_service":"rides","entities":{"per_trip":[2,3],"driver_id":[1001,1002]}}""");

        Assert.Equal(["driver_id", "trips", "bonus"], names);
        Assert.Equal("[14,null]", results[2]!["values"]!.ToJsonString());
        Assert.Equal("1970-01-01T00:00:00Z", (string)results[2]!["event_timestamps"]![0]!);
    }

    [Fact]
    public async Task One_view_twice_is_read_by_mapped_keys_under_the_services_own_names()
    {
        var (names, results) = await ColumnsAsync("""{"feature_service":"pairs","entities":{"second_id":[1003],"first_id":[1001]}}""");

        Assert.Equal(["second_id", "first_id", "first__trips", "second__trips"], names);
        Assert.Equal("[[1003],[1001],[7],[8]]", new JsonArray([.. results.Select(r => r!["values"]!.DeepClone())]).ToJsonString());
    }

    [Fact]
    public async Task An_entity_may_go_by_its_own_name_and_a_view_by_its_version()
    {
        var (names, results) = await ColumnsAsync(
            """{"features":["driver_stats@v1:trips","driver_stats:trips"],"entities":{"driver":[1001]},"full_feature_names":true}""");

        Assert.Equal(["driver_id", "driver_stats@v1__trips", "driver_stats__trips"], names);
        Assert.Equal("[7]", results[1]!["values"]!.ToJsonString());
    }

    [Fact]
    public async Task A_view_without_entities_gives_a_row_for_each_that_is_asked_for()
    {
        Assert.Equal("[1.25]", (await ColumnsAsync("""{"features":["season:surge"],"entities":{}}""")).Results[0]!["values"]!.ToJsonString());
        var (names, results) = await ColumnsAsync("""{"features":["season:surge"],"entities":{"driver_id":[1,2]}}""");
        Assert.Equal(["surge"], names);
        Assert.Equal("[1.25,1.25]", results[0]!["values"]!.ToJsonString());
    }

    [Theory]
    [InlineData("""{"features":["none:x"],"entities":{}}""", 404, "FeatureViewNotFoundException", "There is no feature view 'none'.")]
    [InlineData("""{"features":["driver_stats@v2:trips"],"entities":{}}""", 404, "FeatureViewNotFoundException",
        "Version 2 of feature view 'driver_stats' is not served; in force is version 1.")]
    [InlineData("""{"features":["driver_stats:x"],"entities":{"driver_id":[1]}}""", 404, "FeatureViewNotFoundException",
        "View 'driver_stats' has no feature 'x'; there are conv_rate, trips, since, town.")]
    [InlineData("""{"feature_service":"none","entities":{}}""", 404, "FeatureServiceNotFoundException", "There is no feature service 'none'; there are pairs, rides.")]
    [InlineData("""{"feature_service":"rides","entities":{"driver_id":[1]}}""", 404, "RequestDataNotFoundInEntityRowsException",
        "The request must bring 'per_trip', which on-demand features are computed from.")]
    [InlineData("""{"features":["driver_stats:trips","driver_today:trips"],"entities":{"driver_id":[1]}}""", 500, "FeatureNameCollisionError", "*")]
    public async Task An_error_of_the_protocol_is_JSON_within_a_JSON_string(string body, int status, string className, string message)
    {
        var (answered, text) = await host.PostAsync("/get-online-features", body);

        var error = JsonNode.Parse((string)JsonNode.Parse(text)!)!;
        Assert.Equal((status, "feast.errors", className), (answered, (string)error["module"]!, (string)error["class"]!));
        Assert.True(message == "*" || message == (string)error["message"]!, (string)error["message"]!);
    }

    [Fact]
    public async Task A_missing_join_key_is_500_with_a_text() => Assert.Equal(
        (500, "\"The join key 'driver_id' is missing in 'entities'.\""),
        await host.PostAsync("/get-online-features", """{"features":["driver_stats:trips"],"entities":{}}"""));

    [Theory]
    [InlineData("""{"features":["driver_stats:trips"]}""", "missing", """["body","entities"]""")]
    [InlineData("""{"features":"driver_stats:trips","entities":{}}""", "list_type", """["body","features"]""")]
    [InlineData("""{"features":["driver_stats:trips"],"entities":{"driver_id":["a"]}}""", "type_error", """["body","entities","driver_id","0"]""")]
    [InlineData("""{"features":["driver_stats:trips"],"entities":{"driver_id":[1],"x":[1,2]}}""", "value_error", """["body","entities"]""")]
    [InlineData("""{"entities":{}}""", "value_error", """["body"]""")]
    [InlineData("[]", "dict_type", """["body"]""")]
    [InlineData("{", "json_invalid", """["body"]""")]
    public async Task A_body_of_the_wrong_form_is_422_with_its_place(string body, string kind, string place)
    {
        var (status, text) = await host.PostAsync("/get-online-features", body);

        var detail = JsonNode.Parse(text)!["detail"]![0]!;
        Assert.Equal((422, kind, place), (status, (string)detail["type"]!, detail["loc"]!.ToJsonString()));
    }

    [Fact]
    public async Task Health_is_200()
    {
        using var response = await host.Running.Http.GetAsync("/health", TestContext.Current.CancellationToken);
        Assert.Equal(System.Net.HttpStatusCode.OK, response.StatusCode);
    }
}
