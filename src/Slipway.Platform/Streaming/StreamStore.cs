using System.Data.Common;
using System.Text;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Streaming;

/// <summary>Where a view stands, beside its consumer offset.</summary>
/// <param name="Epoch">Moves when the state is replaced from outside, which fences off whoever still works on the old one.</param>
/// <param name="HistoryUntilUs">Events up to this time were materialised from history; in the topic they are late.</param>
/// <param name="SnapshotOffset">The stored state has taken in everything before it.</param>
internal sealed record ViewPosition(long Epoch, long? HistoryUntilUs, long? WatermarkUs, long SnapshotOffset, long Events, long Late)
{
    public static ViewPosition Start { get; } = new(0, null, null, 0, 0, 0);
}

internal static class StreamStore
{
    /// <summary>A state is stored in parts, so that none of them becomes an unwieldy value.</summary>
    private const int PartBytes = 1 << 20;

    /// <summary>Never lowers it, whoever else raises it at the same time.</summary>
    public static Task RaiseWatermarkAsync(DbSession session, string topic, long watermarkUs, CancellationToken cancel) =>
        session.ExecuteAsync(
            """
            insert into stream_topics (topic, watermark_us) values (@topic, @watermark)
            on conflict (topic) do update set watermark_us = excluded.watermark_us
            where stream_topics.watermark_us < excluded.watermark_us
            """,
            c => c.With("topic", topic).With("watermark", watermarkUs),
            cancel);

    public static Task<long?> WatermarkAsync(DbSession session, string topic, CancellationToken cancel) => session.FirstAsync(
        "select watermark_us from stream_topics where topic = @topic", c => c.With("topic", topic), row => row.Long(0), cancel);

    public static async Task<ViewPosition> PositionAsync(DbSession session, string view, CancellationToken cancel) =>
        await session.FirstAsync(
            "select epoch, history_until_us, watermark_us, snapshot_offset, events, late_events from stream_views where view = @view",
            c => c.With("view", view),
            row => new ViewPosition(row.GetInt64(0), row.Long(1), row.Long(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5)),
            cancel)
        ?? ViewPosition.Start;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Conflict"/> when the view's state was replaced meanwhile.</exception>
    public static async Task SavePositionAsync(
        DbSession session, string view, string topic, ViewPosition position, long expectedEpoch, CancellationToken cancel)
    {
        var saved = await session.ExecuteAsync(
            """
            insert into stream_views (view, topic, epoch, history_until_us, watermark_us, snapshot_offset, events, late_events)
            values (@view, @topic, @epoch, cast(@history as bigint), cast(@watermark as bigint), @snapshot, @events, @late)
            on conflict (view) do update set topic = excluded.topic, epoch = excluded.epoch,
              history_until_us = excluded.history_until_us, watermark_us = excluded.watermark_us, snapshot_offset = excluded.snapshot_offset, events = excluded.events, late_events = excluded.late_events
            where stream_views.epoch = @expected
            """,
            c => c.With("view", view).With("topic", topic).With("epoch", position.Epoch).With("history", position.HistoryUntilUs)
                .With("watermark", position.WatermarkUs).With("snapshot", position.SnapshotOffset).With("events", position.Events).With("late", position.Late)
                .With("expected", expectedEpoch),
            cancel);
        if (saved == 0)
        {
            throw SlipwayException.Conflict($"The state of view '{view}' was replaced while events were taken in.");
        }
    }

    public static async Task<byte[]?> StateAsync(DbSession session, string view, CancellationToken cancel)
    {
        var parts = await session.QueryAsync(
            "select state from stream_state where view = @view order by part",
            c => c.With("view", view),
            row => row.GetFieldValue<byte[]>(0),
            cancel);
        var state = new byte[parts.Sum(part => part.Length)];
        for (var (i, at) = (0, 0); i < parts.Count; at += parts[i++].Length)
        {
            parts[i].CopyTo(state, at);
        }

        return parts.Count == 0 ? null : state;
    }

