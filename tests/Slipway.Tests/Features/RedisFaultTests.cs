using System.Diagnostics;
using Slipway.Cluster;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Features;
using Slipway.Platform.Features.Online;
using Slipway.TestKit;
using static Slipway.Tests.Features.WeatherFeatures;

namespace Slipway.Tests.Features;

/// <summary>A real server that is killed, paused and started again under its clients.</summary>
public sealed class RedisFaultTests() : OnBothEngines(null)
{
    private readonly RedisServer redis = new();
    private RedisOnlineStore store = null!;
    private WeatherFeatures features = null!;

    protected override async Task PrepareAsync()
    {
        store = Open(await redis.AddressAsync(Cancel), TimeSpan.FromSeconds(30));
        features = await WeatherFeatures.OpenAsync(Db, Time, store, Cancel);
        await features.MaterialiseAsync("run", "weather", Weather(("ORD", 10, 10, 5)), 100, Cancel);
        await features.MaterialiseAsync("run", "delays", Delays(("ORD", 1, "US", 10, 30)), 100, Cancel);
    }

    protected override async Task CleanUpAsync()
    {
        features?.Dispose();
        await (store?.DisposeAsync() ?? ValueTask.CompletedTask);
        await redis.DisposeAsync();
    }

    private RedisOnlineStore Open(string address, TimeSpan writeWait) =>
        new(RedisAddress.Parse(address), Db, new RedisOnlineOptions { WriteWait = writeWait }, TimeProvider.System);

    [Fact]
    public async Task Reads_fail_fast_while_it_is_gone_and_heal_by_themselves()
    {
        await redis.KillAsync();
        var started = Stopwatch.GetTimestamp();
        var gone = await Assert.ThrowsAsync<SlipwayException>(() => features.ReadAsync(11, Cancel, "ORD"));
        Assert.Equal(ErrorKind.Unavailable, gone.Kind);
        Assert.Matches("^The online store \\(Redis at 127\\.0\\.0\\.1:\\d+/0\\) cannot be reached; try again in a moment\\.$", gone.Message);
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(5), $"{Stopwatch.GetElapsedTime(started)}");
        await redis.StartAgainAsync(Cancel);
        Assert.Equal([(5, FeatureStatus.Present)], await UntilAsync(() => features.ReadAsync(11, Cancel, "ORD")));
    }

    [Fact]
    public async Task A_read_of_a_server_that_does_not_answer_ends_with_its_timeout()
    {
        await redis.PauseAsync();
        var hung = await Assert.ThrowsAsync<SlipwayException>(() => features.ReadAsync(11, Cancel, "ORD"));
        Assert.Equal(ErrorKind.Unavailable, hung.Kind);
        await redis.ResumeAsync();
        Assert.Equal([(5, FeatureStatus.Present)], await UntilAsync(() => features.ReadAsync(11, Cancel, "ORD")));
    }

    [Fact]
    public async Task Declared_defaults_are_given_while_it_is_gone()
    {
        await redis.KillAsync();
        var request = new Table([Column.String("airport", ["ORD"]), Column.Int64("carrier", [1]), Column.String("country", ["US"])]);
        var answer = await features.Online.ExplainAsync("delay_service", request, Cancel);
        Assert.Equal((7L, FeatureStatus.Unavailable), ((long)answer.Values["minutes"].Value(0)!, answer.Statuses[0][0]));
        await redis.StartAgainAsync(Cancel);
        var back = await UntilAsync(async () => (await features.Online.ExplainAsync("delay_service", request, Cancel)) is var again
            && again.Statuses[0][0] == FeatureStatus.Present ? again : throw new SlipwayException(ErrorKind.Unavailable, "still gone"));
        Assert.Equal(30L, back.Values["minutes"].Value(0));
    }

    [Fact]
    public async Task A_write_waits_for_it_to_come_back()
    {
        await redis.KillAsync();
        var writing = features.Store.WriteAsync("v@1", [new OnlineRow([1], 1, 1, [9])], Cancel);
        Assert.NotSame(writing, await Task.WhenAny(writing, Task.Delay(1000, Cancel)));
        await redis.StartAgainAsync(Cancel);
        await writing;
        Assert.Equal([9], (await features.Store.ReadAsync("v@1", EntityKeys.Of([[1]]), Cancel))[0]!.Bytes);
    }

    [Fact]
    public async Task A_write_that_waits_in_vain_fails_and_keeps_no_position()
    {
        await using var impatient = Open(await redis.AddressAsync(Cancel), TimeSpan.Zero);
        await redis.KillAsync();
        var failure = await Assert.ThrowsAsync<SlipwayException>(() => impatient.WriteAsync(
            [new OnlineWrite("v@1", [new OnlineRow([1], 1, 1, [9])])], _ => throw new InvalidOperationException("a position without rows"), Cancel));
        Assert.Equal(ErrorKind.Unavailable, failure.Kind);
    }

    /// <summary>The connection comes back within its next attempts; a minute is for a machine that is busy with other tests.</summary>
    private static async Task<T> UntilAsync<T>(Func<Task<T>> read)
    {
        for (var started = Stopwatch.GetTimestamp(); ;)
        {
            try
            {
                return await read();
            }
            catch (SlipwayException gone) when (gone.Kind == ErrorKind.Unavailable && Stopwatch.GetElapsedTime(started) < TimeSpan.FromMinutes(1))
            {
                await Task.Delay(50, Cancel);
            }
        }
    }
}

public sealed class RedisAddressTests
{
    [Theory]
    [InlineData("redis://h", "h", 6379, false, null, null, 0, "slipway")]
    [InlineData("redis://h:7000/3?prefix=team-a", "h", 7000, false, null, null, 3, "team-a")]
    [InlineData("rediss://ann:p%40ss@h:1/2", "h", 1, true, "ann", "p@ss", 2, "slipway")]
    [InlineData("redis://secret@10.0.0.1", "10.0.0.1", 6379, false, null, "secret", 0, "slipway")]
    public void An_address_says_all_there_is(
        string text, string host, int port, bool tls, string? user, string? password, int database, string prefix) =>
        Assert.Equal(new RedisAddress(host, port, tls, user, password, database, prefix), RedisAddress.Parse(text));

    [Theory]
    [InlineData("h:6379", "it is not a redis:// or rediss:// address with a host")]
    [InlineData("http://h", "it is not a redis:// or rediss:// address with a host")]
    [InlineData("redis://h/x", "'x' is not the number of a database")]
    [InlineData("redis://h?a=b", "'?a=b' is not ?prefix= and a name of letters, digits, '-' and '_'")]
    public void A_mistake_is_named(string text, string message) =>
        Assert.Equal(message, Assert.Throws<FormatException>(() => RedisAddress.Parse(text)).Message);

    [Fact]
    public void Its_password_is_never_printed() => Assert.Equal("h:6379/0", RedisAddress.Parse("redis://ann:secret@h").ToString());
}
