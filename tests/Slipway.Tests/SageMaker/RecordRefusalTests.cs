using System.Text.Json.Nodes;
using Slipway.Platform.Access;
using Slipway.Tests.Hosting.Security;

namespace Slipway.Tests.SageMaker;

/// <summary>Errors as AWS's clients read them: the code in a header and in the body, and the message.</summary>
public sealed class RecordRefusalTests
{
    private const string Group = "/FeatureGroup/driver_stats";

    [Theory]
    [InlineData("driver_id=1", "", "The record has no value of 'at', which is the event time of 'driver_stats'.")]
    [InlineData("at=2024-01-02T10:00:00Z", "", "The record has no value of 'driver_id', which is the record identifier of 'driver_stats'.")]
    [InlineData("driver_id=1 at=2024-01-02T10:00:00Z driver_id=1", "", "The record has more than one value of 'driver_id'.")]
    [InlineData("driver_id=1 at=2024-01-02T10:00:00Z driver=1", "", "Feature group 'driver_stats' has no feature 'driver'; it has driver_id, at, trips, rate, vip, town.")]
    [InlineData("driver_id=1.5 at=2024-01-02T10:00:00Z", "", "Feature 'driver_id' must be an integer of 64 bits; got '1.5'.")]
    [InlineData("driver_id=1 at=2024-01-02", "", "Feature 'at' must be a time like 2024-01-02T03:04:05Z, or seconds since the epoch; got '2024-01-02'.")]
    [InlineData("driver_id=1 at=2024-01-02T10:00:00", "", "Feature 'at' must be a time like 2024-01-02T03:04:05Z, or seconds since the epoch; got '2024-01-02T10:00:00'.")]
    [InlineData("driver_id=1 at=1e99", "", "Feature 'at' must be a time like 2024-01-02T03:04:05Z, or seconds since the epoch; got '1e99'.")]
    [InlineData("driver_id=1 at=0 rate=NaN", "", "Feature 'rate' must be a finite number; got 'NaN'.")]
    [InlineData("driver_id=1 at=0 vip=yes", "", "Feature 'vip' must be true or false; got 'yes'.")]
    [InlineData("driver_id=1 at=0", ""","TargetStores":["Both"]""", "'TargetStores' names OnlineStore, OfflineStore or both; got 'Both'.")]
    [InlineData("driver_id=1 at=0", ""","TtlDuration":{"Unit":"Years","Value":1}""", "'TtlDuration.Unit' must be Seconds, Minutes, Hours, Days or Weeks; got 'Years'.")]
    [InlineData("driver_id=1 at=0", ""","TtlDuration":{"Unit":"Hours","Value":0}""", "'TtlDuration.Value' must be 1 to 256204778 Hours; got 0.")]
    [InlineData("driver_id=1 at=0", ""","TtlDuration":{"Unit":"Hours"}""", "'TtlDuration.Value' is missing.")]
    [InlineData("", "", "'Record' must have 1 to 2500 entries; got 0.")]
    public async Task A_record_that_cannot_be_put_says_why(string values, string more, string message)
    {
        await using var host = await RecordHost.StartAsync();
        await MustRefuseAsync(host, "PUT", Group, RecordHost.Record(values, more), 400, "ValidationError", message);
        Assert.Equal("", await host.GetAsync("driver_stats", "1"));
    }

