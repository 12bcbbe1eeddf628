using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Slipway.Core.Data;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Sources;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Tests.Hosting;

namespace Slipway.Tests.Feast;

/// <summary>The real server with the definitions of a ride company, and of drivers 1001 and 1003 what is known online.</summary>
internal sealed class FeastHost : IAsyncDisposable
{
    /// <summary>2023-11-14T22:13:20Z.</summary>
    public const long EventTimeUs = 1_700_000_000_000_000;

    private const string Yaml =
        """
        entities:
          - {name: driver, join_keys: [{name: driver_id, type: int64}]}
        feature_views:
          - name: driver_stats
            kind: batch
            entities: [driver]
            source: {path: stats.parquet, columns: [{name: driver_id, type: int64}, {name: event_timestamp, type: timestamp}, {name: conv_rate, type: float32}, {name: trips, type: int64}, {name: since, type: timestamp}, {name: town, type: string}]}
            features: [{name: conv_rate, type: float32}, {name: trips, type: int64}, {name: since, type: timestamp}, {name: town, type: string}]
          - name: driver_today
            kind: batch
            entities: [driver]
            ttl: 1h
            source: {path: today.parquet, columns: [{name: driver_id, type: int64}, {name: event_timestamp, type: timestamp}, {name: trips, type: int64}]}
            features: [{name: trips, type: int64}]
          - name: bonus
            kind: on_demand
            inputs: [{name: per_trip, type: int64}]
            from: [{view: driver_stats, features: [trips]}]
            features: [{name: bonus, type: int64, expression: driver_stats__trips * per_trip}]
          - name: season
            kind: batch
            entities: []
            source: {path: season.parquet, columns: [{name: event_timestamp, type: timestamp}, {name: surge, type: float64}]}
            features: [{name: surge, type: float64}]
        feature_services:
          - {name: rides, features: [{view: driver_stats, features: [trips]}, {view: bonus}]}
          - name: pairs
            full_feature_names: true
            features:
              - {view: driver_stats, as: first, join_key_map: {driver_id: first_id}, features: [trips]}
              - {view: driver_stats, as: second, join_key_map: {driver_id: second_id}, features: [trips]}
        """;

    private FeastHost(RunningHost running) => Running = running;

    public RunningHost Running { get; }

    public static async Task<FeastHost> StartAsync()
    {
        var cancel = TestContext.Current.CancellationToken;
        var host = new FeastHost(await RunningHost.StartAsync());
        var services = host.Running.Host.Services;
        await services.GetRequiredService<FeatureRegistryService>().ApplyAsync(FeatureRepository.Parse(("rides.yaml", Yaml)), Actors.Local, cancel);
        ColumnSchema[] key = [new("driver_id", DataType.Int64)];
        await host.WriteAsync(
            new StoredView("driver_stats", 1, key,
                [new("conv_rate", DataType.Float32), new("trips", DataType.Int64), new("since", DataType.Timestamp), new("town", DataType.String)], null, null),
            new Table(
            [
                Column.Int64("driver_id", [1001, 1003]), Times(2), Column.Float32("conv_rate", [0.1f, 0.5]),
                Column.Int64("trips", [7, 8]), Column.Timestamp("since", [EventTimeUs + 999_999, -1]), Column.String("town", ["Ulm", null]),
            ]));
        await host.WriteAsync(
            new StoredView("driver_today", 1, key, [new("trips", DataType.Int64)], null, TimeSpan.FromHours(1)),
            new Table([Column.Int64("driver_id", [1001]), Times(1), Column.Int64("trips", [3])]));
        await host.WriteAsync(
            new StoredView("season", 1, [], [new("surge", DataType.Float64)], null, null),
            new Table([Times(1), Column.Float64("surge", [1.25])]));
        return host;
    }

    /// <summary>Puts a file where the server looks for those of sources.</summary>
    public async Task SourceAsync(string name, Table rows)
    {
        var services = Running.Host.Services;
        var folder = Directory.CreateDirectory(services.GetRequiredService<SourceFolder>().Path);
        await services.GetRequiredService<AnalyticsEngine>().WriteParquetAsync(
            rows, Path.Combine(folder.FullName, name), TestContext.Current.CancellationToken);
    }

    public async Task<(int Status, string Body)> PostAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await Running.Http.PostAsync(path, content, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public ValueTask DisposeAsync() => Running.DisposeAsync();

    private static Column Times(int rows) => Column.Timestamp(StoredView.EventTimestamp, [.. Enumerable.Repeat(EventTimeUs, rows)]);

    private Task WriteAsync(StoredView view, Table rows) => Running.Host.Services.GetRequiredService<OnlineStore>()
        .WriteAsync(view.Key, view.Newest(rows, EventTimeUs), TestContext.Current.CancellationToken);
}
