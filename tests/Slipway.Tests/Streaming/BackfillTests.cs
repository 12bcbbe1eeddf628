using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Features.Sources;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Jobs;
using Slipway.Platform.Streaming;
using Slipway.TestKit;
using static Slipway.Tests.Streaming.SensorStreams;

namespace Slipway.Tests.Streaming;

/// <summary>Windows that are filled from a file of history hold what they would hold had its events streamed.</summary>
public abstract class BackfillContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private static readonly string[] Sensors = ["a", "b", "c", "d"];

    private readonly AnalyticsEngine analytics = new(new AnalyticsOptions());
    private SensorStreams streams = null!;
    private JobService jobs = null!;
    private MaterialisationService materialisation = null!;

    protected override async Task PrepareAsync()
    {
        streams = await SensorStreams.OpenAsync(Db, Time, Cancel);
        await streams.Registry.ApplyAsync(FeatureRepository.Parse(("backfill.yaml", Backfilled)), new Actor("test", Role.Admin), Cancel);
        jobs = new JobService(Db, Time, new JobOptions());
        var history = new ViewHistory(analytics);
        materialisation = new MaterialisationService(
            Db, streams.Registry, new BatchMaterialisation(Db, streams.Registry, history, analytics, streams.Store, Time), streams.Materialisation,
            analytics, new SourceFolder(Folder.FullPath), new Scratch(new FoundationOptions(Folder.Combine("data"), null)), jobs, new ScheduleService(Db, jobs, Time), Time);
    }

    protected override Task CleanUpAsync()
    {
        analytics.Dispose();
        jobs?.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>The windows of <see cref="SensorStreams"/>, over a file and the topic named after the source.</summary>
    private const string Backfilled =
        """
        entities:
          - {name: sensor, join_keys: [{name: sensor, type: string}]}
        sources:
          - name: past
            path: past.parquet
            columns: [{name: sensor, type: string}, {name: site, type: int64}, {name: at, type: timestamp}, {name: value, type: int64}]
            filter: value >= 0
        feature_views:
          - name: past_load
            kind: streaming
            entities: [sensor]
            source: {name: past, event_timestamp: at}
            hop: 10m
            aggregations:
              - {name: count_1h, function: count, window: 1h}
              - {name: sum_30m, function: sum, input: value, window: 30m}
        feature_services:
          - {name: past_loads, features: [{view: past_load}]}
        """;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_backfill_equals_a_stream_and_goes_on_as_one(int seed)
    {
        var random = new Random(seed);
        (string Sensor, int Minute, int Value)[] past =
            [.. Enumerable.Range(0, 300).Select(_ => (Sensors[random.Next(4)], random.Next(300), random.Next(110) - 10))];
        await WriteAsync(past);
        var run = await RunAsync(new MaterialisationRequest(["past_load"], To: At(300)));
        Assert.Equal((JobState.Succeeded, true), (run.State, Assert.Single(run.Views).Finished));

        // The same events, one push after the other in the order of their times, each with its watermark.
        var number = 0;
        foreach (var minute in past.GroupBy(e => e.Minute).OrderBy(g => g.Key))
        {
            await streams.PushAsync(minute.Key, Cancel, [.. minute.Select(e => Reading($"{number++}", e.Sensor, 1, e.Minute, e.Value))]);
        }

        await streams.PushAsync(300, Cancel);
        await streams.DrainAsync(Cancel);
        await AssertSameAsync();

        // Both go on with the same events: those of before that come again through the topic do not count twice.
        (string, int, int)[] next = [.. Enumerable.Range(0, 50).Select(_ => (Sensors[random.Next(4)], 301 + random.Next(60), random.Next(100)))];
        foreach (var topic in new[] { Topic, "past" })
        {
            var events = next.Select((e, i) => Reading($"next {i}", e.Item1, 1, e.Item2, e.Item3));
            await streams.Service.PushAsync(topic, [.. events, Reading("again", "a", 1, 200, 5)], At(370), wait: false, Cancel);
        }

        await streams.DrainAsync(Cancel);
        await streams.DrainAsync(Cancel, "past");
        await AssertSameAsync();
    }

    [Fact]
    public async Task A_view_that_has_begun_is_begun_anew_only_when_that_is_asked_for()
    {
        await WriteAsync([("a", 5, 1)]);
        await RunAsync(new MaterialisationRequest(["past_load"], To: At(20)));
        await WriteAsync([("a", 5, 1), ("a", 15, 2)]);
        var skipped = await RunAsync(new MaterialisationRequest(["past_load"], To: At(20)));
        Assert.Equal(0, Assert.Single(skipped.Views).Rows);
        Assert.Equal((1, 1), await PastAsync("a"));
        await RunAsync(new MaterialisationRequest(["past_load"], MaterialisationMode.Full, To: At(20)));
        Assert.Equal((2, 3), await PastAsync("a"));
    }

    [Fact]
    public async Task What_cannot_be_materialised_is_refused_with_the_reason()
    {
        await RefusedAsync(new(["load"]), ErrorKind.FailedPrecondition, "The source of view 'load' is a topic and has no 'path'; its values come from its stream.");
        await RefusedAsync(new(["nothing"]), ErrorKind.NotFound, "There is no stored feature view 'nothing'; there are load, past_load, site_load.");
        await RefusedAsync(
            new(["past_load"]), ErrorKind.NotFound, "The source of view 'past_load' is 'past.parquet', which is not in the folder of sources that this server reads.");
        await RefusedAsync(
            new(null, MaterialisationMode.Full, At(1)), ErrorKind.Invalid, "'from' is given with the mode 'range' and no other.");
        await RefusedAsync(
            new(null, null, At(2), At(1)), ErrorKind.Invalid, "The range begins at 1970-01-01 00:02:00Z, after it ends at 1970-01-01 00:01:00Z.");
        await streams.Registry.ApplyAsync(
            FeatureRepository.Parse(("b.yaml", Backfilled.Replace("path: past.parquet", "path: ../past.parquet", StringComparison.Ordinal))),
            new Actor("test", Role.Admin), Cancel);
        await RefusedAsync(
            new(["past_load"]), ErrorKind.Invalid, "The source of view 'past_load' is '../past.parquet', which is outside the folder of sources that this server reads.");
    }

    [Fact]
    public async Task The_lag_of_a_view_is_the_time_since_its_watermark()
    {
        await WriteAsync([("a", 5, 1)]);
        await RunAsync(new MaterialisationRequest(["past_load"], To: At(20)));
        Time.Advance(TimeSpan.FromMinutes(30));
        var fresh = (await materialisation.FreshnessAsync(Cancel)).ToDictionary(view => view.View);
        Assert.Equal(new ViewFreshness("past_load@1", At(20), (Time.GetUtcNow() - At(20)).TotalSeconds), fresh["past_load@1"]);
        Assert.Equal(new ViewFreshness("load@1", null, null), fresh["load@1"]);
    }

    [Fact]
    public async Task A_schedule_materialises_whenever_it_is_due()
    {
        var schedule = await materialisation.PutScheduleAsync("often", new MaterialisationSchedule("*/5 * * * *", Views: ["past_load"]), Cancel);
        Assert.Equal(MaterialisationService.JobKind, schedule.Kind);
        Time.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(1, await new ScheduleService(Db, jobs, Time).RunDueAsync(Cancel));
        await WriteAsync([("a", 5, 1)]);
        var job = Assert.Single(await jobs.ListAsync(JobState.Queued, null, 10, Cancel));
        Assert.Equal("""{"past_load@1":1}""", await materialisation.RunAsync(job, Cancel));
        await materialisation.DeleteScheduleAsync("often", Cancel);
        await Assert.ThrowsAsync<SlipwayException>(() => materialisation.DeleteScheduleAsync("often", Cancel));
    }

    private async Task RefusedAsync(MaterialisationRequest request, ErrorKind kind, string message)
    {
        var refused = await Assert.ThrowsAsync<SlipwayException>(() => materialisation.StartAsync(request, Cancel));
        Assert.Equal((kind, message), (refused.Kind, refused.Message));
    }

    private async Task<MaterialisationStatus> RunAsync(MaterialisationRequest request)
    {
        var started = await materialisation.StartAsync(request, Cancel);
        var job = await jobs.GetAsync(started.Id, Cancel);
        await materialisation.RunAsync(job, Cancel);
        return (await materialisation.StatusAsync(started.Id, Cancel)) with { State = JobState.Succeeded };
    }

    private Task WriteAsync((string Sensor, int Minute, int Value)[] events) => analytics.WriteParquetAsync(
        new Table(
        [
            Column.String("sensor", [.. events.Select(e => e.Sensor)]),
            Column.Int64("site", [.. events.Select(_ => 1L)]),
            Column.Timestamp("at", [.. events.Select(e => e.Minute * Minute)]),
            Column.Int64("value", [.. events.Select(e => (long)e.Value)]),
        ]),
        Folder.Combine("past.parquet"), Cancel);

    private async Task AssertSameAsync()
    {
        foreach (var sensor in Sensors)
        {
            var (count, sum, _) = await streams.ReadAsync(sensor, 1, Cancel);
            Assert.Equal((count, sum), await PastAsync(sensor));
        }
    }

    private async Task<(long? Count, double? Sum)> PastAsync(string sensor)
    {
        var row = await streams.Online.GetAsync("past_loads", new Table([Column.String("sensor", [sensor])]), Cancel);
        return ((long?)row["count_1h"].Value(0), (double?)row["sum_30m"].Value(0));
    }
}

public sealed class BackfillOnSqlite() : BackfillContract(null);

public sealed class BackfillOnPostgres(PostgresServer postgres) : BackfillContract(postgres);
