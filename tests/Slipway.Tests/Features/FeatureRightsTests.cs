using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Registry;
using Slipway.Protocols.Feast.Wire;
using Slipway.Tests.Hosting.Security;

namespace Slipway.Tests.Features;

/// <summary>Two teams share a server: a key of one reads, writes and defines what it has a right to, on every path, and nothing else.</summary>
public sealed class FeatureRightsTests : IAsyncLifetime
{
    private const string Yaml =
        """
        entities:
          - {name: shop, join_keys: [{name: shop, type: string}]}
        sources:
          - {name: tills, push: true, columns: [{name: shop, type: string}, {name: at, type: timestamp}, {name: amount, type: float64}]}
          - {name: doors, topic: doors, columns: [{name: shop, type: string}, {name: at, type: timestamp}]}
        feature_views:
          - {name: sales, kind: batch, entities: [shop], owner: till team, tags: [money], source: {name: tills, event_timestamp: at}, features: [{name: amount, type: float64}]}
          - {name: visits, kind: streaming, entities: [shop], source: {name: doors, event_timestamp: at}, hop: 10m, aggregations: [{name: visits_1h, function: count, window: 1h}]}
          - {name: rows, kind: batch, entities: [shop], source: {path: rows.parquet, columns: [{name: shop, type: string}, {name: event_timestamp, type: timestamp}, {name: n, type: int64}]}, features: [{name: n, type: int64}]}
          - {name: doubled, kind: derived, from: [{view: sales}], features: [{name: twice, type: float64, expression: sales__amount * 2}]}
        feature_services:
          - {name: takings, features: [{view: sales}]}
          - {name: published, features: [{view: doubled}]}
          - {name: both, features: [{view: sales}, {view: visits}]}
        """;

    private ClosedHost host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        host = await ClosedHost.StartAsync();
        await host.Services.GetRequiredService<FeatureRegistryService>().ApplyAsync(FeatureRepository.Parse(("shops.yaml", Yaml)), Actors.Local, Cancel);
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    private async Task<string> KeyAsync(Role role, params string[] views)
    {
        var name = $"{role}-{string.Join('-', views)}".ToLowerInvariant();
        return await host.KeyAsync(name, Role.None, null, [.. views.Select(view => ($"view/{view}", role))]);
    }

