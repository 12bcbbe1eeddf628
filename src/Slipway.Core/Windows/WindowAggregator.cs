using System.Collections;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Core.Joins;

namespace Slipway.Core.Windows;

/// <summary>
/// Computes a <see cref="WindowDefinition"/> over events that come in any order: the one computation behind a stream and behind a
/// backfill of its history, which therefore agree to the last bit. Not safe for use by several threads at once.
/// </summary>
public sealed class WindowAggregator
{
    private readonly WindowDefinition definition;
    private readonly EventInputs inputs;
    private readonly KeyIndex index;
    private readonly KeyOrder order;
    private readonly WindowPlan plan;
    private readonly List<KeyWindows> windows = [];
    private readonly HashSet<int> corrected = [];

    /// <param name="columns">The columns of the events.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the definition breaks a rule or does not fit the columns.</exception>
    public WindowAggregator(WindowDefinition definition, IReadOnlyList<ColumnSchema> columns)
    {
        definition.Check();
        this.definition = definition;
        inputs = new EventInputs(definition, columns);
        plan = new WindowPlan(definition, inputs);
        index = new KeyIndex([.. definition.Keys.Select(name => Find(columns, name))]);
        order = new KeyOrder(index);
        if (Find(columns, definition.EventTimestamp).Type != DataType.Timestamp)
        {
            throw SlipwayException.Invalid($"The event timestamp '{definition.EventTimestamp}' is not a timestamp column.");
        }
    }

    /// <summary>Events taken so far.</summary>
    public long Accepted { get; internal set; }

    /// <summary>Events refused so far: dead letters.</summary>
    public long Refused { get; internal set; }

    /// <summary>No event up to here is still expected, in microseconds since the epoch; null before the first watermark.</summary>
    public long? Watermark { get; internal set; }

    /// <summary>The last boundary whose rows are out, in microseconds since the epoch; null before the first <see cref="Advance(long)"/>.</summary>
    public long? Closed => ClosedHop is { } hop ? hop * plan.HopMicros : null;

    internal long? ClosedHop { get; set; }

    internal KeyIndex Index => index;

    internal IReadOnlyList<KeyWindows> Windows => windows;

    internal EventInputs Inputs => inputs;

    /// <summary>Takes events, in any order and any division into calls; only where watermarks are derived does the order decide which are late.</summary>
    /// <returns>
    /// Those it does not take. An event is late when the first boundary at or after it is behind the watermark by more than the allowed lateness.
    /// </returns>
    public IReadOnlyList<RefusedEvent> Add(Table events)
    {
        var times = events[definition.EventTimestamp];
        var keys = NumberKeys(events);
        var read = inputs.Read(events);
        var refused = new List<RefusedEvent>();
        Span<double> values = stackalloc double[Math.Min(inputs.Count, 64)];
        values = inputs.Count <= 64 ? values : new double[inputs.Count];
        var firstOpen = FirstOpen();
        for (var row = 0; row < events.Rows; row++)
        {
            if (Refusal(times, keys, row, firstOpen) is { } cause)
            {
                refused.Add(new RefusedEvent(row, cause));
                continue;
            }

            for (var i = 0; i < values.Length; i++)
            {
                values[i] = read[i][row];
            }

            if (windows[keys[row]].Add(times.Longs[row], values, ClosedHop ?? long.MinValue))
            {
                corrected.Add(keys[row]);
            }

            firstOpen = Follow(times.Longs[row]) ? FirstOpen() : firstOpen;
        }

        Refused += refused.Count;
        Accepted += events.Rows - refused.Count;
        return refused;
    }

    /// <summary>Declares that no event up to the watermark is still to come, and closes every boundary up to it.</summary>
    /// <param name="watermark">Microseconds since the epoch. One that is behind an earlier one closes nothing.</param>
    /// <returns>
    /// The key columns, <see cref="WindowDefinition.BoundaryColumn"/> and the aggregates: one row for each key and each boundary at which
    /// an event entered or left one of the key's windows, by boundary, then key. Where late events were taken, also the rows anew
    /// that were out already and that they may have changed.
    /// </returns>
    public Table Advance(long watermark)
    {
        Watermark = Math.Max(Watermark ?? long.MinValue, watermark);
        return Advance();
    }

