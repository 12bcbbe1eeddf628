using Microsoft.Extensions.DependencyInjection;
using Slipway.Client;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Registry;
using Slipway.Tests.Serving;
using DefinitionAction = Slipway.Client.DefinitionAction;
using DefinitionKind = Slipway.Client.DefinitionKind;
using DefinitionQuery = Slipway.Client.DefinitionQuery;
using LineageNode = Slipway.Platform.Registry.LineageNode;

namespace Slipway.Tests.Features;

/// <summary>Who uses what, and what people are told before they change it, through the client.</summary>
public sealed class FeatureGovernanceTests : IAsyncLifetime
{
    private const string Yaml =
        """
        entities:
          - {name: pump, join_keys: [{name: pump, type: string}]}
        sources:
          - {name: readings, push: true, columns: [{name: pump, type: string}, {name: at, type: timestamp}, {name: x, type: float64}, {name: y, type: int64}]}
        feature_views:
          - {name: pressure, kind: batch, description: Bars at the outlet, owner: ops, tags: [plant], entities: [pump], source: {name: readings, event_timestamp: at}, features: [{name: x, type: float64}, {name: y, type: int64}]}
          - {name: alarm, kind: derived, from: [{view: pressure, features: [x]}], features: [{name: high, type: bool, expression: pressure__x > 5}]}
        feature_services:
          - {name: pumps, features: [{view: pressure, features: [x]}]}
          - {name: alarms, features: [{view: alarm}]}
        """;

