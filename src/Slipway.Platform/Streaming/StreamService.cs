using Slipway.Core.Errors;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Windowed;
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
            TopicEvents.Refuse(e);
        }

        return await StoreAsync(topic, events, watermark, wait, cancel);
    }

    /// <summary>Appends rows to a push source: to both stores, or to one. Otherwise as <see cref="PushAsync"/>.</summary>
    /// <param name="ids">One per row; null for new ones, with which a row that is sent again counts again.</param>
    /// <param name="rows">UTF-8 JSON objects, whose fields the source names.</param>
    /// <exception cref="SlipwayException">NotFound naming the push sources there are; and as <see cref="PushAsync"/>.</exception>
    public async Task<PushResult> PushRowsAsync(
        string source, IReadOnlyList<byte[]> rows, IReadOnlyList<string>? ids, PushTarget target, DateTimeOffset? watermark, bool wait,
        CancellationToken cancel)
    {
        var pushed = (await registry.StreamingViewsAsync(cancel)).Where(view => view.Source.Push).Select(view => view.Topic).Distinct().ToArray();
        if (!pushed.Contains(source))
        {
            throw SlipwayException.NotFound(
                $"There is no push source '{source}'; there are {(pushed.Length == 0 ? "none" : string.Join(", ", pushed))}.");
        }

        if (rows.Count > MaxEvents)
        {
            throw new SlipwayException(ErrorKind.TooLarge, $"A push holds at most {MaxEvents} rows; got {rows.Count}.");
        }

        if (ids is not null && ids.Count != rows.Count)
        {
            throw SlipwayException.Invalid($"There are {rows.Count} rows and {ids.Count} ids; give one for each, or none.");
        }

        var now = Microseconds.From(time.GetUtcNow());
        var events = rows.Select((row, i) => new NewEvent(ids?[i] ?? Guid.CreateVersion7(time.GetUtcNow()).ToString("n"), null, now, row)).ToArray();
        Array.ForEach(events, TopicEvents.Refuse);
        return await StoreAsync(source, [.. events.Select(e => TopicEvents.For(target, e))], watermark, wait, cancel);
    }

    /// <summary>Appends one event of the server's own. Otherwise as <see cref="PushAsync"/>.</summary>
    internal Task<PushResult> PushOneAsync(string topic, NewEvent e, bool wait, CancellationToken cancel) =>
        StoreAsync(topic, [e], watermark: null, wait, cancel);

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

    private async Task<PushResult> StoreAsync(
        string topic, IReadOnlyList<NewEvent> events, DateTimeOffset? watermark, bool wait, CancellationToken cancel)
    {
        var added = await db.WriteAsync(session => AppendAsync(session, topic, events, watermark, cancel), cancel);
        var end = await log.EndOffsetAsync(topic, cancel);
        if (wait)
        {
            await WaitAsync(topic, end, cancel);
        }

        return new PushResult(added, events.Count - added, end);
    }

    private async Task<int> AppendAsync(
        DbSession session, string topic, IReadOnlyList<NewEvent> events, DateTimeOffset? watermark, CancellationToken cancel)
    {
        var added = events.Count == 0 ? 0 : await log.AppendAsync(session, topic, events, cancel);
        if (watermark is { } given && Microseconds.From(given) is var us
            && !(await StreamStore.WatermarkAsync(session, topic, cancel) >= us))
        {
            await log.AppendAsync(session, topic, [TopicEvents.OfWatermark(us)], cancel);
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
}