    public static async Task SaveStateAsync(DbSession session, string view, byte[]? state, CancellationToken cancel)
    {
        await session.ExecuteAsync("delete from stream_state where view = @view", c => c.With("view", view), cancel);
        for (var (part, at) = (0, 0); at < state?.Length; part++, at += PartBytes)
        {
            var (number, bytes) = (part, state[at..Math.Min(at + PartBytes, state.Length)]);
            await session.ExecuteAsync(
                "insert into stream_state (view, part, state) values (@view, @part, @state)",
                c => c.With("view", view).With("part", number).With("state", bytes),
                cancel);
        }
    }

    /// <summary>Adding one that is there already changes nothing.</summary>
    public static Task AddDeadLetterAsync(DbSession session, DeadLetter letter, CancellationToken cancel) => session.ExecuteAsync(
        """
        insert into stream_dead_letters (topic, event_offset, view, event_id, event_time_us, cause, payload, created_ms)
        values (@topic, @offset, @view, @id, @time, @cause, @payload, @created) on conflict do nothing
        """,
        c => c.With("topic", letter.Topic).With("offset", letter.Offset).With("view", letter.View).With("id", letter.EventId)
            .With("time", Microseconds.From(letter.EventTime)).With("cause", letter.Cause)
            .With("payload", Encoding.UTF8.GetBytes(letter.Payload)).With("created", letter.Created.ToUnixTimeMilliseconds()),
        cancel);

    /// <summary>By topic, offset and view.</summary>
    public static Task<List<DeadLetter>> DeadLettersAsync(
        DbSession session, string? topic, (string Topic, long Offset, string View) after, int limit, CancellationToken cancel) =>
        session.QueryAsync(
            """
            select topic, event_offset, view, event_id, event_time_us, cause, payload, created_ms from stream_dead_letters
            where (cast(@only as text) is null or topic = @only) and (topic, event_offset, view) > (@topic, @offset, @view)
            order by topic, event_offset, view limit @limit
            """,
            c => c.With("only", topic).With("topic", after.Topic).With("offset", after.Offset).With("view", after.View)
                .With("limit", limit),
            ReadDeadLetter,
            cancel);

    /// <summary>Oldest first.</summary>
    public static async Task<List<DeadLetter>> DeadLettersAsync(
        DbSession session, DeadLetterSelection selection, int limit, CancellationToken cancel)
    {
        if (selection.Offsets is null)
        {
            return await OfViewAsync(-1, "event_offset > @offset", limit);
        }

        var found = new List<DeadLetter>();
        foreach (var offset in selection.Offsets.Distinct())
        {
            found.AddRange(await OfViewAsync(offset, "event_offset = @offset", limit));
        }

        return found;

        Task<List<DeadLetter>> OfViewAsync(long offset, string condition, int most) => session.QueryAsync(
            $"""
            select topic, event_offset, view, event_id, event_time_us, cause, payload, created_ms from stream_dead_letters
            where topic = @topic and {condition} and (cast(@view as text) is null or view = @view)
            order by event_offset, view limit @limit
            """,
            c => c.With("topic", selection.Topic).With("offset", offset).With("view", selection.View).With("limit", most),
            ReadDeadLetter,
            cancel);
    }

    public static Task RemoveDeadLetterAsync(DbSession session, DeadLetter letter, CancellationToken cancel) => session.ExecuteAsync(
        "delete from stream_dead_letters where topic = @topic and event_offset = @offset and view = @view",
        c => c.With("topic", letter.Topic).With("offset", letter.Offset).With("view", letter.View),
        cancel);

    public static Task<long> CountDeadLettersAsync(DbSession session, string topic, string view, CancellationToken cancel) =>
        session.FirstAsync(
            "select count(*) from stream_dead_letters where topic = @topic and view = @view",
            c => c.With("topic", topic).With("view", view),
            row => row.GetInt64(0),
            cancel);

    private static DeadLetter ReadDeadLetter(DbDataReader row) => new(
        row.GetString(0), row.GetInt64(1), row.GetString(2), row.GetString(3), Microseconds.ToDateTimeOffset(row.GetInt64(4)),
        row.GetString(5), Encoding.UTF8.GetString(row.GetFieldValue<byte[]>(6)), DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(7)));
}
