using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Jobs;
using Slipway.Platform.Foundation.Outgoing;
using Slipway.Platform.Monitoring;
using Slipway.Platform.Registry;
using Slipway.Platform.Registry.Packages;
using Slipway.Platform.Serving;
using Slipway.Platform.Serving.Predictions;
using Slipway.Platform.Tracking;
using Slipway.TestKit;

namespace Slipway.Tests.Monitoring;

/// <summary>The endpoint <c>flights</c> with a prediction log that tests fill, watched by the real module.</summary>
public abstract class MonitoredEndpoint(PostgresServer? postgres) : OnBothEngines(postgres)
{
    protected const string Name = "flights";

    protected static readonly Actor Me = new("ada", Role.Admin);

    private ServiceProvider services = null!;

    protected MonitoringService Monitoring => services.GetRequiredService<MonitoringService>();

    protected AlertService Alerts => services.GetRequiredService<AlertService>();

    protected JobService Jobs => services.GetRequiredService<JobService>();

    private protected WindowAdvance Windows => services.GetRequiredService<WindowAdvance>();

    protected IServiceProvider Services => services;

    /// <summary>Windows of a day in event time, judged a day after their end.</summary>
    protected static MonitorDefinition Daily { get; } = new(Name, [new("a"), new("b"), new("c", FeatureKind.Categorical)])
    {
        Clock = MonitorClock.Event,
        Windows = [WindowLength.OneDay],
    };

    protected override Task PrepareAsync()
    {
        services = Compose(Db);
        var endpoint = new Endpoint(Name, "flight-delay", null, [new Variant("1.0.0", 100, VariantRole.Champion)], new EndpointOptions());
        return Db.WriteAsync(
            session => services.GetRequiredService<EndpointStore>().SaveAsync(session, null, endpoint, Me.Name, "test", Cancel), Cancel);
    }

    /// <summary>The module as another process, or this one after a restart, would have it.</summary>
    private protected ServiceProvider Compose(Db db, MonitoringOptions? options = null, TimeProvider? time = null)
    {
        var collection = new ServiceCollection();
        collection.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance).AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        collection.AddSingleton(db).AddSingleton(time ?? Time).AddSingleton(new JobOptions { Poll = TimeSpan.FromMilliseconds(20) });
        collection.AddSingleton<JobService>().AddSingleton<ScheduleService>();
        collection.AddSingleton(new BlobStore(Folder.Combine("blobs"))).AddSingleton(new AnalyticsEngine(new AnalyticsOptions()));
        collection.AddSingleton(_ => new PackageKeys(Folder.Combine("keys")));
        collection.AddSingleton(options ?? new MonitoringOptions());
        collection.AddSingleton(new OutgoingAddressPolicy([AllowedTarget.Parse("127.0.0.1")]));
        collection.AddAccess().AddTracking().AddRegistry().AddServing().AddMonitoring();
        return collection.BuildServiceProvider();
    }

    private protected async Task WatchAsync(MonitorDefinition definition, IReadOnlyList<Traffic.Row> reference, bool times = false)
    {
        await Monitoring.PutAsync(definition, Me, Cancel);
        await Monitoring.RebaseAsync(Name, await SourceAsync("1.0.0", reference, times), Me, Cancel);
    }

    private protected async Task<ReferenceSource> SourceAsync(string version, IReadOnlyList<Traffic.Row> rows, bool times = false)
    {
        var file = Folder.Combine($"reference-{version}.parquet");
        await services.GetRequiredService<AnalyticsEngine>().WriteParquetAsync(Traffic.Reference(rows, times), file, Cancel);
        await using var content = File.OpenRead(file);
        await services.GetRequiredService<BlobStore>().PutAsync($"references/{version}.parquet", content, Cancel);
        return new(version, $"references/{version}.parquet", Traffic.Inputs, EventTime: times ? "event_time" : null);
    }

    private protected async Task LogAsync(
        IEnumerable<Traffic.Row> rows, string version = "1.0.0", VariantRole role = VariantRole.Champion, bool outcomes = true)
    {
        var logged = rows.ToList();
        var entry = new LogEntry(
            Name, 1,
            [.. logged.Select((r, i) => new LoggedPrediction(
                r.Id, version, role, r.TimeUs, 0, r.Score, r.Score >= 0.5, Traffic.Bytes(r.Features), 100 + i, null))],
            [], IsCanary: false);
        await Db.WriteAsync(session => PredictionStore.InsertAsync(session, [entry], Cancel), Cancel);
        if (outcomes)
        {
            await OutcomesAsync(logged);
        }
    }

    private protected Task OutcomesAsync(IEnumerable<Traffic.Row> rows, bool replace = false) =>
        services.GetRequiredService<FeedbackService>().RecordAsync(
            [.. rows.Select(row => new Outcome(row.Id, row.Positive ? 1 : 0, row.TimeUs))], replace, Cancel);

    /// <summary>Event time has come to the start of this day.</summary>
    protected Task<AdvanceResult> AdvanceAsync(double day) =>
        Monitoring.AdvanceAsync(Name, Traffic.Start + (long)(day * Traffic.Day), Cancel);

    private protected async Task<IReadOnlyList<Alert>> AlertsAsync(AlertState? state = null) =>
        (await Alerts.ListAsync(Name, state, null, 100, Cancel)).Items;
}