    private Hosting.RunningHost host = null!;
    private SlipwayClient client = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        host = await Hosting.RunningHost.StartAsync();
        client = new SlipwayClient(host.Http.BaseAddress!);
        await ApplyAsync(Yaml);
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await host.DisposeAsync();
    }

    private Task<List<Slipway.Client.DefinitionChange>> ApplyAsync(string yaml) => client.Features.ApplyAsync([new("pumps.yaml", yaml)], Cancel);

    private async Task<string> RegisterAsync()
    {
        var registry = host.Host.Services.GetRequiredService<RegistryService>();
        await registry.RegisterModelAsync(Actors.Local, new Slipway.Platform.Registry.NewModel("echo"), Cancel);
        var signature = new Slipway.Core.Data.ModelSignature([new("x", Slipway.Core.Data.DataType.Float32)], [new("probability", Slipway.Core.Data.DataType.Float32)]);
        var version = await registry.CreateVersionAsync(
            Actors.Local, new Slipway.Platform.Registry.NewVersion("echo", signature) { FeatureService = "pumps" }, new MemoryStream(TestModels.Echo), Cancel);
        return version.Version.ToString();
    }

    [Fact]
    public async Task A_plan_tells_what_is_new_what_differs_and_what_only_follows()
    {
        var changes = await client.Features.PlanAsync(
            [new("pumps.yaml", Yaml.Replace("kind: batch,", "kind: batch, ttl: 2h,", StringComparison.Ordinal).Replace("Bars at", "Pressure at", StringComparison.Ordinal)
                .Replace("  - {name: alarms", "  - {name: twice, features: [{view: pressure}]}\n  - {name: alarms", StringComparison.Ordinal))],
            Cancel);

        var told = changes.ToDictionary(change => change.Name);
        Assert.Equal((DefinitionAction.Update, 1, 2), (told["pressure"].Action, told["pressure"].From, told["pressure"].To));
        Assert.Equal(["description: Bars at the outlet -> Pressure at the outlet", "ttl:  -> 02:00:00"],
            told["pressure"].Fields!.Select(f => $"{f.Path}: {f.Old} -> {f.New}").Order());
        Assert.Equal((DefinitionAction.Create, DefinitionAction.Update, DefinitionAction.Unchanged), (told["twice"].Action, told["alarms"].Action, told["pump"].Action));
        Assert.Null(told["alarms"].Fields);
        Assert.Equal(1, (await client.Features.GetDefinitionAsync(DefinitionKind.View, "pressure", Cancel)).Latest.Version);
    }

    [Theory]
    [InlineData("{name: y, type: int64}]}\n  - {name: alarm", "{name: y, type: float64}]}\n  - {name: alarm", "pumps.yaml:6:5: feature 'y' of view 'pressure' changes its type from int64 to float64, which breaks who reads it by name; give it another name, or the view 'version: 2'.")]
    [InlineData("kind: batch,", "kind: batch, version: 4, ttl: 1h,", "pumps.yaml:6:5: feature view 'pressure' says 'version: 4', and with this content it is version 2.")]
    [InlineData("from: [{view: pressure, features: [x]}]", "from: [{view: alarm}]", "pumps.yaml:7:")]
    [InlineData("entities: [pump], source", "entities: [valve], source", "pumps.yaml:6:5: feature view 'pressure': there is no entity 'valve'; there are pump.")]
    [InlineData("{name: y, type: int64}]}\n  - {name: alarm", "{name: y, type: int64}, {name: z, type: float64}]}\n  - {name: alarm", "pumps.yaml:6:5: feature view 'pressure':")]
    public async Task What_cannot_be_is_refused_at_its_file_line_and_column(string before, string after, string message)
    {
        var yaml = Yaml.Replace(before, after, StringComparison.Ordinal);
        Assert.NotEqual(Yaml, yaml);
        if (after.Contains("y, type: float64", StringComparison.Ordinal))
        {
            yaml = yaml.Replace("{name: y, type: int64}]}\nfeature_views", "{name: y, type: float64}]}\nfeature_views", StringComparison.Ordinal);
        }

        var refused = await Assert.ThrowsAsync<SlipwayException>(() => client.Features.PlanAsync([new("pumps.yaml", yaml)], Cancel));
        Assert.Equal(ErrorKind.Invalid, refused.Kind);
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_type_changes_when_the_author_says_which_version_it_makes()
    {
        var yaml = Yaml.Replace("y, type: int64}", "y, type: float64}", StringComparison.Ordinal).Replace("kind: batch,", "kind: batch, version: 2,", StringComparison.Ordinal);
        Assert.Equal(2, (await ApplyAsync(yaml)).First(change => change.Name == "pressure").To);
        Assert.All(await ApplyAsync(yaml), change => Assert.Equal(DefinitionAction.Unchanged, change.Action));
    }

    [Fact]
    public async Task Features_are_used_by_models_through_the_version_they_are_pinned_to()
    {
        var version = await RegisterAsync();
        await ApplyAsync(Yaml.Replace("{name: pumps, features: [{view: pressure, features: [x]}]}", "{name: pumps, features: [{view: pressure, features: [y]}]}", StringComparison.Ordinal));

        var x = await client.Features.GetConsumersAsync(DefinitionKind.View, "pressure", "x", Cancel);
        Assert.Equal(["alarm"], x.Views);
        Assert.Equal(["alarms"], x.Services);
        Assert.Equal(new Slipway.Client.FeatureUser("echo", version, Slipway.Client.Stage.Development, "pumps@1"), Assert.Single(x.Models));
        var y = await client.Features.GetConsumersAsync(DefinitionKind.View, "pressure", "y", Cancel);
        Assert.Equal(["pumps"], y.Services);
        Assert.Empty(y.Models);
        Assert.Equal(["alarm:high ← alarms", "pressure:y ← pumps"], (await client.Features.GetUnusedAsync(Cancel)).Select(f => $"{f.View}:{f.Feature} ← {string.Join(',', f.Services)}"));
    }

    [Fact]
    public async Task What_is_deprecated_is_told_to_who_plans_applies_and_reads_with_the_list_of_its_consumers()
    {
        var version = await RegisterAsync();
        var yaml = Yaml.Replace("kind: batch,", "kind: batch, deprecated: {on: 2026-12-31, reason: the sensors go},", StringComparison.Ordinal);
        var changes = (await ApplyAsync(yaml)).ToDictionary(change => change.Name);

        Assert.Equal((DefinitionAction.Annotate, 1), (changes["pressure"].Action, changes["pressure"].To));
        Assert.Equal(new Slipway.Client.Deprecation(new DateOnly(2026, 12, 31), "the sensors go"), changes["pressure"].Deprecated);
        var consumers = changes["pressure"].Consumers!;
        Assert.Equal(["alarm"], consumers.Views);
        Assert.Equal(["alarms", "pumps"], consumers.Services);
        Assert.Equal(version, Assert.Single(consumers.Models).Version);
        const string Warning = "Feature view 'pressure' is deprecated from 2026-12-31 on: the sensors go";
        Assert.Equal([Warning], changes["alarm"].Warnings);
        var read = await client.Features.GetOnlineAsync("alarms", System.Text.Json.JsonElement.Parse("""{"pump": ["p1"]}"""), cancel: Cancel);
        Assert.Equal([Warning], read.Warnings);
        Assert.Equal("not_found", Assert.Single((await client.Features.GetOnlineAsync("pumps", System.Text.Json.JsonElement.Parse("""{"pump": ["p1"]}"""), cancel: Cancel)).Statuses["x"]));
    }

    [Fact]
    public async Task A_single_feature_is_deprecated_for_who_takes_it_and_nobody_else()
    {
        await ApplyAsync(Yaml);
        var yaml = Yaml.Replace("features: [{name: x, type: float64}, ", "features: [{name: x, type: float64, deprecated: {on: 2026-12-31, reason: Fühler fort}}, ", StringComparison.Ordinal);
        var changes = (await ApplyAsync(yaml)).ToDictionary(change => change.Name);

        Assert.Equal((DefinitionAction.Annotate, 1), (changes["pressure"].Action, changes["pressure"].To));
        Assert.Null(changes["pressure"].Deprecated);
        var gone = Assert.Single(changes["pressure"].DeprecatedFeatures!);
        Assert.Equal(("x", new DateOnly(2026, 12, 31)), (gone.Feature, gone.Deprecated.On));
        Assert.Equal(["alarm"], gone.Consumers!.Views);
        const string Warning = "Feature 'pressure:x' is deprecated from 2026-12-31 on: Fühler fort";
        Assert.Equal([Warning], changes["alarm"].Warnings);
        Assert.Equal(["x"], (await client.Features.SearchAsync(new DefinitionQuery(DefinitionKind.View, "pressure"), Cancel)).Single().Features.Where(f => f.Deprecated is not null).Select(f => f.Name));

        const string Header = "299 slipway \"Feature 'pressure:x' is deprecated from 2026-12-31 on: F%C3%BChler fort\"";
        Assert.Equal(Header, await FeastWarningAsync("pressure:x"));
        Assert.Null(await FeastWarningAsync("pressure:y"));
        Assert.Equal(Header, WarningOf(await host.Http.GetAsync("/FeatureGroup/pressure?RecordIdentifierValueAsString=p1", Cancel)));
        using var batch = new StringContent("""{"Identifiers": [{"FeatureGroupName": "pressure", "RecordIdentifiersValueAsString": ["p1"]}]}""");
        Assert.Equal(Header, WarningOf(await host.Http.PostAsync("/BatchGetRecord", batch, Cancel)));
    }

    [Fact]
    public async Task Features_that_are_read_singly_are_used_by_their_readers()
    {
        Assert.Contains(await client.Features.GetUnusedAsync(Cancel), f => f.Feature == "y");
        Assert.Null(await FeastWarningAsync("pressure:y"));

        Assert.DoesNotContain(await client.Features.GetUnusedAsync(Cancel), f => f.Feature == "y");
        Assert.Contains(await client.Features.GetUnusedAsync(Cancel), f => f.Feature == "x");
        var today = DateOnly.FromDateTime(host.Host.Services.GetRequiredService<TimeProvider>().GetUtcNow().UtcDateTime);
        Assert.Equal(new Slipway.Client.FeatureReader(Actors.Local.Name, today), Assert.Single((await client.Features.GetConsumersAsync(DefinitionKind.View, "pressure", "y", Cancel)).Readers));
        Assert.Empty((await client.Features.GetConsumersAsync(DefinitionKind.View, "pressure", "x", Cancel)).Readers);

        // What was noted outlives the process.
        await host.Host.Services.GetRequiredService<FeatureUses>().StopAsync(Cancel);
        var db = host.Host.Services.GetRequiredService<Slipway.Platform.Foundation.Database.Db>();
        Assert.Equal(["pressure:y"], await db.QueryAsync("select view, feature from feature_reads", null, row => $"{row.GetString(0)}:{row.GetString(1)}", Cancel));
    }

    private async Task<string?> FeastWarningAsync(string feature)
    {
        using var body = new StringContent($$$"""{"features": ["{{{feature}}}"], "entities": {"pump": ["p1"]}}""");
        return WarningOf(await host.Http.PostAsync("/get-online-features", body, Cancel));
    }

    private static string? WarningOf(HttpResponseMessage response)
    {
        using (response)
        {
            response.EnsureSuccessStatusCode();
            return response.Headers.NonValidated.TryGetValues("Warning", out var values) ? values.ToString() : null;
        }
    }

    [Theory]
    [InlineData("outlet", null, null, null, null, "pressure")]
    [InlineData(null, "PLANT", null, null, null, "pressure")]
    [InlineData(null, null, "ops", "pump", null, "pressure")]
    [InlineData("high", null, null, null, "bool", "alarm")]
    [InlineData(null, null, null, null, "derived", "alarm")]
    [InlineData(null, null, null, "pump", null, "pump alarms pumps pressure")]
    [InlineData("nothing", null, null, null, null, "")]
    public async Task Definitions_are_found_by_text_tag_owner_entity_and_type(string? text, string? tag, string? owner, string? entity, string? type, string names) =>
        Assert.Equal(names, string.Join(' ', (await client.Features.SearchAsync(new DefinitionQuery(null, text, tag, owner, entity, type), Cancel)).Select(d => d.Name)));

    [Fact]
    public async Task Lineage_leads_from_a_source_to_the_models_of_its_features()
    {
        var version = await RegisterAsync();
        var graph = await host.Host.Services.GetRequiredService<LineageService>().TraceAsync(
            LineageNode.FeatureSource("readings"), Slipway.Platform.Registry.LineageDirection.Downstream, 10, Cancel);
        Assert.Equal(
            ["FeatureService:alarms", "FeatureService:pumps", "FeatureSource:readings", "FeatureView:alarm", "FeatureView:pressure", $"ModelVersion:echo/{version}"],
            graph.Nodes.Select(node => $"{node.Kind}:{node.Id}").Order(StringComparer.Ordinal));
    }
}