    [Theory]
    [InlineData("PUT", Group, """{"Record":[{"FeatureName":"town","ValueAsStringList":["a"]}]}""", 400, "ValidationError", "Feature 'town' is no collection: it takes 'ValueAsString', not 'ValueAsStringList'.")]
    [InlineData("PUT", Group, """{"Record":["town"]}""", 400, "ValidationError", "'Record[0]' must be an object.")]
    [InlineData("PUT", Group, """{"Record":[{"ValueAsString":"a"}]}""", 400, "ValidationError", "'Record[0].FeatureName' is missing.")]
    [InlineData("PUT", Group, """{"Record":[{"FeatureName":"town","ValueAsString":1}]}""", 400, "ValidationError", "'Record[0].ValueAsString' must be a string.")]
    [InlineData("PUT", Group, "{", 400, "ValidationError", "The body is not JSON: line 1, byte 2.")]
    [InlineData("PUT", Group, "[]", 400, "ValidationError", "The body must be an object.")]
    [InlineData("GET", Group, "", 400, "ValidationError", "'RecordIdentifierValueAsString' must be given once.")]
    [InlineData("GET", Group + "?RecordIdentifierValueAsString=1&FeatureName=driver", "", 400, "ValidationError", "Feature group 'driver_stats' serves no feature 'driver'.")]
    [InlineData("GET", Group + "?RecordIdentifierValueAsString=1&ExpirationTimeResponse=Yes", "", 400, "ValidationError", "'ExpirationTimeResponse' must be Enabled or Disabled; got 'Yes'.")]
    [InlineData("GET", "/FeatureGroup/a.b?RecordIdentifierValueAsString=1", "", 400, "ValidationError", "'a.b' is neither the name nor the ARN of a feature group.")]
    [InlineData("GET", "/FeatureGroup/none?RecordIdentifierValueAsString=1", "", 404, "ResourceNotFound", "There is no feature group 'none'.")]
    [InlineData("GET", "/FeatureGroup/filed?RecordIdentifierValueAsString=1", "", 400, "ValidationError", "View 'filed' has no records: they are those of a batch view with one join key, on a push source.")]
    [InlineData("GET", "/FeatureGroup/pairs?RecordIdentifierValueAsString=1", "", 400, "ValidationError", "View 'pairs' has no records: they are those of a batch view with one join key, on a push source.")]
    [InlineData("GET", "/FeatureGroup/rides_1h?RecordIdentifierValueAsString=1", "", 400, "ValidationError", "View 'rides_1h' has no records: they are those of a batch view with one join key, on a push source.")]
    [InlineData("GET", "/FeatureGroup/busy?RecordIdentifierValueAsString=1", "", 400, "ValidationError", "View 'busy' has no records: it leaves rows out by a filter, and with them deletions.")]
    [InlineData("DELETE", Group + "?RecordIdentifierValueAsString=1", "", 400, "ValidationError", "'EventTime' must be given once.")]
    [InlineData("DELETE", Group + "?RecordIdentifierValueAsString=1&EventTime=0&DeletionMode=Soft", "", 400, "ValidationError", "'DeletionMode' must be SoftDelete or HardDelete; got 'Soft'.")]
    [InlineData("POST", "/BatchGetRecord", """{"Identifiers":[]}""", 400, "ValidationError", "'Identifiers' must have 1 to 100 entries; got 0.")]
    [InlineData("POST", "/BatchGetRecord", """{"Identifiers":[{"FeatureGroupName":"a","RecordIdentifiersValueAsString":[]}]}""", 400, "ValidationError", "'Identifiers[0].RecordIdentifiersValueAsString' must have 1 to 100 entries; got 0.")]
    [InlineData("POST", "/BatchGetRecord", "{}", 400, "ValidationError", "'Identifiers' is missing.")]
    [InlineData("PATCH", Group, "{}", 404, "ResourceNotFound", "There is nothing at /FeatureGroup/driver_stats.")]
    public async Task A_call_of_another_form_says_what_is_wrong(string method, string tail, string body, int status, string error, string message)
    {
        await using var host = await RecordHost.StartAsync();
        await MustRefuseAsync(host, method, tail, body, status, error, message);
    }

    [Fact]
    public async Task Limits_are_those_of_the_contract()
    {
        await using var host = await RecordHost.StartAsync();
        var ids = new JsonArray([.. Enumerable.Range(0, 101).Select(i => JsonValue.Create($"{i}"))]).ToJsonString();
        await MustRefuseAsync(host, "POST", "/BatchGetRecord", $$"""{"Identifiers":[{"FeatureGroupName":"a","RecordIdentifiersValueAsString":{{ids}}}]}""",
            400, "ValidationError", "'Identifiers[0].RecordIdentifiersValueAsString' must have 1 to 100 entries; got 101.");
        var groups = string.Join(',', Enumerable.Repeat("""{"FeatureGroupName":"driver_stats","RecordIdentifiersValueAsString":["1"]}""", 101));
        await MustRefuseAsync(host, "POST", "/BatchGetRecord", $$"""{"Identifiers":[{{groups}}]}""",
            400, "ValidationError", "'Identifiers' must have 1 to 100 entries; got 101.");
        await MustRefuseAsync(host, "PUT", Group, RecordHost.Record($"driver_id=1 at=0 town={new string('x', 358_401)}"),
            400, "ValidationError", "A value holds at most 358400 characters; that of 'town' has 358401.");
        await host.PutAsync("driver_stats", $"driver_id=1 at=0 town={new string('x', 358_400)}");
    }

    [Fact]
    public async Task Who_may_not_call_is_told_so_in_the_same_shape()
    {
        await using var server = await ClosedHost.StartAsync();
        using var nobody = await server.SendAsync("GET", Group + "?RecordIdentifierValueAsString=1");
        Assert.Equal((403, "AccessForbidden"), ((int)nobody.StatusCode, nobody.Headers.GetValues("x-amzn-ErrorType").Single()));
        Assert.False(nobody.Headers.Contains("WWW-Authenticate"));

        var vera = await server.KeyAsync("vera", Role.Viewer);
        using var put = await server.SendAsync("PUT", Group, vera, new StringContent("{}"));
        Assert.Equal((403, "AccessForbidden"), ((int)put.StatusCode, put.Headers.GetValues("x-amzn-ErrorType").Single()));
        using var get = await server.SendAsync("GET", Group + "?RecordIdentifierValueAsString=1", vera);
        Assert.Equal((404, "ResourceNotFound"), ((int)get.StatusCode, get.Headers.GetValues("x-amzn-ErrorType").Single()));
    }

    private static async Task MustRefuseAsync(RecordHost host, string method, string tail, string body, int status, string error, string message)
    {
        var (got, answer, header) = await host.SendAsync(method, tail, body);
        Assert.Equal((status, error), (got, header));
        var json = JsonNode.Parse(answer)!;
        Assert.Equal((error, message), ((string)json["__type"]!, (string)json["Message"]!));
    }
}
