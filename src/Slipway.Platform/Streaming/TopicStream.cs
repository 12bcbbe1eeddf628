using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Windowed;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Events;

namespace Slipway.Platform.Streaming;

/// <summary>
/// Carries all views of a topic forward together: reads a batch once, and writes online rows, dead letters and offsets of all
/// of them in one transaction, so that an event counts exactly once in each.
/// </summary>
internal sealed class TopicStream
{
    /// <summary>Below this, two tasks cost more than they gain.</summary>
    private const int ParallelFrom = 500;

    private readonly string topic;
    private readonly ViewStream[] views;
    private readonly Db db;
    private readonly EventLog log;
    private readonly OnlineStore store;
    private readonly StreamOptions options;
    private readonly TimeProvider time;

    private TopicStream(string topic, ViewStream[] views, Db db, EventLog log, OnlineStore store, StreamOptions options, TimeProvider time)
    {
        (this.topic, this.views, this.db, this.log) = (topic, views, db, log);
        (this.store, this.options, this.time) = (store, options, time);
    }

    public static async Task<TopicStream> OpenAsync(
        string topic, IReadOnlyList<WindowedView> views, Db db, EventLog log, OnlineStore store, StreamOptions options,
        TimeProvider time, CancellationToken cancel)
    {
        var open = new ViewStream[views.Count];
        for (var i = 0; i < open.Length; i++)
        {
            open[i] = await ViewStream.OpenAsync(db, log, views[i], options.BatchEvents, cancel);
        }

        return new TopicStream(topic, open, db, log, store, options, time);
    }

    /// <summary>Takes in the next batch. When this throws, the object is spent: open another.</summary>
    /// <returns>How many events it read, or -1 when there is nothing new.</returns>
    public async Task<int> StepAsync(CancellationToken cancel)
    {
        // The end first: whatever is before it is visible to the read that follows.
        var end = await log.EndOffsetAsync(topic, cancel);
        var from = views.Min(view => view.Offset);
        if (end <= from)
        {
            return -1;
        }

        var events = await log.ReadAsync(topic, from, options.BatchEvents, cancel);
        var next = events.Count == options.BatchEvents ? events[^1].Offset + 1 : Math.Max(end, events.Count == 0 ? end : events[^1].Offset + 1);
        var behind = views.Where(view => view.Offset < next).ToArray();
        var now = time.GetUtcNow();
        var effects = events.Count < ParallelFrom
            ? behind.Select(view => view.Take(events, next, now)).ToArray()
            : await Task.WhenAll(behind.Select(view => Task.Run(() => view.Take(events, next, now), cancel)));
        var rows = behind.Select((view, i) => new OnlineWrite(view.View.Key, effects[i].Rows)).ToArray();
        await store.WriteAsync(rows, session => WriteAsync(session, behind, effects, cancel), cancel);
        for (var i = 0; i < behind.Length; i++)
        {
            behind[i].Committed(effects[i]);
        }

        return events.Count;
    }

    /// <summary>Stores the states as they are, so that the next opening reads no event again.</summary>
    public Task SnapshotAsync(CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            foreach (var view in views.Where(view => view.HasUnsaved))
            {
                await StreamStore.SavePositionAsync(session, view.View.Key, topic, view.AtSnapshot(), view.Epoch, cancel);
                await StreamStore.SaveStateAsync(session, view.View.Key, view.Save(), cancel);
            }
        },
        cancel);

    private async Task WriteAsync(DbSession session, ViewStream[] behind, StreamEffect[] effects, CancellationToken cancel)
    {
        for (var i = 0; i < behind.Length; i++)
        {
            var (view, key) = (behind[i], behind[i].View.Key);
            if (view.SnapshotDue(effects[i], options.SnapshotEvents))
            {
                effects[i] = effects[i] with { Position = effects[i].Position with { SnapshotOffset = effects[i].NextOffset } };
                await StreamStore.SaveStateAsync(session, key, view.Save(), cancel);
            }

            await EventLog.CommitOffsetAsync(session, topic, key, view.Offset, effects[i].NextOffset, cancel);
            await StreamStore.SavePositionAsync(session, key, topic, effects[i].Position, view.Epoch, cancel);
            foreach (var letter in effects[i].DeadLetters)
            {
                await StreamStore.AddDeadLetterAsync(session, letter, cancel);
            }
        }
    }
}
