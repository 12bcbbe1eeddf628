using System.Text;
using Slipway.Core.Data;
using Slipway.Core.Windows;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Sources;
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
    private readonly WindowAggregator aggregator;
    private ViewPosition position;

    private ViewStream(WindowedView view, WindowAggregator aggregator, ViewPosition position, long offset)
    {
        View = view;
        Offset = offset;
        this.aggregator = aggregator;
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
        var aggregator = state is null ? view.NewAggregator() : view.Restore(state);
        var stream = new ViewStream(view, aggregator, position, position.SnapshotOffset);
        while (stream.Offset < committed)
        {
            var events = await log.ReadAsync(view.Topic, stream.Offset, batchEvents, cancel);
            var end = events.FindIndex(e => e.Offset >= committed);
            events = end < 0 ? events : events[..end];
            stream.Feed(events);
            stream.Offset = events.Count == 0 || end >= 0 ? committed : events[^1].Offset + 1;
        }

        stream.position = position;
        return stream;
    }

    /// <summary>
    /// Takes in the events from <see cref="Offset"/> on. Changes the windows at once: if the effect is not written, this object is spent.
    /// </summary>
    /// <param name="events">Of the topic, in order; those before the offset are passed over.</param>
    public StreamEffect Take(IReadOnlyList<StoredEvent> events, long nextOffset, DateTimeOffset now)
    {
        var fresh = events.Count == 0 || events[0].Offset >= Offset ? events : [.. events.Where(e => e.Offset >= Offset)];
        var (rows, letters, after) = Feed(fresh);
        return new StreamEffect(
            View.Stored.Newest(rows, Microseconds.From(now)), [.. letters.Select(l => l with { Created = now })], after, nextOffset);
    }

    public bool SnapshotDue(StreamEffect effect, int snapshotEvents) => effect.NextOffset - position.SnapshotOffset >= snapshotEvents;

    public byte[] Save() => aggregator.Save();

    public void Committed(StreamEffect effect)
    {
        position = effect.Position;
        Offset = effect.NextOffset;
    }

    /// <summary>The position as it stands, with the snapshot moved up to it.</summary>
    public ViewPosition AtSnapshot() => position with { SnapshotOffset = Offset };

    public bool HasUnsaved => Offset > position.SnapshotOffset;

    private (List<Table> Rows, List<DeadLetter> Letters, ViewPosition After) Feed(IReadOnlyList<StoredEvent> events)
    {
        var (rows, letters, segment) = (new List<Table>(), new List<DeadLetter>(), new List<StoredEvent>());
        var after = position;
        foreach (var e in events)
        {
            if (!Punctuation.Is(e))
            {
                segment.Add(e);
                continue;
            }

            after = TakeIn(segment, letters, after);
            segment.Clear();
            rows.Add(aggregator.Advance(e.TimeUs));
            after = after with { WatermarkUs = Math.Max(after.WatermarkUs ?? long.MinValue, e.TimeUs) };
        }

        return (rows, letters, TakeIn(segment, letters, after));
    }

    private ViewPosition TakeIn(List<StoredEvent> events, List<DeadLetter> letters, ViewPosition after)
    {
        if (events.Count == 0)
        {
            return after;
        }

        var read = JsonRows.Read(View.Fields, [.. events.Select(e => e.Payload)]);
        letters.AddRange(read.Unreadable.Select(bad => Letter(events[bad.Index], bad.Cause)));
        var prepared = View.Prepare(read.Table);
        var fresh = WithoutHistory(prepared);
        var origin = fresh[WindowedView.OriginColumn].Longs;
        var late = prepared.Rows - fresh.Rows;
        foreach (var refused in aggregator.Add(fresh))
        {
            if (refused.Cause == RefusalCause.Late)
            {
                late++;
                continue;
            }

            letters.Add(Letter(events[read.Origin[(int)origin[refused.Row]]], Describe(refused.Cause)));
        }

        return after with { Events = after.Events + events.Count, Late = after.Late + late };
    }

    /// <summary>Events that the history held are counted there, also those whose boundary is still open.</summary>
    private Table WithoutHistory(Table prepared)
    {
        if (position.HistoryUntilUs is not { } until)
        {
            return prepared;
        }

        var times = prepared[View.Windows.EventTimestamp];
        return prepared.Where(row => times.IsNull(row) || times.Longs[row] > until);
    }

    /// <summary>The cause quotes what was sent, which may hold what a database's text cannot.</summary>
    private DeadLetter Letter(StoredEvent e, string cause) => new(
        View.Topic, e.Offset, View.Key, e.Id, Microseconds.ToDateTimeOffset(e.TimeUs),
        string.Concat(cause.Select(c => char.IsControl(c) ? '\uFFFD' : c)), Encoding.UTF8.GetString(e.Payload), default);

    private string Describe(RefusalCause cause) => cause == RefusalCause.NullKey
        ? $"A part of the key is null: {string.Join(", ", View.Stored.JoinKeys.Select(k => k.Name))}."
        : $"The event time '{View.Windows.EventTimestamp}' is null.";
}
