using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Streaming;
using Slipway.TestKit;
using static Slipway.Tests.Streaming.SensorStreams;

namespace Slipway.Tests.Streaming;

public abstract class StreamContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private SensorStreams streams = null!;

    protected override async Task PrepareAsync() => streams = await SensorStreams.OpenAsync(Db, Time, Cancel);

    [Fact]
    public async Task A_push_that_waits_is_read_at_once()
    {
        using var processor = streams.Processor();
        await processor.StartAsync(Cancel);
        var pushed = await streams.Service.PushAsync(
            Topic, [Reading("1", "a", 7, 5, 60), Reading("2", "a", 7, 12, 20), Reading("3", "b", 7, 12, 40)], At(20), wait: true, Cancel);

        // At 20 the hour holds 60 and 20 of sensor a, and of the three readings at site 7 one is above 50.
        Assert.Equal(new PushResult(3, 0, 4), pushed);
        Assert.Equal((2, 80, 1 / 3.0), await streams.ReadAsync("a", 7, Cancel));

        // At 40 the reading at 5 is out of the half hour (10, 40], still in the hour.
        await streams.Service.PushAsync(Topic, [], At(40), wait: true, Cancel);
        Assert.Equal((2, 20, 1 / 3.0), await streams.ReadAsync("a", 7, Cancel));
        await processor.StopAsync(Cancel);
    }

    [Fact]
    public async Task Nothing_is_served_before_the_watermark_closes_it()
    {
        await streams.PushAsync(9, Cancel, Reading("1", "a", 1, 5, 60));
        await streams.DrainAsync(Cancel);
        Assert.Equal((null, null, null), await streams.ReadAsync("a", 1, Cancel));
        await streams.PushAsync(10, Cancel);
        await streams.DrainAsync(Cancel);
        Assert.Equal((1, 60, 1), await streams.ReadAsync("a", 1, Cancel));
    }

    [Fact]
    public async Task Sending_a_push_again_changes_nothing()
    {
        await streams.PushAsync(10, Cancel, Reading("1", "a", 1, 5, 60));
        var again = await streams.PushAsync(10, Cancel, Reading("1", "a", 1, 5, 60), Reading("2", "a", 1, 6, 10));
        Assert.Equal((1, 1), (again.Added, again.Duplicates));
        await streams.DrainAsync(Cancel);

        // The second reading came behind the watermark of the first push.
        Assert.Equal((1, 60, 1), await streams.ReadAsync("a", 1, Cancel));
        Assert.Equal(1, (await streams.Service.TopicAsync(Topic, Cancel)).Views.Single(v => v.View == "load@1").Late);
    }

    [Fact]
    public async Task A_poison_event_is_kept_with_its_cause_and_the_others_count()
    {
        await streams.PushAsync(
            10, Cancel, Event("p1", 1, "not json"), Event("p2", 2, """{"value":"7"}"""), Reading("p3", null, 1, 3, 60),
            Event("p4", 4, """{"sensor":"a","site":1,"value":1}"""), Event("filtered", 4, """{"value":-1}"""), Reading("good", "a", 1, 5, 60));
        await streams.DrainAsync(Cancel);
        Assert.Equal((1, 60, 1), await streams.ReadAsync("a", 1, Cancel));

        var first = await streams.Letters.ListAsync(Topic, null, 3, Cancel);
        var second = await streams.Letters.ListAsync(Topic, first.NextPageToken, 100, Cancel);
        var letters = first.Items.Concat(second.Items).Where(l => l.View == "load@1").ToArray();
        Assert.Equal(["p1", "p2", "p3", "p4"], letters.Select(l => l.EventId));
        Assert.StartsWith("Not JSON: ", letters[0].Cause, StringComparison.Ordinal);
        Assert.Equal("Field 'value' must be a whole number; got \"7\".", letters[1].Cause);
        Assert.Equal("A part of the key is null: sensor.", letters[2].Cause);
        Assert.Equal("The event time 'at' is null.", letters[3].Cause);
        Assert.Equal("""{"value":"7"}""", letters[1].Payload);
        Assert.Equal(Time.GetUtcNow(), letters[1].Created);
    }

    [Fact]
    public async Task What_no_database_can_hold_as_text_stops_no_topic()
    {
        await streams.PushAsync(
            10, Cancel, Event("nul", 1, """{"value":"\u0000"}"""), Event("half", 2, """{"value":"\ud800"}"""),
            Event("long", 3, $$"""{"value":"{{new string('x', 39)}}𝄞"}"""), new("bytes", null, 4, [0x7b, 0xff, 0x00]),
            Reading("good", "a", 1, 5, 60));
        await streams.DrainAsync(Cancel);
        Assert.Equal((1, 60, 1), await streams.ReadAsync("a", 1, Cancel));
        var letters = (await streams.Letters.ListAsync(Topic, null, 100, Cancel)).Items;
        Assert.Equal(["nul", "half", "long", "bytes"], letters.Where(l => l.View == "load@1").Select(l => l.EventId));
    }

    [Fact]
    public async Task A_topic_tells_how_far_its_views_are()
    {
        await streams.PushAsync(10, Cancel, Reading("1", "a", 1, 5, 60), Reading("2", "a", 1, 11, 60));
        var before = await streams.Service.TopicAsync(Topic, Cancel);
        Assert.Equal((3, At(10)), (before.EndOffset, before.Watermark));
        Assert.Equal([("load@1", 3), ("site_load@1", 3)], before.Views.Select(v => (v.View, v.Lag)));
        await streams.DrainAsync(Cancel);
        Assert.Equal(
            new ViewProgress("load@1", 3, 0, At(10), 2, 0, 0), (await streams.Service.TopicAsync(Topic, Cancel)).Views[0]);
    }

    [Fact]
    public async Task History_and_stream_join_without_a_gap_or_a_double_count()
    {
        // The history ends at minute 33, inside a hop: what it holds after the boundary at 30 is not yet summed up.
        var history = new Table(
        [
            Column.String("sensor", ["a", "a", "a", "a"]), Column.Int64("site", [1, 1, 1, 1]),
            Column.Timestamp("at", [5 * Minute, 25 * Minute, 32 * Minute, 39 * Minute]), Column.Int64("value", [60, 10, 1, 1000]),
        ]);
        await streams.PushAsync(null, Cancel, Reading("2", "a", 1, 25, 10), Reading("3", "a", 1, 32, 1), Reading("4", "a", 1, 39, 2));
        await streams.Materialisation.MaterialiseAsync("load", history, At(33), Cancel);
        Assert.Equal((2, 70, null), await streams.ReadAsync("a", 1, Cancel));

        await streams.PushAsync(40, Cancel, Reading("5", "a", 1, 33.5, 4));
        await streams.DrainAsync(Cancel);

        // (10, 40] holds 10, 1 of history and 2, 4 of the stream; the history's row at 39 is after its end.
        Assert.Equal((5, 17, 0), await streams.ReadAsync("a", 1, Cancel));
        Assert.Equal(2, (await streams.Service.TopicAsync(Topic, Cancel)).Views.Single(v => v.View == "load@1").Late);
    }

    [Fact]
    public async Task Materialising_while_a_stream_runs_fences_off_the_old_state()
    {
        await streams.PushAsync(20, Cancel, Reading("1", "a", 1, 5, 60));
        var old = await streams.StreamAsync(Cancel);
        await old.StepAsync(Cancel);
        var history = new Table(
            [Column.String("sensor", ["a"]), Column.Int64("site", [1]), Column.Timestamp("at", [6 * Minute]), Column.Int64("value", [7])]);
        await streams.Materialisation.MaterialiseAsync("load", history, At(10), Cancel);
        await streams.PushAsync(30, Cancel, Reading("2", "a", 1, 25, 3));
        var error = await Assert.ThrowsAsync<SlipwayException>(() => old.StepAsync(Cancel));
        Assert.Equal(ErrorKind.Conflict, error.Kind);

        await streams.DrainAsync(Cancel);
        Assert.Equal((2, 10), ((await streams.ReadAsync("a", 1, Cancel)) is var row ? (row.Count, row.Sum) : default));
    }

    [Theory]
    [InlineData("watermark:5", "{}", "Event 'watermark:5': ids that begin with 'watermark:' are kept for the server.")]
    [InlineData("a", "", "Event 'a' has no payload; a JSON object is needed.")]
    public async Task An_event_that_looks_like_punctuation_is_refused(string id, string payload, string message)
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(() => streams.PushAsync(null, Cancel, Event(id, 0, payload)));
        Assert.Equal(message, error.Message);
        Assert.Equal(0, await streams.Log.EndOffsetAsync(Topic, Cancel));
    }
}

public sealed class StreamOnSqlite() : StreamContract(null);

public sealed class StreamOnPostgres(PostgresServer postgres) : StreamContract(postgres);
