using System.Collections;
using Slipway.Core.Data;
using Slipway.Core.Windows;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Sources;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Events;

namespace Slipway.Platform.Features.Windowed;

/// <summary>An event that a view does not take, and why.</summary>
public sealed record RefusedEntry(StoredEvent Event, string Cause);

/// <summary>What a run of events makes of a view.</summary>
/// <param name="Rows">The columns of the view; where times are equal, a later portion is the newer.</param>
/// <param name="Events">Events seen, refused ones included.</param>
/// <param name="Late">Events that came too late and were dropped.</param>
public sealed record WindowedOutcome(IReadOnlyList<Table> Rows, IReadOnlyList<RefusedEntry> Refused, long Events, long Late);

/// <summary>
/// A view as it goes through its topic: a function of the topic alone, however it is cut into portions, so that what was served, what is
/// computed again after a crash and what a training set is told are the same.
/// </summary>
/// <param name="online">Whether it computes what is served, or the history for a training set.</param>
/// <param name="historyUntil">Events up to this time were taken from history; in the topic they are late.</param>
public sealed class WindowedRun(WindowedView view, byte[]? state, bool online, long? historyUntil = null)
{
    /// <summary>How far the time of an event may be after it came, where watermarks are derived: beyond it a clock is wrong, and would make all others late.</summary>
    private static readonly TimeSpan MaxAhead = TimeSpan.FromDays(1);

    private readonly WindowAggregator? windows = view.Windows is null ? null : state is null ? view.NewAggregator() : view.Restore(state);
    private long? given;

    /// <summary>The view's windows are closed up to here.</summary>
    public long? Watermark => windows is null ? given : windows.Watermark;

    /// <summary>Null for a view that keeps nothing between events.</summary>
    public byte[]? Save() => windows?.Save();

    /// <summary>Goes through the next events of the topic.</summary>
    public WindowedOutcome Take(IReadOnlyList<StoredEvent> events)
    {
        var outcome = new Gathered();
        var segment = new List<StoredEvent>();
        foreach (var e in events)
        {
            if (TopicEvents.IsWatermark(e))
            {
                Flush(segment, outcome);
                given = Math.Max(given ?? long.MinValue, e.TimeUs);
                if (windows is not null)
                {
                    outcome.Rows.Add(view.WithCreated(windows.Advance(e.TimeUs), e.AppendedUs));
                }

                continue;
            }

            // Rows tell when they were known, so events that came together stay together and others apart.
            if (view.Stored.CreatedTimestamp is not null && segment.Count > 0 && segment[^1].AppendedUs != e.AppendedUs)
            {
                Flush(segment, outcome);
            }

            if (TopicEvents.IsFor(e, view.Key, online))
            {
                segment.Add(e);
            }
        }

        Flush(segment, outcome);
        return new WindowedOutcome(outcome.Rows, outcome.Refused, outcome.Events, outcome.Late);
    }

    private void Flush(List<StoredEvent> segment, Gathered outcome)
    {
        if (segment.Count == 0)
        {
            return;
        }

        var read = JsonRows.Read(view.Fields, [.. segment.Select(e => e.Payload)]);
        outcome.Refused.AddRange(read.Unreadable.Select(bad => new RefusedEntry(segment[bad.Index], bad.Cause)));
        outcome.Events += segment.Count;
        var prepared = view.Prepare(read.Table);
        if (windows is null)
        {
            Pass(prepared, row => segment[read.Origin[(int)prepared[WindowedView.OriginColumn].Longs[row]]], outcome);
        }
        else
        {
            Aggregate(windows, prepared, origin => segment[read.Origin[(int)origin]], outcome);
            outcome.Rows.Add(view.WithCreated(windows.Advance(), segment[^1].AppendedUs));
        }

        segment.Clear();
    }

