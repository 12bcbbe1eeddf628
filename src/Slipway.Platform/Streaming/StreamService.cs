using Slipway.Core.Errors;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Events;

namespace Slipway.Platform.Streaming;

/// <summary>Takes events into topics, and tells how far the streaming feature views have come with them.</summary>
public sealed class StreamService(
    Db db, EventLog log, FeatureRegistryService registry, StreamSignals signals, StreamOptions options, TimeProvider time)
{
    public const int MaxEvents = 100_000;

    /// <summary>Appends the events and the watermark, both or neither. Sent again it changes nothing.</summary>
    /// <param name="events">Payloads are JSON objects, whose fields the views' sources name.</param>
    /// <param name="watermark">No event up to this time is still to come; one behind an earlier one says nothing new.</param>
    /// <param name="wait">Return only when every streaming view on the topic has taken all of it in, so that a read sees it.</param>
    /// <exception cref="SlipwayException">Invalid; TooLarge; Timeout when views are still behind after the limit, though all is stored.</exception>
    public async Task<PushResult> PushAsync(
        string topic, IReadOnlyList<NewEvent> events, DateTimeOffset? watermark, bool wait, CancellationToken cancel)
    {
        if (events.Count > MaxEvents)
        {
            throw new SlipwayException(ErrorKind.TooLarge, $"A push holds at most {MaxEvents} events; got {events.Count}.");
        }

        foreach (var e in events)
        {
            Punctuation.Refuse(e);
        }

        var added = await db.WriteAsync(session => AppendAsync(session, topic, events, watermark, cancel), cancel);
        var end = await log.EndOffsetAsync(topic, cancel);
        if (wait)
        {
            await WaitAsync(topic, end, cancel);
        }

        return new PushResult(added, events.Count - added, end);
    }

    public async Task<TopicStatus> TopicAsync(string topic, CancellationToken cancel)
    {
        var end = await log.EndOffsetAsync(topic, cancel);
        var watermark = await db.ReadAsync(session => StreamStore.WatermarkAsync(session, topic, cancel), cancel);
        var views = new List<ViewProgress>();
        foreach (var view in await ViewsAsync(topic, cancel))
        {
            var offset = await log.OffsetAsync(topic, view, cancel);
            var position = await db.ReadAsync(session => StreamStore.PositionAsync(session, view, cancel), cancel);
            var dead = await db.ReadAsync(session => StreamStore.CountDeadLettersAsync(session, topic, view, cancel), cancel);
            views.Add(new ViewProgress(
                view, offset, Math.Max(0, end - offset), Time(position.WatermarkUs), position.Events, position.Late, dead));
        }

        return new TopicStatus(topic, end, Time(watermark), views);
    }

    /// <summary>Oldest first within a topic.</summary>
    /// <param name="limit">1 to 1000.</param>
    public async Task<Page<DeadLetter>> DeadLettersAsync(string? topic, string? pageToken, int limit, CancellationToken cancel)
    {
        Limit.Range("A page of dead letters", limit, 1, 1000);
        var query = Json.Write(new[] { "dead-letters", topic });
        var after = pageToken is null ? new Position("", -1, "") : PageToken.Read<Position>(pageToken, query);
        var letters = await db.ReadAsync(
            session => StreamStore.DeadLettersAsync(session, topic, (after.Topic, after.Offset, after.View), limit + 1, cancel), cancel);
        return PageToken.Cut(letters, limit, query, letter => new Position(letter.Topic, letter.Offset, letter.View));
    }

    private async Task<int> AppendAsync(
        DbSession session, string topic, IReadOnlyList<NewEvent> events, DateTimeOffset? watermark, CancellationToken cancel)
    {
        var added = events.Count == 0 ? 0 : await log.AppendAsync(session, topic, events, cancel);
        if (watermark is { } given && Microseconds.From(given) is var us
            && !(await StreamStore.WatermarkAsync(session, topic, cancel) >= us))
        {
            await log.AppendAsync(session, topic, [Punctuation.Of(us)], cancel);
            await StreamStore.RaiseWatermarkAsync(session, topic, us, cancel);
        }

        return added;
    }

    private async Task WaitAsync(string topic, long end, CancellationToken cancel)
    {
        var views = await ViewsAsync(topic, cancel);
        var deadline = time.GetTimestamp();
        while (true)
        {
            var committed = signals.Committed.Next;
            var behind = new List<string>();
            foreach (var view in views)
            {
                if (await log.OffsetAsync(topic, view, cancel) < end)
                {
                    behind.Add(view);
                }
            }

            if (behind.Count == 0)
            {
                return;
            }

            if (time.GetElapsedTime(deadline) >= options.WaitLimit)
            {
                throw new SlipwayException(
                    ErrorKind.Timeout,
                    $"The events are stored, but after {options.WaitLimit.TotalSeconds} s {string.Join(", ", behind)} had not taken them in.");
            }

            // Another server may do the work; its commits beat no pulse here.
            await Task.WhenAny(committed, Task.Delay(options.Poll, time, cancel));
            cancel.ThrowIfCancellationRequested();
        }
    }

    private async Task<IReadOnlyList<string>> ViewsAsync(string topic, CancellationToken cancel) =>
        [.. (await registry.StreamingViewsAsync(cancel)).Where(view => view.Topic == topic).Select(view => view.Key)];

    private static DateTimeOffset? Time(long? microseconds) => microseconds is { } us ? Microseconds.ToDateTimeOffset(us) : null;

    private sealed record Position(string Topic, long Offset, string View);
}
