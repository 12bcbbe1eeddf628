using System.Text.Json.Nodes;
using Slipway.Core.Data;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Erasure;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Sources;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Foundation.Jobs;
using Slipway.Platform.Pipelines;
using Slipway.Platform.Streaming;
using Slipway.TestKit;

namespace Slipway.Tests.Streaming;

/// <summary>A version that something holds is filled with the one in force, by every path that fills views.</summary>
public abstract class HeldVersionContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private const string Yaml =
        """
        entities:
          - {name: shop, join_keys: [{name: shop, type: string}]}
        sources:
          - name: sold
            path: sold.parquet
            columns: [{name: shop, type: string}, {name: at, type: timestamp}, {name: amount, type: float64}]
            computed: [{name: revenue, expression: amount}]
        feature_views:
          - {name: sales, kind: batch, entities: [shop], source: {name: sold, event_timestamp: at}, features: [{name: revenue, type: float64}]}
        feature_services:
          - {name: pricing, features: [{view: sales}]}
        """;

    private static readonly Actor Me = new("me", Role.Admin);

    private readonly AnalyticsEngine analytics = new(new AnalyticsOptions());
    private FeatureRegistryService registry = null!;
    private OnlineStore store = null!;
    private ErasureList erasures = null!;
    private JobService jobs = null!;

    /// <summary>Version 1 is held, and in version 2 amounts are in cents.</summary>
    protected override async Task PrepareAsync()
    {
        registry = new FeatureRegistryService(Db, new AuditLog(Db, Time), Time);
        erasures = new ErasureList(Db, registry);
        store = new OnlineStore(new SqlOnlineStore(Db, new OnlineStoreOptions()), erasures);
        jobs = new JobService(Db, Time, new JobOptions());
        await ApplyAsync(Yaml);
        await HoldAsync("pricing@1");
        await ApplyAsync(Yaml.Replace("expression: amount", "expression: amount * 100", StringComparison.Ordinal));
    }

    protected override Task CleanUpAsync()
    {
        analytics.Dispose();
        jobs?.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_materialisation_fills_what_is_in_force_and_what_is_held()
    {
        var materialisation = new MaterialisationService(
            Db, registry, Batches(), new StreamMaterialisation(new(Db), registry, store, new StreamSignals(), Time), analytics,
            new SourceFolder(Folder.FullPath), new Scratch(new FoundationOptions(Folder.FullPath, null)), jobs, new ScheduleService(Db, jobs, Time), Time);
        await analytics.WriteParquetAsync(Sold(3), Folder.Combine("sold.parquet"), Cancel);

        await RunAsync(new MaterialisationRequest(["sales"]));
        Assert.Equal((3.0, 300.0), (await ReadAsync("pricing@1"), await ReadAsync("pricing")));
        Assert.Equal(["sales@1", "sales@2"], (await materialisation.FreshnessAsync(Cancel)).Select(view => view.View).Order());

        await analytics.WriteParquetAsync(Sold(3, 4), Folder.Combine("sold.parquet"), Cancel);
        await RunAsync(new MaterialisationRequest(Mode: MaterialisationMode.Full));
        Assert.Equal((4.0, 400.0), (await ReadAsync("pricing@1"), await ReadAsync("pricing")));

        await HoldAsync();
        await analytics.WriteParquetAsync(Sold(3, 4, 5), Folder.Combine("sold.parquet"), Cancel);
        await RunAsync(new MaterialisationRequest(["sales"], MaterialisationMode.Full));
        Assert.Equal((4.0, 500.0), (await ReadAsync("pricing@1"), await ReadAsync("pricing")));

        async Task RunAsync(MaterialisationRequest request)
        {
            Time.Advance(TimeSpan.FromMinutes(1));
            var run = await materialisation.StartAsync(request, Cancel);
            await materialisation.RunAsync(await jobs.GetAsync(run.Id, Cancel), Cancel);
        }
    }

    [Fact]
    public async Task The_pipeline_step_fills_what_is_held_and_goes_on_where_its_source_is_gone()
    {
        var datasets = new Datasets(new BlobStore(Folder.Combine("blobs")), analytics, new Scratch(new FoundationOptions(Folder.FullPath, null)));
        var step = new MaterializeStep(registry, new StreamMaterialisation(new(Db), registry, store, new StreamSignals(), Time), Batches(), datasets);
        var sold = await datasets.PutAsync("sold", Sold(3), Cancel);
        var log = new List<string>();

        Assert.Equal("""{"rows":{"sales":1,"sales@1":1}}""", (await RunAsync("sold", sold)).ToJsonString());
        Assert.Equal((3.0, 300.0), (await ReadAsync("pricing@1"), await ReadAsync("pricing")));

        await ApplyAsync(Yaml.Replace("name: sold,", "name: bought,", StringComparison.Ordinal).Replace("name: sold\n", "name: bought\n", StringComparison.Ordinal));
        Assert.Equal("""{"rows":{"sales":1}}""", (await RunAsync("bought", sold)).ToJsonString());
        Assert.Contains("sales@1: not filled, since the step has no rows of source 'sold'", log);

        Task<JsonObject> RunAsync(string source, DatasetSnapshot data)
        {
            var with = StepInputs.Write(new
            {
                Service = "pricing",
                AsOf = DateTimeOffset.UnixEpoch.AddDays(1),
                Sources = new Dictionary<string, DatasetSnapshot> { [source] = data },
            });
            return step.RunAsync(new StepContext(null!, "fill", with, log.Add), Cancel);
        }
    }

    [Fact]
    public async Task Rows_that_a_caller_writes_reach_what_is_held()
    {
        var rows = new Table([Column.String("shop", ["a"]), Column.Timestamp("event_timestamp", [60_000_000]), Column.Float64("revenue", [7])]);
        Assert.Equal(1, await new OnlineRowWriter(registry, store, Time).WriteAsync("sales", rows, Cancel));
        Assert.Equal((7.0, 7.0), (await ReadAsync("pricing@1"), await ReadAsync("pricing")));
    }

    [Fact]
    public async Task An_erasure_takes_an_entity_out_of_what_is_held_and_keeps_it_out()
    {
        await Batches().RunAsync("one", "sales@1", SourceData.Of(Sold(3)), Full, Time.GetUtcNow(), Cancel);
        var erasure = new ErasureService(Db, registry, store, erasures, new AccessService(), new AuditLog(Db, Time), Time);
        var report = await erasure.EraseAsync(
            new ErasureRequest("shop", System.Text.Json.JsonSerializer.SerializeToElement(new { shop = new[] { "a" } })), Me, Cancel);
        Assert.Contains(new ErasedView("sales@1", 1), report.Views);
        await Batches().RunAsync("two", "sales@1", SourceData.Of(Sold(3)), Full, Time.GetUtcNow(), Cancel);
        Assert.Null(await ReadAsync("pricing@1"));
    }

    private static MaterialisationRange Full => new(MaterialisationMode.Full, null, 86_400_000_000);

    private BatchMaterialisation Batches() => new(Db, registry, new ViewHistory(analytics), analytics, store, Time);

    private Task<IReadOnlyList<DefinitionChange>> ApplyAsync(string yaml) =>
        registry.ApplyAsync(FeatureRepository.Parse(("shops.yaml", yaml)), Me, Cancel);

    private Task HoldAsync(params string[] services) =>
        Db.WriteAsync(session => registry.HoldAsync(session, "endpoint/prices", services, Cancel), Cancel);

    private static Table Sold(params double[] amounts) => new(
    [
        Column.String("shop", [.. amounts.Select(_ => "a")]),
        Column.Timestamp("at", [.. amounts.Select((_, i) => (i + 1) * 60_000_000L)]),
        Column.Float64("amount", amounts),
    ]);

    private async Task<double?> ReadAsync(string service) =>
        (double?)(await new OnlineFeatures(registry, store, Time).GetAsync(service, new Table([Column.String("shop", ["a"])]), Cancel))["revenue"].Value(0);
}

public sealed class HeldVersionsOnSqlite() : HeldVersionContract(null);

public sealed class HeldVersionsOnPostgres(PostgresServer postgres) : HeldVersionContract(postgres);
