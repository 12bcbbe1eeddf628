using Slipway.Core.Data;
using Slipway.Platform.Features.Offline;
using Slipway.TestKit;
using static Slipway.Tests.Features.WeatherFeatures;

namespace Slipway.Tests.Features;

public abstract class MaterialisationContract(PostgresServer? postgres, RedisServer? redis) : OnEveryWeatherStore(postgres, redis)
{
    private const int Many = 45_000;

    private async Task<DateTimeOffset?> WatermarkAsync() =>
        (await Features.Batches.WatermarksAsync(Cancel)).TryGetValue("weather@1", out var at) ? at : null;

    private async Task<double?> TemperatureAsync(string airport, double hour) => (await Features.ReadAsync(hour, Cancel, airport))[0].Value;

    [Fact]
    public async Task The_newest_row_of_each_entity_is_online_and_none_after_the_end()
    {
        var rows = Weather(("ORD", 9, 9, 1), ("ORD", 10, 9, 2), ("ORD", 10, 10, 3), ("ORD", 12, 12, 4), ("DEN", 10, 1, 5), (null, 10, 1, 6));
        var run = await Features.MaterialiseAsync("run", "weather", rows, 11, Cancel);
        Assert.Equal((2, 1.0, true), (run.Rows, run.Done, run.Finished));
        Assert.Equal((3.0, 5.0), (await TemperatureAsync("ORD", 11), await TemperatureAsync("DEN", 11)));
        Assert.Equal(At(11), await WatermarkAsync());
    }

    [Fact]
    public async Task An_incremental_run_takes_what_is_new_and_what_came_late()
    {
        await Features.MaterialiseAsync("one", "weather", Weather(("ORD", 9, 9, 1)), 10, Cancel, MaterialisationMode.Incremental);
        var later = Weather(("ORD", 9, 9, 1), ("DEN", 8, 8, 7), ("SFO", 9, 11, 8), ("LAX", 11, 11, 9));
        var run = await Features.MaterialiseAsync("two", "weather", later, 12, Cancel, MaterialisationMode.Incremental);

        // DEN's row was written before the watermark: the first run has seen it. SFO's is as old, but was written since.
        Assert.Equal(2, run.Rows);
        Assert.Equal([8, 9, null], [await TemperatureAsync("SFO", 11), await TemperatureAsync("LAX", 11), await TemperatureAsync("DEN", 10)]);
        Assert.Equal(At(12), await WatermarkAsync());
    }

    [Fact]
    public async Task A_range_moves_the_watermark_only_when_it_leaves_no_gap()
    {
        var rows = Weather(("ORD", 9, 9, 1), ("ORD", 13, 13, 2), ("DEN", 15, 15, 3));
        await Features.MaterialiseAsync("apart", "weather", rows, 14, Cancel, MaterialisationMode.Range, from: 13);
        Assert.Null(await WatermarkAsync());
        await Features.MaterialiseAsync("all", "weather", rows, 10, Cancel);
        await Features.MaterialiseAsync("gap", "weather", rows, 16, Cancel, MaterialisationMode.Range, from: 12);
        Assert.Equal(At(10), await WatermarkAsync());
        await Features.MaterialiseAsync("next", "weather", rows, 16, Cancel, MaterialisationMode.Range, from: 10);
        Assert.Equal(At(16), await WatermarkAsync());

        // The range that ends before what is online changes nothing.
        await Features.MaterialiseAsync("old", "weather", rows, 9, Cancel, MaterialisationMode.Range, from: 0);
        Assert.Equal((2.0, At(16)), (await TemperatureAsync("ORD", 14), await WatermarkAsync()));
    }

    [Fact]
    public async Task A_run_that_is_cut_short_goes_on_with_what_is_left()
    {
        var writes = 0;
        var full = new WatchedStore(Open(), _ => Interlocked.Increment(ref writes) > 2 ? throw new IOException("the disk is full") : Task.CompletedTask);
        using var flaky = await WeatherFeatures.OpenAsync(Db, Time, full, Cancel);
        var rows = ManyAirports();
        await Assert.ThrowsAnyAsync<Exception>(() => flaky.MaterialiseAsync("run", "weather", rows, 100, Cancel));
        var half = Assert.Single(await Features.Batches.RunAsync("run", Cancel));
        Assert.InRange(half.Rows, 1, Many - 1);
        Assert.InRange(half.Done, 0.01, 0.99);
        Assert.Equal((false, null), (half.Finished, await WatermarkAsync()));

        var written = 0;
        var counting = new WatchedStore(Open(), given =>
        {
            Interlocked.Add(ref written, given.Sum(write => write.Rows.Count));
            return Task.CompletedTask;
        });
        using var second = await WeatherFeatures.OpenAsync(Db, Time, counting, Cancel);
        var whole = await second.MaterialiseAsync("run", "weather", rows, 100, Cancel);
        Assert.Equal((Many, 1.0, true), (whole.Rows, whole.Done, whole.Finished));
        Assert.Equal(Many - half.Rows, written);
        Assert.Equal(Many, (await Features.Store.KeysAsync("weather@1", Cancel).ToListAsync(Cancel)).Count);

        // Asked again, a finished run does nothing.
        await second.MaterialiseAsync("run", "weather", rows, 100, Cancel);
        Assert.Equal(Many - half.Rows, written);
    }

    [Fact]
    public async Task Two_servers_on_one_run_count_every_entity_once()
    {
        await using var db = OpenAgain();
        using var other = await WeatherFeatures.OpenAsync(db, Time, Open(db), Cancel);
        var rows = ManyAirports();
        await Task.WhenAll(
            Features.MaterialiseAsync("run", "weather", rows, 100, Cancel), other.MaterialiseAsync("run", "weather", rows, 100, Cancel));
        Assert.Equal(Many, Assert.Single(await Features.Batches.RunAsync("run", Cancel)).Rows);
    }

    [Fact]
    public async Task What_a_stream_or_a_push_wrote_later_stays()
    {
        await Features.MaterialiseAsync("one", "weather", Weather(("ORD", 10, 10, 1)), 100, Cancel);
        await Features.MaterialiseAsync("push", "weather", Weather(("ORD", 12, 12, 2)), 100, Cancel, MaterialisationMode.Range, from: 12);
        await Features.MaterialiseAsync("again", "weather", Weather(("ORD", 11, 50, 3)), 100, Cancel);
        Assert.Equal(2, await TemperatureAsync("ORD", 12));
    }

    private static Table ManyAirports() =>
        Weather([.. Enumerable.Range(0, Many).Select(i => ((string?)$"airport {i}", 10.0, (double?)10.0, (double?)i))]);
}

public sealed class MaterialisationOnSqlite() : MaterialisationContract(null, null);

public sealed class MaterialisationOnPostgres(PostgresServer postgres) : MaterialisationContract(postgres, null);

public sealed class MaterialisationOnRedis(RedisServer redis) : MaterialisationContract(null, redis);
