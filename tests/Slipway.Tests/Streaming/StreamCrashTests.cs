using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Events;
using Slipway.Platform.Streaming;
using Slipway.TestKit;
using static Slipway.Tests.Streaming.SensorStreams;

namespace Slipway.Tests.Streaming;

/// <summary>However a run is cut short and taken up again, it ends as one that was never disturbed.</summary>
public abstract class StreamCrashContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private static readonly string[] Sensors = ["a", "b", "c"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task A_run_that_dies_at_any_point_ends_as_one_that_never_did(int seed)
    {
        var random = new Random(seed);
        var options = new StreamOptions { BatchEvents = 1 + random.Next(7), SnapshotEvents = 1 + random.Next(30) };
        var pushes = Pushes(random);
        var streams = await SensorStreams.OpenAsync(Db, Time, Cancel, options);
        foreach (var (events, watermark) in pushes)
        {
            await streams.PushAsync(watermark, Cancel, events);
            var stream = await streams.StreamAsync(Cancel);
            for (var steps = random.Next(6); steps > 0; steps--)
            {
                await stream.StepAsync(Cancel);
            }

            // Here it dies: what it held in memory is gone, sometimes with the process and its caches.
            if (random.Next(4) == 0)
            {
                streams = await SensorStreams.OpenAsync(Db, Time, Cancel, options);
            }
        }

        await streams.DrainAsync(Cancel);
        foreach (var sensor in Sensors)
        {
            Assert.Equal(Expected(pushes, sensor), (await streams.ReadAsync(sensor, 0, Cancel)) is var row ? (row.Count, row.Sum) : default);
        }
    }

    [Fact]
    public async Task A_transaction_that_fails_half_way_leaves_everything_as_it_was()
    {
        var streams = await SensorStreams.OpenAsync(Db, Time, Cancel);
        await streams.PushAsync(10, Cancel, Reading("1", "a", 1, 5, 60));
        await BreakAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => streams.DrainAsync(Cancel));
        Assert.Equal(0, await streams.Log.OffsetAsync(Topic, "load@1", Cancel));
        await MendAsync();
        Assert.Equal((null, null, null), await streams.ReadAsync("a", 1, Cancel));

        await streams.PushAsync(20, Cancel, Reading("2", "a", 1, 15, 1));
        await streams.DrainAsync(Cancel);
        Assert.Equal((2, 61, 0.5), await streams.ReadAsync("a", 1, Cancel));
    }

    [Fact]
    public async Task A_processor_heals_by_itself_when_the_database_does()
    {
        // The system's clock, as the processor waits between its attempts.
        var streams = await SensorStreams.OpenAsync(Db, TimeProvider.System, Cancel, new StreamOptions { Poll = TimeSpan.FromMilliseconds(5) });
        await BreakAsync();
        using var processor = streams.Processor();
        await processor.StartAsync(Cancel);
        await streams.PushAsync(10, Cancel, Reading("1", "a", 1, 5, 60));
        var waiting = streams.Service.PushAsync(Topic, [Reading("2", "a", 1, 15, 1)], At(20), wait: true, Cancel);
        await MendAsync();
        await waiting;
        Assert.Equal((2, 61, 0.5), await streams.ReadAsync("a", 1, Cancel));
        await processor.StopAsync(Cancel);
    }

    [Fact]
    public async Task Two_servers_on_one_topic_count_each_event_once()
    {
        await using var second = OpenAgain();
        var (one, two) = (await SensorStreams.OpenAsync(Db, Time, Cancel), await SensorStreams.OpenAsync(second, Time, Cancel));
        var (left, right) = (await one.StreamAsync(Cancel), await two.StreamAsync(Cancel));
        await one.PushAsync(10, Cancel, Reading("1", "a", 1, 5, 60));
        await left.StepAsync(Cancel);
        await Assert.ThrowsAsync<SlipwayException>(() => right.StepAsync(Cancel));
        await two.PushAsync(20, Cancel, Reading("2", "a", 1, 15, 1));
        await two.DrainAsync(Cancel);
        Assert.Equal((2, 61, 0.5), await two.ReadAsync("a", 1, Cancel));
    }

    /// <summary>Readings out of order by up to 25 minutes, behind watermarks that sometimes come too early for them.</summary>
    private static List<(NewEvent[] Events, double? Watermark)> Pushes(Random random)
    {
        var (pushes, id, now) = (new List<(NewEvent[], double?)>(), 0, 0);
        for (var push = 0; push < 12; push++)
        {
            var events = new NewEvent[random.Next(6)];
            for (var i = 0; i < events.Length; i++)
            {
                var minute = Math.Max(0, now + random.Next(10) - random.Next(25));
                events[i] = Reading($"{id++}", Sensors[random.Next(3)], 0, minute, random.Next(100));
            }

            now += random.Next(15);
            pushes.Add((events, random.Next(3) == 0 ? null : Math.Max(0, now - 10)));
        }

        pushes.Add(([], now + 5));
        return pushes;
    }

    /// <summary>Straight from the definition of a window and of a late event.</summary>
    private static (long?, double?) Expected(List<(NewEvent[] Events, double? Watermark)> pushes, string sensor)
    {
        var (counted, closed, watermark) = (new List<(long Minute, double Value)>(), long.MinValue, double.MinValue);
        foreach (var (events, mark) in pushes)
        {
            foreach (var json in events.Select(e => System.Text.Json.JsonDocument.Parse(e.Payload).RootElement))
            {
                var minute = (long)(json.GetProperty("at").GetDateTimeOffset() - DateTimeOffset.UnixEpoch).TotalMinutes;
                if (json.GetProperty("sensor").GetString() == sensor && (minute + 9) / 10 * 10 > closed)
                {
                    counted.Add((minute, json.GetProperty("value").GetDouble()));
                }
            }

            watermark = Math.Max(watermark, mark ?? double.MinValue);
            closed = watermark < 0 ? closed : (long)watermark / 10 * 10;
        }

        if (!counted.Exists(c => c.Minute <= closed))
        {
            return (null, null);
        }

        var half = counted.Where(c => c.Minute > closed - 30 && c.Minute <= closed).Select(c => c.Value).ToArray();
        return (counted.Count(c => c.Minute > closed - 60 && c.Minute <= closed), half.Length == 0 ? null : half.Sum());
    }

    /// <summary>Makes the database refuse online rows, as a full disk would, after other statements of the transaction have run.</summary>
    private Task BreakAsync() => Db.ExecuteAsync(
        Db.Engine == DbEngine.Sqlite
            ? "create trigger broken before insert on online_features begin select raise(abort, 'broken'); end"
            : """
              create function broken() returns trigger language plpgsql as $$ begin raise exception 'broken'; end $$;
              create trigger broken before insert on online_features for each row execute function broken()
              """,
        null,
        Cancel);

    private Task MendAsync() => Db.ExecuteAsync(
        Db.Engine == DbEngine.Sqlite ? "drop trigger broken" : "drop trigger broken on online_features", null, Cancel);
}

public sealed class StreamCrashOnSqlite() : StreamCrashContract(null);

public sealed class StreamCrashOnPostgres(PostgresServer postgres) : StreamCrashContract(postgres);
