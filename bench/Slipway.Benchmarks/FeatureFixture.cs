using System.Globalization;
using Slipway.Cluster;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Benchmarks;

/// <summary>A batch view of float64 features about users, a file of its rows, and what brings them online and reads them.</summary>
internal sealed class FeatureFixture : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("slipway-bench-");
    private readonly Db db;
    private readonly IOnlineStore store;

    private FeatureFixture(string? postgres, string? redis)
    {
        db = postgres is null ? Db.OpenSqlite(Path.Combine(folder.FullName, "slipway.db")) : Db.OpenPostgres(postgres);
        store = redis is null
            ? new SqlOnlineStore(db, new OnlineStoreOptions())
            : new RedisOnlineStore(RedisAddress.Parse(redis), db, new RedisOnlineOptions(), TimeProvider.System);
        var time = TimeProvider.System;
        Registry = new FeatureRegistryService(db, new AuditLog(db, time), time);
        Store = new OnlineStore(store);
        Online = new OnlineFeatures(Registry, Store, time);
        Batches = new BatchMaterialisation(db, Registry, new ViewHistory(Analytics), Analytics, Store, time);
    }

    public AnalyticsEngine Analytics { get; } = new(new AnalyticsOptions());

    public FeatureRegistryService Registry { get; }

    public OnlineStore Store { get; }

    public OnlineFeatures Online { get; }

    public BatchMaterialisation Batches { get; }

    /// <param name="postgres">A connection string; null for SQLite.</param>
    /// <param name="redis">An address; null for the database itself.</param>
    public static async Task<FeatureFixture> OpenAsync(string? postgres, string? redis, int features, CancellationToken cancel)
    {
        var fixture = new FeatureFixture(postgres, redis);
        await new Migrator(fixture.db, TimeProvider.System).MigrateAsync(cancel);
        await fixture.Registry.ApplyAsync(FeatureRepository.Parse(("bench.yaml", Yaml(features))), new Actor("bench", Role.Admin), cancel);
        return fixture;
    }

    public static string Yaml(int features) =>
        $$"""
        entities:
          - {name: user, join_keys: [{name: user_id, type: int64}]}
        feature_views:
          - name: wide
            kind: batch
            entities: [user]
            source: {path: wide.parquet, event_timestamp: at}
            features: [{{string.Join(", ", Enumerable.Range(0, features).Select(i => $"{{name: f{i}, type: float64}}"))}}]
        feature_services:
          - {name: wide_service, features: [{view: wide}]}
        """;

    /// <summary>One row per user, values that do not compress.</summary>
    public static Task<int> WriteFileAsync(AnalyticsEngine analytics, string file, int users, int features, CancellationToken cancel) => analytics.RunAsync(
        session =>
        {
            var columns = string.Join(", ", Enumerable.Range(0, features).Select(i => string.Create(
                CultureInfo.InvariantCulture, $"(hash(i * {features} + {i}) % 1000000007) / 1000.0 as f{i}")));
            session.WriteParquet($"select i as user_id, timestamp '2026-01-01' as at, {columns} from range({users}) t(i)", file);
            return 0;
        },
        cancel);

    /// <summary>Brings a file online, and the entities that this wrote.</summary>
    public async Task<long> MaterialiseAsync(string file, CancellationToken cancel) => (await Batches.RunAsync(
        "bench", "wide", SourceData.File(file),
        new MaterialisationRange(MaterialisationMode.Full, null, Microseconds.From(new DateTime(2026, 2, 1))), DateTimeOffset.UnixEpoch, cancel)).Rows;

    public async ValueTask DisposeAsync()
    {
        Analytics.Dispose();
        await ((store as IAsyncDisposable)?.DisposeAsync() ?? ValueTask.CompletedTask);
        await db.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