    /// <summary>Closes what the watermark as derived from the events has passed, and gives the rows that late events have corrected.</summary>
    /// <inheritdoc cref="Advance(long)" path="/returns"/>
    public Table Advance()
    {
        var rows = new WindowRows(definition.Aggregations, inputs);
        var closed = ClosedHop ?? long.MinValue;
        foreach (var key in corrected)
        {
            windows[key].Correct(closed, hop => Write(key, hop, rows));
        }

        corrected.Clear();
        if (Watermark is { } watermark && Hops.FloorDiv(watermark, plan.HopMicros) is var until && until > closed)
        {
            for (var key = 0; key < windows.Count; key++)
            {
                if (windows[key].NextChange <= until)
                {
                    var moving = key;
                    windows[key].Advance(closed, until, hop => Write(moving, hop, rows));
                }
            }

            ClosedHop = until;
        }

        var table = rows.ToTable(order, plan.HopMicros);
        SweepIds(always: false);
        return table;
    }

    /// <summary>Everything that <see cref="Restore"/> needs to go on as if it had never stopped, to the last bit.</summary>
    /// <exception cref="InvalidOperationException">Rows that late events have corrected are not out yet.</exception>
    public byte[] Save()
    {
        if (corrected.Count > 0)
        {
            throw new InvalidOperationException("Call Advance before Save: late events have corrected rows that are not out yet.");
        }

        SweepIds(always: true);
        return WindowState.Save(this, definition);
    }

    /// <param name="state">From <see cref="Save"/>, under the same definition.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the state is damaged or of another definition.</exception>
    public static WindowAggregator Restore(WindowDefinition definition, IReadOnlyList<ColumnSchema> columns, byte[] state)
    {
        var aggregator = new WindowAggregator(definition, columns);
        WindowState.Restore(aggregator, definition, state);
        return aggregator;
    }

    /// <summary>Makes room for every key that has a number.</summary>
    internal void GrowWindows()
    {
        while (windows.Count < index.Count)
        {
            windows.Add(new KeyWindows(plan));
        }
    }

    private void Write(int key, long hop, WindowRows rows)
    {
        rows.Begin(key, hop);
        for (var i = 0; i < definition.Aggregations.Count; i++)
        {
            rows.Add(i, plan.Value(i, windows[key].Folds));
        }
    }

    private int[] NumberKeys(Table events)
    {
        var keys = definition.Keys.Count == 0 ? new int[events.Rows] : index.Add([.. definition.Keys.Select(k => events[k])]);
        GrowWindows();
        return keys;
    }

    private RefusalCause? Refusal(Column times, int[] keys, int row, long firstOpen) =>
        times.IsNull(row) ? RefusalCause.NullTimestamp
        : keys[row] < 0 ? RefusalCause.NullKey
        : Hops.BoundaryOf(times.Longs[row], plan.HopMicros) < firstOpen ? RefusalCause.Late
        : null;

    /// <summary>The first boundary that an event can still change.</summary>
    private long FirstOpen()
    {
        var passed = Watermark is { } watermark ? Hops.FloorDiv(watermark, plan.HopMicros) : long.MinValue;
        return Math.Max(passed, ClosedHop ?? long.MinValue) is var closed && closed > long.MinValue
            ? closed + 1 - plan.LatenessHops
            : closed;
    }

    /// <summary>Lets a derived watermark follow an event; one less, so that events of the same time are not late.</summary>
    /// <returns>True when it moved.</returns>
    private bool Follow(long time)
    {
        if (definition.MaxOutOfOrderness is not { } bound || time - WindowDefinition.Micros(bound) - 1 is var derived && derived <= Watermark)
        {
            return false;
        }

        Watermark = derived;
        return true;
    }

    private void SweepIds(bool always)
    {
        for (var input = 0; input < inputs.Count; input++)
        {
            if (inputs.Ids[input] is not { } ids || !(always || ids.Crowded))
            {
                continue;
            }

            var live = new BitArray(ids.Capacity);
            foreach (var one in windows)
            {
                one.Buckets.Mark(input, live);
                one.Events.Mark(input, live);
            }

            ids.Sweep(live);
        }
    }

    private static ColumnSchema Find(IReadOnlyList<ColumnSchema> columns, string name) =>
        columns.FirstOrDefault(c => c.Name == name) ?? throw SlipwayException.Invalid(
            $"There is no column '{name}' in the events; there are {string.Join(", ", columns.Select(c => c.Name))}.");
}
