using System.Data.Common;
using System.Text.RegularExpressions;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Foundation.Events;

/// <summary>
/// The embedded, durable log of events by topic. A consumer moves its offset in the same transaction as the effect of what it
/// read, so each event counts exactly once in that effect.
/// </summary>
public sealed partial class EventLog(Db db, TimeProvider? clock = null)
{
    public const int MaxPayloadBytes = 1 << 20;

    private readonly TimeProvider time = clock ?? TimeProvider.System;
    private readonly Lock gate = new();
    private TaskCompletionSource appended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Appends in order; ids that the topic has already are skipped.</summary>
    /// <returns>How many were new.</returns>
    public Task<int> AppendAsync(string topic, IReadOnlyList<NewEvent> events, CancellationToken cancel) =>
        db.WriteAsync(session => AppendAsync(session, topic, events, cancel), cancel);

    /// <summary>The same within the caller's transaction.</summary>
    public async Task<int> AppendAsync(DbSession session, string topic, IReadOnlyList<NewEvent> events, CancellationToken cancel)
    {
        Check(topic, events);

        // Taking the counter first makes writers of one topic queue, so offsets become visible in order. A skipped id leaves a gap.
        var next = await session.FirstAsync(
            """
            insert into topics (name, next_offset) values (@topic, 0)
            on conflict (name) do update set next_offset = topics.next_offset
            returning next_offset
            """,
            c => c.With("topic", topic),
            row => row.GetInt64(0),
            cancel);
        var now = Microseconds.From(time.GetUtcNow());
        var added = session.Engine == DbEngine.Postgres
            ? await InsertManyAsync(session, topic, next, events, now, cancel)
            : await InsertEachAsync(session, topic, next, events, now, cancel);
        next += events.Count;
        await session.ExecuteAsync(
            "update topics set next_offset = @next where name = @topic", c => c.With("topic", topic).With("next", next), cancel);
        session.OnCommitted(Signal);
        return added;
    }

    /// <param name="max">1 to 100,000.</param>
    public Task<List<StoredEvent>> ReadAsync(string topic, long fromOffset, int max, CancellationToken cancel) => db.QueryAsync(
        """
        select event_offset, event_id, event_key, event_time_us, payload, appended_us from events
        where topic = @topic and event_offset >= @from order by event_offset limit @max
        """,
        c => c.With("topic", topic).With("from", fromOffset).With("max", max),
        Read,
        cancel);

    /// <summary>Where the next event will go; 0 for a topic that nobody has written to.</summary>
    public async Task<long> EndOffsetAsync(string topic, CancellationToken cancel) => await db.FirstAsync(
        "select next_offset from topics where name = @topic", c => c.With("topic", topic), row => row.GetInt64(0), cancel);

    /// <summary>The next offset the consumer has not processed.</summary>
    public async Task<long> OffsetAsync(string topic, string consumer, CancellationToken cancel) => await db.FirstAsync(
        "select next_offset from consumer_offsets where topic = @topic and consumer = @consumer",
        c => c.With("topic", topic).With("consumer", consumer),
        row => row.GetInt64(0),
        cancel);

    /// <summary>Moves the consumer inside the transaction that holds its effect.</summary>
    /// <param name="from">Where the consumer stood when it read.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Conflict"/> when another process has moved it since.</exception>
    public static async Task CommitOffsetAsync(
        DbSession session, string topic, string consumer, long from, long next, CancellationToken cancel)
    {
        var moved = await session.ExecuteAsync(
            """
            insert into consumer_offsets (topic, consumer, next_offset) values (@topic, @consumer, @next)
            on conflict (topic, consumer) do update set next_offset = excluded.next_offset
            where consumer_offsets.next_offset = @from
            """,
            c => c.With("topic", topic).With("consumer", consumer).With("from", from).With("next", next),
            cancel);
        if (moved == 0)
        {
            throw SlipwayException.Conflict($"Consumer '{consumer}' of topic '{topic}' was moved from offset {from} by another process.");
        }
    }

    /// <summary>Completes at the next append in this process. Take it before reading, so that none is missed.</summary>
    public Task NextAppend()
    {
        lock (gate)
        {
            return appended.Task;
        }
    }

    private static async Task<int> InsertEachAsync(
        DbSession session, string topic, long first, IReadOnlyList<NewEvent> events, long now, CancellationToken cancel)
    {
        var added = 0;
        for (var i = 0; i < events.Count; i++)
        {
            var (offset, e) = (first + i, events[i]);
            added += await session.ExecuteAsync(
                """
                insert into events (topic, event_offset, event_id, event_key, event_time_us, payload, appended_us)
                values (@topic, @offset, @id, @key, @time, @payload, @appended) on conflict do nothing
                """,
                c => c.With("topic", topic).With("offset", offset).With("id", e.Id).With("key", e.Key).With("time", e.TimeUs)
                    .With("payload", e.Payload).With("appended", now),
                cancel);
        }

        return added;
    }

    /// <summary>PostgreSQL pays a round trip for each statement, SQLite does not.</summary>
    private static Task<int> InsertManyAsync(
        DbSession session, string topic, long first, IReadOnlyList<NewEvent> events, long now, CancellationToken cancel) => session.ExecuteAsync(
        """
        insert into events (topic, event_offset, event_id, event_key, event_time_us, payload, appended_us)
        select @topic, @first + e.position - 1, e.id, e.key, e.time, e.payload, @appended
        from unnest(@ids, @keys, @times, @payloads) with ordinality as e (id, key, time, payload, position)
        on conflict do nothing
        """,
        c => c.With("topic", topic).With("first", first).With("ids", events.Select(e => e.Id).ToArray())
            .With("keys", events.Select(e => e.Key).ToArray()).With("times", events.Select(e => e.TimeUs).ToArray())
            .With("payloads", events.Select(e => e.Payload).ToArray()).With("appended", now),
        cancel);

    private void Signal()
    {
        TaskCompletionSource done;
        lock (gate)
        {
            done = appended;
            appended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        done.SetResult();
    }

    private static void Check(string topic, IReadOnlyList<NewEvent> events)
    {
        if (!TopicName().IsMatch(topic))
        {
            throw SlipwayException.Invalid($"Topic '{topic}' is not a name: 1 to 249 letters, digits, dots, dashes and underscores.");
        }

        foreach (var e in events)
        {
            if (e.Id.Length is 0 or > 256)
            {
                throw SlipwayException.Invalid($"An event id has 1 to 256 characters; got {e.Id.Length}.");
            }

            if (e.Payload.Length > MaxPayloadBytes)
            {
                throw new SlipwayException(ErrorKind.TooLarge, $"Event '{e.Id}' has {e.Payload.Length} bytes; the limit is {MaxPayloadBytes}.");
            }
        }
    }

    private static StoredEvent Read(DbDataReader row) =>
        new(row.GetInt64(0), row.GetString(1), row.Text(2), row.GetInt64(3), row.GetFieldValue<byte[]>(4), row.GetInt64(5));

    [GeneratedRegex("^[A-Za-z0-9._-]{1,249}$", RegexOptions.CultureInvariant)]
    private static partial Regex TopicName();
}
