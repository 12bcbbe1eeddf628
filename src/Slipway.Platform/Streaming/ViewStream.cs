using System.Text;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Windowed;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Events;

namespace Slipway.Platform.Streaming;

/// <summary>What a run of events does to a view: to be written in one transaction with the offset behind them.</summary>
internal sealed record StreamEffect(
    IReadOnlyList<OnlineRow> Rows, IReadOnlyList<DeadLetter> DeadLetters, ViewPosition Position, long NextOffset);

/// <summary>
/// One streaming view as it runs: its windows in memory and where it stands in the topic. Its effects are a function of the
/// topic alone, so a state that is lost is computed again from the last snapshot, however the events are cut into batches.
/// </summary>
internal sealed class ViewStream
{
    private readonly WindowedRun run;
    private ViewPosition position;

    private ViewStream(WindowedView view, WindowedRun run, ViewPosition position, long offset)
    {
        View = view;
        Offset = offset;
        this.run = run;
        this.position = position;
    }

    public WindowedView View { get; }

    /// <summary>The next event to take in, as committed.</summary>
    public long Offset { get; private set; }

    public long Epoch => position.Epoch;

    /// <summary>Reads the last snapshot, and again the events between it and the committed offset; their effects are written already.</summary>
    public static async Task<ViewStream> OpenAsync(
        Db db, EventLog log, WindowedView view, int batchEvents, CancellationToken cancel)
    {
        var position = await db.ReadAsync(session => StreamStore.PositionAsync(session, view.Key, cancel), cancel);
        var state = await db.ReadAsync(session => StreamStore.StateAsync(session, view.Key, cancel), cancel);
        var committed = await log.OffsetAsync(view.Topic, view.Key, cancel);
        var run = new WindowedRun(view, state, online: true, view.Windows is null ? null : position.HistoryUntilUs);
        var stream = new ViewStream(view, run, position, position.SnapshotOffset);
        while (stream.Offset < committed)
        {
            var events = await log.ReadAsync(view.Topic, stream.Offset, batchEvents, cancel);
            var end = events.FindIndex(e => e.Offset >= committed);
            events = end < 0 ? events : events[..end];
            run.Take(events);
            stream.Offset = events.Count == 0 || end >= 0 ? committed : events[^1].Offset + 1;
        }

        return stream;
    }

    /// <summary>
    /// Takes in the events from <see cref="Offset"/> on. Changes the windows at once: if the effect is not written, this object is spent.
    /// </summary>
    /// <param name="events">Of the topic, in order; those before the offset are passed over.</param>
    public StreamEffect Take(IReadOnlyList<StoredEvent> events, long nextOffset, DateTimeOffset now)
    {
        var fresh = events.Count == 0 || events[0].Offset >= Offset ? events : [.. events.Where(e => e.Offset >= Offset)];
        var outcome = run.Take(fresh);
        var after = position with
        {
            WatermarkUs = run.Watermark ?? position.WatermarkUs,
            Events = position.Events + outcome.Events,
            Late = position.Late + outcome.Late,
        };
        return new StreamEffect(
            View.Stored.Newest(outcome.Rows, Microseconds.From(now)), [.. outcome.Refused.Select(bad => Letter(bad, now))], after, nextOffset);
    }

    public bool SnapshotDue(StreamEffect effect, int snapshotEvents) => effect.NextOffset - position.SnapshotOffset >= snapshotEvents;

    /// <returns>Null for a view that keeps nothing between events.</returns>
    public byte[]? Save() => run.Save();

    public void Committed(StreamEffect effect)
    {
        position = effect.Position;
        Offset = effect.NextOffset;
    }

    /// <summary>The position as it stands, with the snapshot moved up to it.</summary>
    public ViewPosition AtSnapshot() => position with { SnapshotOffset = Offset };

    public bool HasUnsaved => Offset > position.SnapshotOffset;

    /// <summary>The cause quotes what was sent, which may hold what a database's text cannot.</summary>
    private DeadLetter Letter(RefusedEntry refused, DateTimeOffset now) => new(
        View.Topic, refused.Event.Offset, View.Key, refused.Event.Id, Microseconds.ToDateTimeOffset(refused.Event.TimeUs),
        string.Concat(refused.Cause.Select(c => char.IsControl(c) ? '\uFFFD' : c)), Encoding.UTF8.GetString(refused.Event.Payload), now);
}
