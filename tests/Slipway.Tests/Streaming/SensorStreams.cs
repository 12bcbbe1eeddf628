using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Slipway.Core.Data;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Events;
using Slipway.Platform.Streaming;

namespace Slipway.Tests.Streaming;

/// <summary>A small feature repository with one topic and two views, and everything that runs it on a database. Times are minutes after the epoch.</summary>
internal sealed class SensorStreams
{
    public const string Topic = "readings";
    public const long Minute = 60_000_000;

    private const string Yaml =
        """
        entities:
          - {name: sensor, join_keys: [{name: sensor, type: string}]}
          - {name: site, join_keys: [{name: site, type: int64}]}
        sources:
          - name: readings
            topic: readings
            columns:
              - {name: sensor, type: string}
              - {name: site, type: int64}
              - {name: at, type: timestamp}
              - {name: value, type: int64}
            computed: [{name: high, expression: value > 50}]
            filter: value >= 0
        feature_views:
          - name: load
            kind: streaming
            entities: [sensor]
            source: {name: readings, event_timestamp: at}
            hop: 10m
            aggregations:
              - {name: count_1h, function: count, window: 1h}
              - {name: sum_30m, function: sum, input: value, window: 30m}
          - name: site_load
            kind: streaming
            entities: [site]
            source: {name: readings, event_timestamp: at}
            hop: 10m
            aggregations: [{name: high_1h, function: share, input: high, window: 1h}]
        feature_services:
          - {name: loads, features: [{view: load}, {view: site_load}]}
        """;

    private readonly Db db;
    private readonly TimeProvider time;

    private SensorStreams(Db db, TimeProvider time, StreamOptions options)
    {
        this.db = db;
        this.time = time;
        Options = options;
        Log = new EventLog(db, time);
        Store = new OnlineStore(db, new OnlineStoreOptions());
        Registry = new FeatureRegistryService(db, new AuditLog(db, time), time);
        Online = new OnlineFeatures(Registry, Store, time);
        Service = new StreamService(db, Log, Registry, Signals, Options, time);
        Letters = new DeadLetterService(db, Log, Registry, new AuditLog(db, time));
        Materialisation = new StreamMaterialisation(Log, Registry, Store, Signals, time);
    }

    public StreamOptions Options { get; }

    public EventLog Log { get; }

    public OnlineStore Store { get; }

    public FeatureRegistryService Registry { get; }

    public OnlineFeatures Online { get; }

    public StreamSignals Signals { get; } = new();

    public StreamService Service { get; }

    public DeadLetterService Letters { get; }

    public StreamMaterialisation Materialisation { get; }

    public static async Task<SensorStreams> OpenAsync(Db db, TimeProvider time, CancellationToken cancel, StreamOptions? options = null)
    {
        var streams = new SensorStreams(db, time, options ?? new StreamOptions());
        await streams.Registry.ApplyAsync(FeatureRepository.Parse(("sensors.yaml", Yaml)), new Actor("test", Role.Admin), cancel);
        return streams;
    }

    public static NewEvent Reading(string id, string? sensor, long site, double minute, long value) => Event(
        id, minute, $$"""{"sensor":{{(sensor is null ? "null" : $"\"{sensor}\"")}},"site":{{site}},"at":"{{At(minute):O}}","value":{{value}},"extra":[1]}""");

    public static NewEvent Event(string id, double minute, string json) => new(id, null, (long)(minute * Minute), Encoding.UTF8.GetBytes(json));

    public static DateTimeOffset At(double minute) => DateTimeOffset.UnixEpoch.AddMinutes(minute);

    public StreamProcessor Processor() => new(db, Log, Registry, Store, Signals, Options, time, NullLogger<StreamProcessor>.Instance);

    public async Task<TopicStream> StreamAsync(CancellationToken cancel, string topic = Topic) => await TopicStream.OpenAsync(
        topic, [.. (await Registry.StreamingViewsAsync(cancel)).Where(view => view.Topic == topic)], db, Log, Store, Options, time, cancel);

    /// <summary>Carries the topic to its end, once over.</summary>
    public async Task DrainAsync(CancellationToken cancel, string topic = Topic)
    {
        var stream = await StreamAsync(cancel, topic);
        while (await stream.StepAsync(cancel) >= 0)
        {
        }
    }

    public Task<PushResult> PushAsync(double? watermark, CancellationToken cancel, params NewEvent[] events) =>
        Service.PushAsync(Topic, events, watermark is { } minute ? At(minute) : null, wait: false, cancel);

    /// <summary>count_1h, sum_30m and high_1h as served.</summary>
    public async Task<(long? Count, double? Sum, double? High)> ReadAsync(string sensor, long site, CancellationToken cancel)
    {
        var row = await Online.GetAsync("loads", new Table([Column.String("sensor", [sensor]), Column.Int64("site", [site])]), cancel);
        return ((long?)row["count_1h"].Value(0), (double?)row["sum_30m"].Value(0), (double?)row["high_1h"].Value(0));
    }
}
