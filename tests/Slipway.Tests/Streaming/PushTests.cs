using System.Text;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Features;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Erasure;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Windowed;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Events;
using Slipway.Platform.Streaming;
using Slipway.TestKit;

namespace Slipway.Tests.Streaming;

/// <summary>A push source that a batch view takes as its rows and a streaming view aggregates, correcting what comes late.</summary>
public abstract class PushContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private const string Yaml =
        """
        entities:
          - {name: user, join_keys: [{name: user, type: string}]}
        sources:
          - name: payments
            push: true
            columns: [{name: user, type: string}, {name: at, type: timestamp}, {name: amount, type: int64}]
        feature_views:
          - name: last_payment
            kind: batch
            entities: [user]
            source: {name: payments, event_timestamp: at}
            features: [{name: amount, type: float64}]
          - name: spending
            kind: streaming
            entities: [user]
            source: {name: payments, event_timestamp: at}
            hop: 10m
            allowed_lateness: 30m
            max_out_of_orderness: 5m
            aggregations:
              - {name: sum_1h, function: sum, input: amount, window: 1h}
              - {name: median_1h, function: quantile, quantile: 0.5, input: amount, window: 1h}
        feature_services:
          - {name: payments, features: [{view: last_payment}, {view: spending}]}
        """;

    private FeatureRegistryService registry = null!;
    private StreamService streams = null!;
    private DeadLetterService letters = null!;
    private OnlineFeatures online = null!;
    private EventLog log = null!;
    private OnlineStore store = null!;

    protected override async Task PrepareAsync()
    {
        store = new OnlineStore(Db, new OnlineStoreOptions());
        registry = new FeatureRegistryService(Db, new AuditLog(Db, Time), Time);
        log = new EventLog(Db, Time);
        streams = new StreamService(Db, log, registry, new StreamSignals(), new StreamOptions(), Time);
        letters = new DeadLetterService(Db, log, registry, new AuditLog(Db, Time));
        online = new OnlineFeatures(registry, store, Time);
        await registry.ApplyAsync(FeatureRepository.Parse(("payments.yaml", Yaml)), Admin, Cancel);
    }

    private static Actor Admin { get; } = new("test", Role.Admin);

    [Fact]
    public async Task Pushed_rows_are_read_online_at_once_and_the_newest_wins()
    {
        await PushAsync(Row("ann", 10, 7), Row("ann", 12, 9), Row("bob", 1, 3));
        Assert.Equal((9, null), await ReadAsync("ann"));

        await PushAsync(Row("ann", 11, 8));
        Assert.Equal((9, null), await ReadAsync("ann"));
        Assert.Equal((3, null), await ReadAsync("bob"));
    }

    [Fact]
    public async Task An_event_that_comes_late_corrects_the_window_it_belongs_to()
    {
        await PushAsync(Row("ann", 3, 5));
        await PushAsync(Row("bob", 26, 1)); // the watermark follows to just before 21
        Assert.Equal(5, (await ReadAsync("ann")).Sum);

        await PushAsync(Row("ann", 4, 6));
        Assert.Equal(11, (await ReadAsync("ann")).Sum);
        await PushAsync(Row("bob", 59, 1)); // 54: what belongs to (0, 10] is beyond the allowance
        await PushAsync(Row("ann", 5, 100));
        Assert.Equal(11, (await ReadAsync("ann")).Sum);
        var letter = Assert.Single((await letters.ListAsync("payments", null, 10, Cancel)).Items);
        Assert.Equal("Late: its time 1970-01-01T00:05:00.0000000+00:00 is behind the watermark by more than the allowed lateness of 00:30:00.", letter.Cause);
    }

    [Fact]
    public async Task An_event_from_a_clock_that_runs_ahead_does_not_make_the_others_late()
    {
        var now = (Microseconds.From(Time.GetUtcNow()) / SensorStreams.Minute) - 60;
        await PushAsync(Row("ann", now, 5));
        await PushAsync(Row("bob", now + (26 * 60), 1)); // 25 hours after it came
        await PushAsync(Row("ann", now + 1, 6), Row("bob", now + 30, 1));

        Assert.Equal(11, (await ReadAsync("ann")).Sum);
        var letter = Assert.Single((await letters.ListAsync("payments", null, 10, Cancel)).Items);
        Assert.StartsWith("Ahead: its time ", letter.Cause, StringComparison.Ordinal);
        Assert.Contains(" is more than a day after it came, at ", letter.Cause, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_history_of_a_topic_holds_what_was_served_when_it_was_served()
    {
        await PushAsync(Row("ann", 3, 5), Row("bob", 26, 1));
        Time.Advance(TimeSpan.FromSeconds(10));
        await PushAsync(Row("ann", 4, 6));
        var parts = new List<Table>();
        await TopicHistory.ReplayAsync(log, await registry.StreamingViewAsync("spending", Cancel), parts.Add, Cancel);
        var rows = TableParts.Join(parts);

        var start = Microseconds.From(Time.GetUtcNow()) - 10_000_000;
        Assert.Equal(
            [("ann", 10, 0, 5.0), ("ann", 10, 10, 11.0)],
            Enumerable.Range(0, rows.Rows).Select(i => (
                rows["user"].Strings[i], rows["event_timestamp"].Longs[i] / 60_000_000, (rows["created_timestamp"].Longs[i] - start) / 1_000_000,
                rows["sum_1h"].Doubles[i])));
    }

    [Fact]
    public async Task A_training_set_is_built_from_what_was_pushed()
    {
        await PushAsync(Row("ann", 10, 7), Row("ann", 12, 9), Row("bob", 40, 3));
        await streams.PushRowsAsync("payments", [Row("ann", 13, 50)], null, PushTarget.Online, null, wait: false, Cancel);
        await streams.PushRowsAsync("payments", [Row("ann", 14, 70)], null, PushTarget.Offline, null, wait: false, Cancel);
        await PushAsync();
        using var analytics = new AnalyticsEngine(new AnalyticsOptions());
        var training = await new TrainingSetService(registry, analytics, new ErasureList(Db, registry), log).BuildAsync(
            "payments",
            new Table([Column.String("user", ["ann", "ann", "ann", "cid"]), Column.Timestamp("event_timestamp", [.. new[] { 11L, 13, 14, 14 }.Select(m => m * 60_000_000)])]),
            new Dictionary<string, SourceData>(), Cancel);

        Assert.Equal([7.0, 9.0, 70.0, null], Enumerable.Range(0, 4).Select(i => (double?)training["amount"].Value(i)));
        Assert.Equal(50, (await ReadAsync("ann")).Amount);
    }

    [Fact]
    public async Task A_push_with_ids_counts_once_however_often_it_is_sent()
    {
        for (var i = 0; i < 3; i++)
        {
            await streams.PushRowsAsync("payments", [Row("ann", 3, 5), Row("bob", 26, 1)], ["p1", "p2"], PushTarget.OnlineAndOffline, null, wait: false, Cancel);
            await PushAsync();
        }

        Assert.Equal((5, 5), await ReadAsync("ann"));
    }

    [Fact]
    public async Task A_dead_letter_is_replayed_to_its_view_alone_with_what_it_should_have_been()
    {
        await PushAsync("""{"user":"ann","at":"1970-01-01T00:03:00Z","amount":"5"}"""u8.ToArray(), Row("bob", 16, 1));
        var poison = (await letters.ListAsync("payments", null, 10, Cancel)).Items;
        Assert.Equal(["last_payment@1", "spending@1"], poison.Select(l => l.View));
        Assert.All(poison, letter => Assert.Equal("Field 'amount' must be a whole number; got \"5\".", letter.Cause));

        // As it was, it cannot be taken this time either.
        var one = new DeadLetterSelection("payments", "spending@1", [poison[1].Offset]);
        Assert.Equal(new DeadLetterChange(1, 0), await letters.ReplayAsync(one, null, Admin, Cancel));
        await PushAsync();
        var again = (await letters.ListAsync("payments", null, 10, Cancel)).Items.Single(l => l.View == "spending@1");
        Assert.True(again.Offset > poison[1].Offset);

        await letters.ReplayAsync(one with { Offsets = [again.Offset] }, Row("ann", 3, 5), Admin, Cancel);
        await PushAsync();
        Assert.Equal((null, 5), await ReadAsync("ann"));

        Assert.Equal(new DeadLetterChange(1, 0), await letters.DiscardAsync(new DeadLetterSelection("payments"), Admin, Cancel));
        Assert.Empty((await letters.ListAsync("payments", null, 10, Cancel)).Items);
        var gone = await Assert.ThrowsAsync<SlipwayException>(() => letters.DiscardAsync(one, Admin, Cancel));
        Assert.Equal(ErrorKind.NotFound, gone.Kind);
    }

    [Fact]
    public async Task Letters_of_a_version_that_is_no_longer_in_force_stay()
    {
        await PushAsync("{}"u8.ToArray());
        await registry.ApplyAsync(FeatureRepository.Parse(("payments.yaml", Yaml.Replace("window: 1h", "window: 2h", StringComparison.Ordinal))), Admin, Cancel);
        Assert.Equal(new DeadLetterChange(0, 1), await letters.ReplayAsync(new DeadLetterSelection("payments", "spending@1"), null, Admin, Cancel));
    }

    [Fact]
    public async Task What_cannot_be_pushed_says_why()
    {
        var unknown = await Assert.ThrowsAsync<SlipwayException>(
            () => streams.PushRowsAsync("payment", [], null, PushTarget.Online, null, wait: false, Cancel));
        Assert.Equal("There is no push source 'payment'; there are payments.", unknown.Message);
        var ids = await Assert.ThrowsAsync<SlipwayException>(
            () => streams.PushRowsAsync("payments", [Row("ann", 1, 1)], ["a", "b"], PushTarget.Online, null, wait: false, Cancel));
        Assert.Equal("There are 1 rows and 2 ids; give one for each, or none.", ids.Message);
        var kept = await Assert.ThrowsAsync<SlipwayException>(
            () => streams.PushRowsAsync("payments", [Row("ann", 1, 1)], ["offline:a"], PushTarget.Online, null, wait: false, Cancel));
        Assert.Equal("Event 'offline:a': ids that begin with 'offline:' are kept for the server.", kept.Message);
    }

    /// <summary>Pushes rows and carries all views to the end of the topic.</summary>
    private async Task PushAsync(params byte[][] rows)
    {
        await streams.PushRowsAsync("payments", rows, null, PushTarget.OnlineAndOffline, null, wait: false, Cancel);
        var stream = await TopicStream.OpenAsync(
            "payments", await registry.StreamingViewsAsync(Cancel), Db, log, store, new StreamOptions(), Time, Cancel);
        while (await stream.StepAsync(Cancel) >= 0)
        {
        }
    }

    private static byte[] Row(string user, long minute, long amount) =>
        Encoding.UTF8.GetBytes($$"""{"user":"{{user}}","at":"{{DateTimeOffset.UnixEpoch.AddMinutes(minute):O}}","amount":{{amount}}}""");

    private async Task<(double? Amount, double? Sum)> ReadAsync(string user)
    {
        var row = await online.GetAsync("payments", new Table([Column.String("user", [user])]), Cancel);
        return ((double?)row["amount"].Value(0), (double?)row["sum_1h"].Value(0));
    }
}

public sealed class PushOnSqlite() : PushContract(null);

public sealed class PushOnPostgres(PostgresServer postgres) : PushContract(postgres);
