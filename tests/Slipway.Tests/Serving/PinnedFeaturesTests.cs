using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Windowed;
using Slipway.Platform.Foundation.Events;
using Slipway.Platform.Registry;
using Slipway.Platform.Serving;
using Slipway.Platform.Serving.Predictions;
using Slipway.Platform.Serving.Rollouts;
using Slipway.Platform.Streaming;

namespace Slipway.Tests.Serving;

/// <summary>A model is served with the versions of the features that it was trained on, whatever is applied after.</summary>
public abstract class PinnedFeaturesContract(PostgresServer? postgres) : OnServing(postgres)
{
    private const string Yaml =
        """
        entities:
          - {name: pump, join_keys: [{name: pump, type: string}]}
        feature_views:
          - name: pressure
            kind: batch
            entities: [pump]
            source:
              name: readings
              event_timestamp: at
            features: [{name: x, type: float64}]
        feature_services:
          - {name: pumps, features: [{view: pressure}]}
        sources:
          - name: readings
            push: true
            columns: [{name: pump, type: string}, {name: at, type: timestamp}, {name: raw, type: float64}]
            computed: [{name: x, expression: raw}]
        """;

    private static readonly Actor Admin = new("test", Role.Admin);

    private FeatureRegistryService registry = null!;
    private OnlineFeatures online = null!;
    private OnlineStore store = null!;
    private int minute;

    protected override async Task PrepareAsync()
    {
        registry = new FeatureRegistryService(Db, new AuditLog(Db, Time), Time);
        store = new OnlineStore(Db, new OnlineStoreOptions());
        online = new OnlineFeatures(registry, store, Time);
        await base.PrepareAsync();
        await registry.ApplyAsync(FeatureRepository.Parse(("pumps.yaml", Yaml)), Admin, Cancel);
    }

    protected override void Add(IServiceCollection services) => services
        .AddSingleton<FeatureLookup>(online.GetAsync).AddSingleton<FeaturePinning>(registry.PinAsync).AddSingleton<FeatureHold>(registry.HoldAsync);

    [Fact]
    public async Task An_endpoint_goes_on_with_the_features_its_model_was_trained_on()
    {
        var first = await Kit.RegisterAsync(TestModels.Echo, featureService: "pumps");
        Assert.Equal("pumps@1", first.FeatureService);
        Assert.Equal("1", first.FeatureViews["pressure"]);
        await Kit.DeployAsync(first);
        await PushAsync(0.5);
        Assert.Equal(0.5f, await PredictAsync());

        await HalveAsync();
        await PushAsync(0.8);

        Assert.Equal(0.8f, await PredictAsync());
        Assert.Equal(0.4, await ReadAsync("pumps"));
    }

    [Fact]
    public async Task Versions_of_one_endpoint_each_take_the_features_they_were_trained_on()
    {
        var first = await Kit.RegisterAsync(TestModels.Echo, featureService: "pumps");
        await Kit.DeployAsync(first);
        await HalveAsync();
        var second = await Kit.RegisterAsync(TestModels.Echo, featureService: "pumps");
        Assert.Equal("pumps@2", second.FeatureService);
        await Kit.Serving.SetTrafficAsync(
            "live", [new Variant(first.Version.ToString(), 50, VariantRole.Champion), new Variant(second.Version.ToString(), 50, VariantRole.Challenger)],
            ServingKit.Carl, "both", Cancel);
        await PushAsync(0.8);

        Assert.Equal((0.8f, 0.4f), (await PredictAsync(first.Version.ToString()), await PredictAsync(second.Version.ToString())));
        Assert.Equal(["pumps@1", "pumps@2"], Assert.Single(await registry.PinsAsync(Cancel)).Services);
    }

    [Fact]
    public async Task A_canary_holds_both_versions_until_it_ends()
    {
        var first = await Kit.RegisterAsync(TestModels.Echo, featureService: "pumps");
        await Kit.DeployAsync(first);
        await HalveAsync();
        var second = await Kit.RegisterAsync(TestModels.Inverse, featureService: "pumps");
        await Kit.Rollouts.StartAsync(
            "live", second.Version.ToString(), new CanaryPlan { Steps = [50], MinOutcomesPerStep = 100, Margin = 0.3 }, ServingKit.Carl, "drift", Cancel);
        Assert.Equal(["pumps@1", "pumps@2"], Assert.Single(await registry.PinsAsync(Cancel)).Services);
        Assert.Equal(["pressure@1", "pressure@2"], (await registry.StreamingViewsAsync(Cancel)).Select(view => view.Key).Order());

        // Both versions look x up: the champion gets 1 and is right, the challenger gets 0.5, inverts it and is further off.
        await PushAsync(1);
        Rollout? ended = null;
        for (var round = 0; ended is not { State: not RolloutState.Running }; round++)
        {
            Assert.True(round < 20, "The canary did not end.");
            string[] ids = [.. Enumerable.Range(0, 200).Select(i => $"{round}-{i}")];
            await Kit.Serving.PredictAsync("live", new PredictRequest(new Table([Column.String("pump", [.. ids.Select(_ => "p1")])])) { Ids = ids }, Cancel);
            await Kit.Log.FlushAsync(Cancel);
            await Kit.Feedback.RecordAsync([.. ids.Select(id => new Outcome(id, 1))], replace: false, Cancel);
            ended = await Kit.Rollouts.EvaluateAsync("live", Cancel);
        }

        Assert.Equal(RolloutState.RolledBack, ended.State);
        Assert.Equal(["pumps@1"], Assert.Single(await registry.PinsAsync(Cancel)).Services);
        Assert.Equal(["pressure@1", "pressure@2"], (await registry.StreamingViewsAsync(Cancel)).Select(view => view.Key).Order());
    }

