using System.Text;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Events;
using Slipway.TestKit;

namespace Slipway.Tests.Foundation;

public abstract class EventLogContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private EventLog log = null!;

    protected override Task PrepareAsync()
    {
        log = new EventLog(Db);
        return Task.CompletedTask;
    }

    private static NewEvent Event(string id, long time = 0) => new(id, "key", time, Encoding.UTF8.GetBytes(id));

    private async Task<string[]> AllAsync() => [.. (await log.ReadAsync("t", 0, 1000, Cancel)).Select(e => e.Id)];

    [Fact]
    public async Task Events_come_back_in_order_with_all_they_had()
    {
        await log.AppendAsync("t", [Event("a", 5), new NewEvent("b", null, 6, [0, 255])], Cancel);
        var events = await log.ReadAsync("t", 0, 10, Cancel);
        Assert.Equal([("a", "key", 5), ("b", null, 6)], events.Select(e => (e.Id, e.Key, e.TimeUs)));
        Assert.Equal([0, 255], events[1].Payload);
        Assert.Equal(2, await log.EndOffsetAsync("t", Cancel));
    }

    [Fact]
    public async Task Appending_a_batch_twice_stores_it_once()
    {
        Assert.Equal(2, await log.AppendAsync("t", [Event("a"), Event("b")], Cancel));
        Assert.Equal(1, await log.AppendAsync("t", [Event("a"), Event("b"), Event("c")], Cancel));
        Assert.Equal(["a", "b", "c"], await AllAsync());
    }

    [Fact]
    public async Task Writers_at_the_same_time_lose_nothing()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(w => Task.Run(
            () => log.AppendAsync("t", [.. Enumerable.Range(0, 10).Select(i => Event($"{w}-{i}"))], Cancel))));
        Assert.Equal(200, (await AllAsync()).Distinct().Count());
    }

    [Fact]
    public async Task A_consumer_moves_only_with_its_effect()
    {
        await log.AppendAsync("t", [Event("a"), Event("b")], Cancel);
        await Assert.ThrowsAsync<InvalidOperationException>(() => Db.WriteAsync(
            async session =>
            {
                await EventLog.CommitOffsetAsync(session, "t", "c", 0, 2, Cancel);
                throw new InvalidOperationException("the effect failed");
            },
            Cancel));
        Assert.Equal(0, await log.OffsetAsync("t", "c", Cancel));
        await Db.WriteAsync(session => EventLog.CommitOffsetAsync(session, "t", "c", 0, 2, Cancel), Cancel);
        Assert.Equal(2, await log.OffsetAsync("t", "c", Cancel));
    }

    [Fact]
    public async Task A_zombie_consumer_cannot_move_the_offset_back()
    {
        await Db.WriteAsync(session => EventLog.CommitOffsetAsync(session, "t", "c", 0, 2, Cancel), Cancel);
        var error = await Assert.ThrowsAsync<SlipwayException>(
            () => Db.WriteAsync(session => EventLog.CommitOffsetAsync(session, "t", "c", 0, 1, Cancel), Cancel));
        Assert.Equal(ErrorKind.Conflict, error.Kind);
        Assert.Equal(2, await log.OffsetAsync("t", "c", Cancel));
    }

    [Fact]
    public async Task A_reader_that_waits_is_woken_by_an_append()
    {
        var next = log.NextAppend();
        Assert.False(next.IsCompleted);
        await log.AppendAsync("t", [Event("a")], Cancel);
        await next.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("käse")]
    public async Task A_topic_that_is_not_a_name_is_refused(string topic)
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(() => log.AppendAsync(topic, [Event("a")], Cancel));
        Assert.Equal(ErrorKind.Invalid, error.Kind);
    }

    [Fact]
    public async Task A_batch_with_one_oversized_event_stores_nothing()
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(() => log.AppendAsync(
            "t", [Event("a"), new NewEvent("big", null, 0, new byte[EventLog.MaxPayloadBytes + 1])], Cancel));
        Assert.Equal(ErrorKind.TooLarge, error.Kind);
        Assert.Contains("1048577 bytes; the limit is 1048576", error.Message, StringComparison.Ordinal);
        Assert.Empty(await AllAsync());
    }
}

public sealed class EventLogOnSqlite() : EventLogContract(null);

public sealed class EventLogOnPostgres(PostgresServer postgres) : EventLogContract(postgres);