    private async Task<(HttpStatusCode Status, string Body)> SendAsync(string method, string path, string key, string? body = null, string type = "application/json")
    {
        using var content = body is null ? null : new StringContent(body, Encoding.UTF8, type);
        using var response = await host.SendAsync(method, path, key, content);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancel));
    }

    private const string Times = "\"at\": \"2026-01-01T08:00:00Z\"";

    /// <summary>Each path that reads or writes values of a view: the role it takes on that view, and a call.</summary>
    public static TheoryData<string, Role, string, string, string> Paths => new()
    {
        { "sales", Role.Viewer, "POST", "/api/v1/features/online", """{"service": "takings", "entities": {"shop": ["a"]}}""" },
        { "sales", Role.Viewer, "POST", "/api/v1/features/online", """{"service": "takings@1", "entities": {"shop": ["a"]}}""" },
        { "sales", Role.Viewer, "POST", "/api/v1/features/training-set", """{"service": "takings", "entities": {"shop": [], "event_timestamp": []}}""" },
        { "doubled", Role.Viewer, "POST", "/api/v1/features/online", """{"service": "published", "entities": {"shop": ["a"]}}""" },
        { "sales", Role.Viewer, "POST", "/get-online-features", """{"feature_service": "takings", "entities": {"shop": ["a"]}}""" },
        { "sales", Role.Viewer, "POST", "/get-online-features", """{"features": ["sales:amount"], "entities": {"shop": ["a"]}}""" },
        { "sales", Role.Viewer, "GET", "/FeatureGroup/sales?RecordIdentifierValueAsString=a", "" },
        { "sales", Role.Viewer, "GET", "/api/v1/features/views/sales", "" },
        { "sales", Role.Viewer, "GET", "/api/v1/features/views/sales/consumers", "" },
        { "sales", Role.Contributor, "POST", "/api/v1/features/push", $$"""{"source": "tills", "rows": [{"shop": "a", {{Times}}, "amount": 3}]}""" },
        { "sales", Role.Contributor, "POST", "/push", """{"push_source_name": "tills", "to": "offline", "df": {"shop": ["a"], "at": ["2026-01-01T08:00:00Z"], "amount": [3]}}""" },
        { "sales", Role.Contributor, "PUT", "/FeatureGroup/sales", """{"Record": [{"FeatureName": "shop", "ValueAsString": "a"}, {"FeatureName": "at", "ValueAsString": "2026-01-01T08:00:00Z"}]}""" },
        { "sales", Role.Contributor, "DELETE", "/FeatureGroup/sales?RecordIdentifierValueAsString=a&EventTime=2026-01-02T00:00:00Z", "" },
        { "visits", Role.Contributor, "POST", "/api/v1/topics/doors/events", $$"""{"events": [{"id": "1", "time": "2026-01-01T08:00:00Z", "shop": "a", {{Times}}}]}""" },
        { "rows", Role.Contributor, "POST", "/write-to-online-store", """{"feature_view_name": "rows", "df": {"shop": ["a"], "event_timestamp": ["2026-01-01T08:00:00Z"], "n": [3]}}""" },
    };

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task A_path_takes_the_right_on_its_view(string view, Role least, string method, string path, string body)
    {
        var other = view == "rows" ? "visits" : "rows";
        var (opened, answer) = await SendAsync(method, path, await KeyAsync(least, view), body.Length == 0 ? null : body);
        Assert.True(opened == HttpStatusCode.OK, $"{(int)opened} {answer}");
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(method, path, await KeyAsync(Role.Admin, other), body.Length == 0 ? null : body)).Status);
        if (least > Role.Viewer)
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(method, path, await KeyAsync(Role.Viewer, view), body)).Status);
        }
    }

    [Theory]
    [InlineData("/api/v1/features/materialize", """{"views": ["rows"]}""")]
    [InlineData("/materialize", """{"feature_views": ["rows"], "start_ts": "2026-01-01T00:00:00Z", "end_ts": "2026-01-02T00:00:00Z"}""")]
    [InlineData("/materialize-incremental", """{"feature_views": ["rows"], "end_ts": "2026-01-02T00:00:00Z"}""")]
    public async Task Materialising_a_view_takes_the_right_to_write_it(string path, string body)
    {
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync("POST", path, await KeyAsync(Role.Viewer, "rows"), body)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync("POST", path, await KeyAsync(Role.Contributor, "visits"), body)).Status);

        // The file of its source is not there: who gets this far was let in.
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync("POST", path, await KeyAsync(Role.Contributor, "rows"), body)).Status);
        var all = JsonNode.Parse(body)!.AsObject();
        all.Remove("views");
        all.Remove("feature_views");
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync("POST", path, await KeyAsync(Role.Admin, "rows"), all.ToJsonString())).Status);
    }

    [Fact]
    public async Task A_batch_of_records_tells_group_by_group_what_may_not_be_read()
    {
        const string Body = """{"Identifiers": [{"FeatureGroupName": "sales", "RecordIdentifiersValueAsString": ["a"]}]}""";
        var (status, open) = await SendAsync("POST", "/BatchGetRecord", await KeyAsync(Role.Viewer, "sales"), Body);
        Assert.Equal((HttpStatusCode.OK, """{"Records":[],"Errors":[],"UnprocessedIdentifiers":[]}"""), (status, open));

        var refused = JsonNode.Parse((await SendAsync("POST", "/BatchGetRecord", await KeyAsync(Role.Admin, "visits"), Body)).Body)!;
        Assert.Empty(refused["Records"]!.AsArray());
        var error = Assert.Single(refused["Errors"]!.AsArray())!;
        Assert.Equal(("AccessForbidden", "a"), ((string)error["ErrorCode"]!, (string)error["RecordIdentifierValueAsString"]!));
        Assert.Contains("view/sales", (string)error["ErrorMessage"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_takes_the_right_on_each_of_its_views()
    {
        const string Body = """{"service": "both", "entities": {"shop": ["a"]}}""";
        Assert.Contains("view/visits", (await SendAsync("POST", "/api/v1/features/online", await KeyAsync(Role.Viewer, "sales"), Body)).Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("POST", "/api/v1/features/online", await KeyAsync(Role.Viewer, "sales", "visits"), Body)).Status);
    }

    [Fact]
    public async Task Reading_over_grpc_takes_the_right_on_the_view()
    {
        using var channel = GrpcChannel.ForAddress(host.Running.Host.GrpcAddress.ToString());
        var request = new GetOnlineFeaturesRequest { FeatureService = "takings" };
        request.Entities["shop"] = new RepeatedValue { Val = { new Value { StringVal = "a" } } };

        var refused = await Assert.ThrowsAsync<RpcException>(() => AskAsync("visits"));
        Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
        Assert.Equal(2, (await AskAsync("sales")).Results.Count);

        async Task<GetOnlineFeaturesResponse> AskAsync(string view) => await new ServingService.ServingServiceClient(channel).GetOnlineFeaturesAsync(
            request, new Metadata { { "authorization", "Bearer " + await KeyAsync(Role.Viewer, view) } }, cancellationToken: Cancel);
    }

    [Fact]
    public async Task A_definition_is_changed_by_the_admins_of_its_view()
    {
        var changed = Yaml.Replace("name: sales, kind: batch, entities: [shop]", "name: sales, kind: batch, entities: [shop], ttl: 2h", StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, (await ApplyAsync(await KeyAsync(Role.Contributor, "sales"), changed)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await ApplyAsync(await KeyAsync(Role.Admin, "visits"), changed)).Status);
        Assert.Equal(HttpStatusCode.OK, (await ApplyAsync(await KeyAsync(Role.Admin, "sales"), changed)).Status);
        Assert.Equal(2, (await host.Services.GetRequiredService<FeatureRegistryService>().GetServiceAsync("takings", Cancel)).Version);
    }

    [Theory]
    [InlineData("source: {name: tills, event_timestamp: at}", "source: {name: spied, event_timestamp: at}", "the source of view/sales")]
    [InlineData("from: [{view: sales}]", "from: [{view: sales}, {view: visits}]", "view/visits")]
    [InlineData("name: takings", "name: grabbed", "service/grabbed")]
    [InlineData("join_keys: [{name: shop, type: string}]", "join_keys: [{name: shop, type: string}], owner: me", "entity/shop")]
    public async Task An_admin_of_a_view_cannot_define_a_way_around_the_rights_of_others(string before, string after, string named)
    {
        var key = await KeyAsync(Role.Admin, "sales", "doubled");
        var spied = "  - {name: spied, path: rows.parquet, columns: [{name: shop, type: string}, {name: at, type: timestamp}, {name: amount, type: float64}]}\nfeature_views:";
        var (status, body) = await ApplyAsync(
            key, Yaml.Replace(before, after, StringComparison.Ordinal).Replace("feature_views:", spied, StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Contains($" on {named};", (string)JsonNode.Parse(body)!["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lists_show_what_the_reader_has_a_right_to()
    {
        var key = await KeyAsync(Role.Viewer, "sales");
        Assert.Equal(["sales"], await NamesAsync("/api/v1/features/views", key));
        Assert.Equal(["takings"], await NamesAsync("/api/v1/features/services", key));
        Assert.Equal(["shop"], await NamesAsync("/api/v1/features/entities", key));
        Assert.Equal(["shop", "takings", "sales"], await NamesAsync("/api/v1/features/search", key));
        Assert.Equal(["sales:amount"], JsonNode.Parse((await SendAsync("GET", "/api/v1/features/unused", key)).Body)!.AsArray()
            .Select(f => $"{f!["view"]}:{f["feature"]}"));
        Assert.Equal(["sales@1"], JsonNode.Parse((await SendAsync("GET", "/api/v1/features/materialize", key)).Body)!.AsArray().Select(v => (string)v!["view"]!));
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync("GET", "/api/v1/features/views/visits", key)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync("GET", "/api/v1/dead-letters", key)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync("POST", "/api/v1/features/erase", await KeyAsync(Role.Admin, "sales"), """{"entity": "shop", "keys": {"shop": ["a"]}}""")).Status);
    }

    [Fact]
    public async Task A_model_takes_its_features_only_from_what_its_author_may_read()
    {
        var registry = host.Services.GetRequiredService<FeatureRegistryService>();
        var author = new Actor("ann", Role.None, new Dictionary<string, Role> { ["model/m"] = Role.Contributor, ["view/visits"] = Role.Viewer });
        var refused = await Assert.ThrowsAsync<Slipway.Core.Errors.SlipwayException>(async () => await registry.PinAsync(author, "takings", Cancel));
        Assert.Equal(Slipway.Core.Errors.ErrorKind.Forbidden, refused.Kind);
        await Assert.ThrowsAsync<Slipway.Core.Errors.SlipwayException>(async () => await registry.PinAsync(author, "to come", Cancel));
        var reader = author with { Grants = new Dictionary<string, Role> { ["view/sales"] = Role.Viewer } };
        Assert.Equal("takings@1", (await registry.PinAsync(reader, "takings", Cancel))!.Service);
    }

    private Task<(HttpStatusCode Status, string Body)> ApplyAsync(string key, string yaml) => SendAsync("POST", "/api/v1/features/apply", key, yaml, "application/yaml");

    private async Task<string[]> NamesAsync(string path, string key) =>
        [.. JsonNode.Parse((await SendAsync("GET", path, key)).Body)!.AsArray().Select(d => (string)d!["name"]!)];
}