    private void Aggregate(WindowAggregator aggregator, Table prepared, Func<long, StoredEvent> eventOf, Gathered outcome)
    {
        var fresh = WithoutHistory(prepared);
        outcome.Late += prepared.Rows - fresh.Rows;
        fresh = WithoutAhead(fresh, eventOf, outcome);
        var origins = fresh[WindowedView.OriginColumn].Longs;
        var times = fresh[view.EventTimestamp];
        foreach (var refused in aggregator.Add(fresh))
        {
            outcome.Late += refused.Cause == RefusalCause.Late ? 1 : 0;
            outcome.Refused.Add(new RefusedEntry(eventOf(origins[refused.Row]), Describe(refused.Cause, times, refused.Row)));
        }
    }

    /// <summary>The events are the rows.</summary>
    private void Pass(Table prepared, Func<int, StoredEvent> eventOf, Gathered outcome)
    {
        var keys = view.Stored.JoinKeys.Select(key => prepared[key.Name]).ToArray();
        var times = prepared[view.EventTimestamp];
        var kept = new List<int>();
        for (var row = 0; row < prepared.Rows; row++)
        {
            if (times.IsNull(row) || keys.Any(key => key.IsNull(row)))
            {
                var cause = times.IsNull(row) ? RefusalCause.NullTimestamp : RefusalCause.NullKey;
                outcome.Refused.Add(new RefusedEntry(eventOf(row), Describe(cause, times, row)));
                continue;
            }

            kept.Add(row);
        }

        if (kept.Count > 0)
        {
            var rows = view.Rows(prepared.Take([.. kept]), eventOf(kept[^1]).AppendedUs);
            outcome.Rows.Add(online ? rows.With(Until([.. kept.Select(row => TopicEvents.UntilOf(eventOf(row)))])) : rows);
        }
    }

    private static Column Until(long?[] until) => Column.Timestamp(
        RowUntil.Column, Array.ConvertAll(until, us => us ?? 0), new BitArray(Array.ConvertAll(until, us => us is null)));

    /// <summary>Events that the history held are counted there, also those whose boundary is still open.</summary>
    private Table WithoutHistory(Table prepared)
    {
        if (historyUntil is not { } until)
        {
            return prepared;
        }

        var times = prepared[view.EventTimestamp];
        return prepared.Where(row => times.IsNull(row) || times.Longs[row] > until);
    }

    private Table WithoutAhead(Table prepared, Func<long, StoredEvent> eventOf, Gathered outcome)
    {
        if (view.Windows!.MaxOutOfOrderness is null)
        {
            return prepared;
        }

        var (times, origins) = (prepared[view.EventTimestamp], prepared[WindowedView.OriginColumn].Longs);
        return prepared.Where(row =>
        {
            var source = eventOf(origins[row]);
            if (times.IsNull(row) || times.Longs[row] - source.AppendedUs <= MaxAhead.Ticks / TimeSpan.TicksPerMicrosecond)
            {
                return true;
            }

            outcome.Refused.Add(new RefusedEntry(
                source,
                $"Ahead: its time {Microseconds.ToDateTimeOffset(times.Longs[row]):O} is more than a day after it came, "
                + $"at {Microseconds.ToDateTimeOffset(source.AppendedUs):O}."));
            return false;
        });
    }

    private string Describe(RefusalCause cause, Column times, int row) => cause switch
    {
        RefusalCause.NullKey => $"A part of the key is null: {string.Join(", ", view.Stored.JoinKeys.Select(k => k.Name))}.",
        RefusalCause.NullTimestamp => $"The event time '{view.EventTimestamp}' is null.",
        _ => $"Late: its time {Microseconds.ToDateTimeOffset(times.Longs[row]):O} is behind the watermark"
            + (view.Windows!.AllowedLateness > TimeSpan.Zero ? $" by more than the allowed lateness of {view.Windows.AllowedLateness:c}." : "."),
    };

    private sealed class Gathered
    {
        public List<Table> Rows { get; } = [];

        public List<RefusedEntry> Refused { get; } = [];

        public long Events { get; set; }

        public long Late { get; set; }
    }
}