    [Fact]
    public async Task What_no_endpoint_holds_any_more_is_not_filled_any_more()
    {
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Echo, featureService: "pumps"));
        await PushAsync(0.5);
        await HalveAsync();
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Echo, featureService: "pumps"));
        await PushAsync(0.8);

        Assert.Equal(["pressure@2"], (await registry.StreamingViewsAsync(Cancel)).Select(view => view.Key));
        Assert.Equal(0.4f, await PredictAsync());
        Assert.Equal(0.5, await ReadAsync("pumps@1"));
    }

    [Fact]
    public async Task Endpoints_from_before_their_holds_were_kept_are_consumers_from_the_next_start_on()
    {
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Echo, featureService: "pumps"));
        var follower = await Kit.RegisterAsync(TestModels.Echo, featureService: "pumps");
        await Kit.DeployAsync(follower, "follower");
        await Db.ExecuteAsync("delete from feature_pins", null, Cancel);
        await Db.ExecuteAsync(
            "update model_versions set feature_service = 'pumps' where version = @version", c => c.With("version", follower.Version.ToString()), Cancel);
        using var uses = new FeatureUses(Db, Time, NullLogger<FeatureUses>.Instance);
        var usage = new FeatureUsageService(registry, new FeatureRights(registry, new AccessService()), Kit.Get<RegistryService>(), uses);
        Assert.Empty((await usage.ConsumersAsync(Admin, DefinitionKind.View, "pressure", "x", Cancel)).Endpoints);

        await Kit.Get<FeatureHolds>().RenewAsync(Cancel);

        Assert.Equal(["follower: pumps", "live: pumps@1"], (await registry.PinsAsync(Cancel)).Select(pin => $"{pin.Holder.Split('/')[1]}: {pin.Services.Single()}"));
        Assert.Equal(["follower", "live"], (await usage.ConsumersAsync(Admin, DefinitionKind.View, "pressure", "x", Cancel)).Endpoints);
        await HalveAsync();
        Assert.Equal(["pressure@1", "pressure@2"], (await registry.StreamingViewsAsync(Cancel)).Select(view => view.Key).Order());
    }

    [Fact]
    public async Task A_service_that_another_repository_builds_on_a_view_moves_with_it()
    {
        var views = Yaml.Replace("feature_services:\n  - {name: pumps, features: [{view: pressure}]}\n", "", StringComparison.Ordinal)
            .Replace("expression: raw", "expression: raw / 2", StringComparison.Ordinal);
        var changes = await registry.ApplyAsync(FeatureRepository.Parse(("views.yaml", views)), Admin, Cancel);

        Assert.Contains(new DefinitionChange(DefinitionKind.Service, "pumps", ChangeAction.Update, 1, 2), changes);
        var stored = Assert.Single(await registry.ListAsync(DefinitionKind.Service, Cancel));
        Assert.Equal(["entity/pump@1", "view/pressure@2"], stored.Uses);
    }

    [Fact]
    public async Task A_version_that_there_is_not_is_refused()
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(() => Kit.RegisterAsync(TestModels.Echo, featureService: "pumps@7"));
        Assert.Equal((ErrorKind.NotFound, "There is no version 7 of feature service 'pumps'."), (error.Kind, error.Message));
    }

    private async Task HalveAsync() => await registry.ApplyAsync(
        FeatureRepository.Parse(("pumps.yaml", Yaml.Replace("expression: raw", "expression: raw / 2", StringComparison.Ordinal))), Admin, Cancel);

    /// <summary>Pushes a reading and carries the views that are in use to the end of the topic.</summary>
    private async Task PushAsync(double raw)
    {
        var log = new EventLog(Db);
        var at = DateTimeOffset.UnixEpoch.AddMinutes(++minute);
        var row = string.Create(CultureInfo.InvariantCulture, $$"""{"pump":"p1","at":"{{at:O}}","raw":{{raw}}}""");
        await new StreamService(Db, log, registry, new StreamSignals(), new StreamOptions(), Time).PushRowsAsync(
            "readings", [Encoding.UTF8.GetBytes(row)], null, PushTarget.OnlineAndOffline, null, wait: false, Cancel);
        var stream = await TopicStream.OpenAsync(
            "readings", await registry.StreamingViewsAsync(Cancel), Db, log, store, new StreamOptions(), Time, Cancel);
        while (await stream.StepAsync(Cancel) >= 0)
        {
        }
    }

    private async Task<float> PredictAsync(string? version = null) => (await Kit.Serving.PredictAsync(
        "live", new PredictRequest(new Table([Column.String("pump", ["p1"])])) { Version = version }, Cancel)).Predictions[0].Probability;

    private async Task<double?> ReadAsync(string service) =>
        (double?)(await online.GetAsync(service, new Table([Column.String("pump", ["p1"])]), Cancel))["x"].Value(0);
}

public sealed class PinnedFeaturesOnSqlite() : PinnedFeaturesContract(null);

public sealed class PinnedFeaturesOnPostgres(PostgresServer postgres) : PinnedFeaturesContract(postgres);
