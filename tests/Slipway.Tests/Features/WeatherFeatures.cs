using Slipway.Core.Data;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Erasure;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Tests.Features;

/// <summary>Batch views about airports and airlines, and everything that fills and reads them on a store. Times are hours after the epoch.</summary>
internal sealed class WeatherFeatures : IDisposable
{
    public const long Hour = 3_600_000_000;

    private const string Yaml =
        """
        entities:
          - {name: airport, join_keys: [{name: airport, type: string}]}
          - {name: airline, join_keys: [{name: carrier, type: int64}, {name: country, type: string}]}
        feature_views:
          - name: weather
            kind: batch
            entities: [airport]
            ttl: 2h
            source:
              path: weather.parquet
              event_timestamp: at
              created_timestamp: written
              columns:
                - {name: airport, type: string}
                - {name: at, type: timestamp}
                - {name: written, type: timestamp}
                - {name: temperature, type: float64}
                - {name: sky, type: string}
            features: [{name: temperature, type: float64}, {name: sky, type: string}]
          - name: delays
            kind: batch
            entities: [airport, airline]
            source:
              path: delays.parquet
              event_timestamp: at
              columns:
                - {name: airport, type: string}
                - {name: carrier, type: int64}
                - {name: country, type: string}
                - {name: at, type: timestamp}
                - {name: minutes, type: int64}
            features: [{name: minutes, type: int64, default: "7"}]
          - name: climate
            kind: on_demand
            from: [{view: weather, features: [temperature]}]
            features: [{name: fahrenheit, type: float64, expression: weather__temperature * 1.8 + 32}]
        feature_services:
          - {name: weather_service, features: [{view: weather}, {view: climate}]}
          - {name: delay_service, features: [{view: delays}]}
        """;

    private WeatherFeatures(Db db, TimeProvider time, IOnlineStore store)
    {
        Registry = new FeatureRegistryService(db, new AuditLog(db, time), time);
        Erasures = new ErasureList(db, Registry);
        Store = new OnlineStore(store, Erasures);
        Online = new OnlineFeatures(Registry, Store, time);
        History = new ViewHistory(Analytics);
        Batches = new BatchMaterialisation(db, Registry, History, Analytics, Store, time);
        TrainingSets = new TrainingSetService(Registry, Analytics, Erasures);
        Erasure = new ErasureService(db, Registry, Store, Erasures, new AccessService(), new AuditLog(db, time), time);
    }

    public AnalyticsEngine Analytics { get; } = new(new AnalyticsOptions());

    public FeatureRegistryService Registry { get; }

    public ErasureList Erasures { get; }

    public OnlineStore Store { get; }

    public OnlineFeatures Online { get; }

    public ViewHistory History { get; }

    public BatchMaterialisation Batches { get; }

    public TrainingSetService TrainingSets { get; }

    public ErasureService Erasure { get; }

    public static async Task<WeatherFeatures> OpenAsync(Db db, TimeProvider time, IOnlineStore store, CancellationToken cancel)
    {
        var features = new WeatherFeatures(db, time, store);
        await features.Registry.ApplyAsync(FeatureRepository.Parse(("weather.yaml", Yaml)), new Actor("test", Role.Admin), cancel);
        return features;
    }

    /// <param name="rows">A null temperature is a null value, not a missing row; so is a null time of writing.</param>
    public static Table Weather(params (string? Airport, double Hour, double? Written, double? Temperature)[] rows) => new(
    [
        Column.String("airport", [.. rows.Select(r => r.Airport)]),
        Column.Timestamp("at", [.. rows.Select(r => (long)(r.Hour * Hour))]),
        Column.Timestamp("written", [.. rows.Select(r => (long)((r.Written ?? 0) * Hour))], new([.. rows.Select(r => r.Written is null)])),
        Column.Float64("temperature", [.. rows.Select(r => r.Temperature ?? 0)], new([.. rows.Select(r => r.Temperature is null)])),
        Column.String("sky", [.. rows.Select(r => r.Temperature is null ? null : $"sky {r.Temperature}")]),
    ]);

    public static Table Delays(params (string Airport, long Carrier, string Country, double Hour, long Minutes)[] rows) => new(
    [
        Column.String("airport", [.. rows.Select(r => r.Airport)]),
        Column.Int64("carrier", [.. rows.Select(r => r.Carrier)]),
        Column.String("country", [.. rows.Select(r => r.Country)]),
        Column.Timestamp("at", [.. rows.Select(r => (long)(r.Hour * Hour))]),
        Column.Int64("minutes", [.. rows.Select(r => r.Minutes)]),
    ]);

    public static DateTimeOffset At(double hour) => DateTimeOffset.UnixEpoch.AddHours(hour);

    /// <summary>Brings rows online as a run of its own does.</summary>
    public Task<ViewMaterialisation> MaterialiseAsync(
        string run, string view, Table rows, double to, CancellationToken cancel, MaterialisationMode mode = MaterialisationMode.Full, double? from = null) =>
        Batches.RunAsync(
            run, view, SourceData.Of(rows),
            new MaterialisationRange(mode, from is { } hour ? (long)(hour * Hour) : null, (long)(to * Hour)), At(to), cancel);

    /// <summary>Temperatures and their statuses as read at an hour.</summary>
    public async Task<(double? Value, Platform.Features.FeatureStatus Status)[]> ReadAsync(double hour, CancellationToken cancel, params string?[] airports)
    {
        var answer = await Online.ExplainAsync(
            "weather_service",
            new Table([
                Column.String("airport", airports),
                Column.Timestamp("event_timestamp", [.. airports.Select(_ => (long)(hour * Hour))])]),
            cancel);
        return [.. airports.Select((_, i) => ((double?)answer.Values["temperature"].Value(i), answer.Statuses[0][i]))];
    }

    public void Dispose() => Analytics.Dispose();
}
