using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Features;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Foundation.Analytics;
using Slipway.TestKit;

namespace Slipway.Tests.Features;

public abstract class FeatureRegistryContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private const string Yaml =
        """
        entities:
          - {name: shop, join_keys: [{name: country, type: string}, {name: number, type: int64}]}
        feature_views:
          - name: sales
            kind: batch
            description: What a shop has sold
            entities: [shop]
            ttl: 2h
            source: {path: sales.parquet, created_timestamp: written}
            features: [{name: revenue, type: float64}, {name: visits, type: int64, default: 0}]
          - name: price
            kind: on_demand
            inputs: [{name: amount, type: float64}]
            from: [{view: sales}]
            features: [{name: relative, type: float64, expression: amount / sales__revenue}]
        feature_services:
          - {name: pricing, features: [{view: price, join_key_map: {}}, {view: sales, join_key_map: {number: shop_number}}]}
        """;

    private static readonly Actor Me = new("me", Role.Admin);

    private FeatureRegistryService registry = null!;

    protected override Task PrepareAsync()
    {
        registry = new FeatureRegistryService(Db, new AuditLog(Db, Time), Time);
        return Task.CompletedTask;
    }

    private static FeatureRepository Parse(string yaml = Yaml) => FeatureRepository.Parse(("shops.yaml", yaml));

    private async Task<string[]> ApplyAsync(string yaml) =>
        [.. (await registry.ApplyAsync(Parse(yaml), Me, Cancel)).Select(c => $"{c.Name}:{c.Action}:{c.From}->{c.To}")];

    [Fact]
    public async Task A_changed_definition_becomes_the_next_version_of_itself_and_of_what_builds_on_it()
    {
        Assert.Equal(
            ["shop:Create:->1", "sales:Create:->1", "price:Create:->1", "pricing:Create:->1"],
            await ApplyAsync(Yaml));
        Assert.All(await ApplyAsync("# a remark\n" + Yaml), change => Assert.EndsWith(":Unchanged:1->1", change, StringComparison.Ordinal));
        Assert.Equal(
            ["shop:Unchanged:1->1", "sales:Update:1->2", "price:Update:1->2", "pricing:Update:1->2"],
            await ApplyAsync(Yaml.Replace("2h", "3h", StringComparison.Ordinal)));
        var plan = await registry.GetServiceAsync("pricing", Cancel);
        Assert.Equal((2, "sales@2"), (plan.Version, plan.Lookups[0].View.Key));
        Assert.Equal(TimeSpan.FromHours(3), plan.Lookups[0].View.Ttl);
        Assert.Equal([2, 1], (await registry.VersionsAsync(DefinitionKind.View, "sales", Cancel)).Select(d => d.Version));
    }

    [Fact]
    public async Task Another_description_is_stored_and_makes_no_new_version()
    {
        await ApplyAsync(Yaml);
        Assert.Contains("sales:Annotate:1->1", await ApplyAsync(Yaml.Replace("What a shop has sold", "Revenue", StringComparison.Ordinal)));
        var stored = (await registry.ListAsync(DefinitionKind.View, Cancel)).Single(d => d.Name == "sales");
        Assert.Equal(1, stored.Version);
        Assert.Contains("\"description\":\"Revenue\"", stored.Definition, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Planning_says_what_would_change_and_changes_nothing()
    {
        Assert.All(await registry.PlanAsync(Parse(), Cancel), change => Assert.Equal(ChangeAction.Create, change.Action));
        Assert.Empty(await registry.ListAsync(DefinitionKind.View, Cancel));
    }

    [Fact]
    public async Task Another_process_serves_the_definitions_that_were_applied()
    {
        await ApplyAsync(Yaml);
        await using var other = OpenAgain();
        var elsewhere = new FeatureRegistryService(other, new AuditLog(other, Time), Time);
        Assert.Equal(1, (await elsewhere.GetServiceAsync("pricing", Cancel)).Version);
    }

    [Fact]
    public async Task An_unknown_service_is_named_with_those_there_are()
    {
        await ApplyAsync(Yaml);
        var error = await Assert.ThrowsAsync<SlipwayException>(async () => await registry.GetServiceAsync("prices", Cancel));
        Assert.Equal((ErrorKind.NotFound, "There is no feature service 'prices'; there are pricing."), (error.Kind, error.Message));
    }

    [Fact]
    public async Task A_column_of_two_types_is_refused_and_nothing_is_stored()
    {
        var clash = Yaml.Replace("name: amount, type: float64", "name: number, type: float64", StringComparison.Ordinal)
            .Replace("amount /", "number /", StringComparison.Ordinal);
        var error = await Assert.ThrowsAsync<SlipwayException>(() => ApplyAsync(clash));
        Assert.Equal("Feature service 'pricing' needs the column 'number' as float64 and as int64; rename one of them.", error.Message);
        Assert.Empty(await registry.ListAsync(DefinitionKind.View, Cancel));
    }

    [Fact]
    public async Task What_is_present_null_missing_or_too_old_is_told_apart()
    {
        await ApplyAsync(Yaml);
        var store = new OnlineStore(Db, new OnlineStoreOptions());
        var online = new OnlineFeatures(registry, store, Time);
        var view = (await registry.GetServiceAsync("pricing", Cancel)).Lookups[0].View;
        var now = Microseconds.From(Time.GetUtcNow());
        var twoHours = 2 * 3_600_000_000L;
        await store.WriteAsync(
            view.Key,
            view.Newest(
                new Table(
                [
                    Column.String("country", ["de", "de", "de"]), Column.Int64("number", [1, 2, 3]),
                    Column.Timestamp("event_timestamp", [now - twoHours, now - twoHours - 1, now]),
                    Column.Timestamp("created_timestamp", [now, now, now]),
                    Column.Float64("revenue", [8, 8, 0], new System.Collections.BitArray([false, false, true])), Column.Int64("visits", [4, 5, 6]),
                ]),
                now),
            Cancel);
        var request = new Table(
        [
            Column.String("country", ["de", "de", "de", "de", null]), Column.Int64("number", [1, 2, 3, 4, 1]),
            Column.Int64("shop_number", [1, 2, 3, 4, 1]), Column.Float64("amount", [2, 2, 2, 2, 2]),
        ]);
        var answer = await online.ExplainAsync("pricing", request, Cancel);

        Assert.Equal(["relative", "revenue", "visits"], answer.Values.Columns.Select(c => c.Name));
        Assert.Equal([0.25, null, null, null, null], Enumerable.Range(0, 5).Select(answer.Values["relative"].Value));
        Assert.Equal(
            [FeatureStatus.Present, FeatureStatus.OutsideMaxAge, FeatureStatus.NullValue, FeatureStatus.NotFound, FeatureStatus.NotFound],
            answer.Statuses[1]);

        // A default stands in wherever there is no value.
        Assert.Equal([4L, 0L, 6L, 0L, 0L], answer.Values["visits"].Longs);
        Assert.Equal([now - twoHours, now - twoHours - 1, now, 0, 0], answer.EventTimes[1]);

        // The age is judged at the time that the request gives.
        var then = request.With(Column.Timestamp("event_timestamp", [.. Enumerable.Repeat(now - 1, 5)]));
        Assert.Equal([8.0, 8.0, null, null, null], Enumerable.Range(0, 5).Select((await online.GetAsync("pricing", then, Cancel))["revenue"].Value));
    }

    [Fact]
    public async Task A_service_whose_columns_clash_may_be_stored_and_is_refused_where_names_are_short()
    {
        await ApplyAsync(Yaml.Replace("{view: sales, join_key_map: {number: shop_number}}]",
            "{view: sales, as: here}, {view: sales, as: there, join_key_map: {number: other}}]", StringComparison.Ordinal));
        var plan = await registry.GetServiceAsync("pricing", Cancel);
        Assert.Equal(
            "'here:revenue' and 'there:revenue' both give a column 'revenue'; ask for full names ('full_feature_names: true', --full-names).", plan.Clash);
        var error = Assert.Throws<SlipwayException>(() => plan.Check(new Table([Column.String("country", ["de"])])));
        Assert.StartsWith("Feature service 'pricing': 'here:revenue' and", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_without_a_column_that_the_service_needs_is_refused()
    {
        await ApplyAsync(Yaml);
        var online = new OnlineFeatures(registry, new OnlineStore(Db, new OnlineStoreOptions()), Time);
        var error = await Assert.ThrowsAsync<SlipwayException>(
            () => online.GetAsync("pricing", new Table([Column.String("country", ["de"])]), Cancel));
        Assert.Equal("Feature service 'pricing' needs the column 'amount' (float64); there are country.", error.Message);
    }
}

public sealed class FeatureRegistryOnSqlite() : FeatureRegistryContract(null);

public sealed class FeatureRegistryOnPostgres(PostgresServer postgres) : FeatureRegistryContract(postgres);
