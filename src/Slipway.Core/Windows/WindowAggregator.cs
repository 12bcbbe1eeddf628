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
    private readonly long[] lengths;
    private readonly int[] windowOf;
    private readonly List<KeyWindows> windows = [];

    /// <param name="columns">The columns of the events.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the definition breaks a rule or does not fit the columns.</exception>
    public WindowAggregator(WindowDefinition definition, IReadOnlyList<ColumnSchema> columns)
    {
        definition.Check();
        this.definition = definition;
        inputs = new EventInputs(definition, columns);
        index = new KeyIndex([.. definition.Keys.Select(name => Find(columns, name))]);
        order = new KeyOrder(index);
        if (Find(columns, definition.EventTimestamp).Type != DataType.Timestamp)
        {
            throw SlipwayException.Invalid($"The event timestamp '{definition.EventTimestamp}' is not a timestamp column.");
        }

        lengths = [.. definition.Aggregations.Select(a => a.Window.Ticks / definition.Hop.Ticks).Distinct()];
        windowOf = [.. definition.Aggregations.Select(a => Array.IndexOf(lengths, a.Window.Ticks / definition.Hop.Ticks))];
    }

    /// <summary>Events taken so far.</summary>
    public long Accepted { get; internal set; }

    /// <summary>Events refused so far: dead letters.</summary>
    public long Refused { get; internal set; }

    /// <summary>The last boundary whose rows are out, in microseconds since the epoch; null before the first <see cref="Advance"/>.</summary>
    public long? Closed => ClosedHop is { } hop ? hop * definition.HopMicros : null;

    internal long? ClosedHop { get; set; }

    internal KeyIndex Index => index;

    internal IReadOnlyList<KeyWindows> Windows => windows;

    internal int InputCount => inputs.Count;

    /// <summary>Takes events, in any order and any division into calls.</summary>
    /// <returns>Those it does not take. An event is late once the first boundary at or after it is closed.</returns>
    public IReadOnlyList<RefusedEvent> Add(Table events)
    {
        var times = events[definition.EventTimestamp];
        var keys = NumberKeys(events);
        var read = inputs.Read(events);
        var refused = new List<RefusedEvent>();
        Span<double> values = stackalloc double[Math.Min(inputs.Count, 64)];
        values = inputs.Count <= 64 ? values : new double[inputs.Count];
        for (var row = 0; row < events.Rows; row++)
        {
            if (Refusal(times, keys, row) is { } cause)
            {
                refused.Add(new RefusedEvent(row, cause));
                continue;
            }

            for (var i = 0; i < values.Length; i++)
            {
                values[i] = read[i][row];
            }

            windows[keys[row]].Pending.Add(times.Longs[row], values);
        }

        Refused += refused.Count;
        Accepted += events.Rows - refused.Count;
        return refused;
    }

    /// <summary>Declares that no event up to the watermark is still to come, and closes every boundary up to it.</summary>
    /// <param name="watermark">Microseconds since the epoch. One that is behind an earlier one changes nothing.</param>
    /// <returns>
    /// The key columns, <see cref="WindowDefinition.BoundaryColumn"/> and the aggregates: one row for each key and each boundary at which
    /// an event entered or left one of the key's windows, by boundary, then key.
    /// </returns>
    public Table Advance(long watermark)
    {
        var until = FloorDiv(watermark, definition.HopMicros);
        var rows = new WindowRows(definition.Aggregations);
        if (ClosedHop is null || until > ClosedHop)
        {
            for (var key = 0; key < windows.Count; key++)
            {
                Move(key, until, rows);
            }

            ClosedHop = until;
        }

        return rows.ToTable(order, definition.HopMicros);
    }

    /// <summary>Everything that <see cref="Restore"/> needs to go on as if it had never stopped, to the last bit.</summary>
    public byte[] Save() => WindowState.Save(this, definition);

    /// <param name="state">From <see cref="Save"/>, under the same definition.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the state is damaged or of another definition.</exception>
    public static WindowAggregator Restore(WindowDefinition definition, IReadOnlyList<ColumnSchema> columns, byte[] state)
    {
        var aggregator = new WindowAggregator(definition, columns);
        WindowState.Restore(aggregator, definition, state);
        return aggregator;
    }

    /// <summary>The number of the first boundary at or after a time.</summary>
    internal static long BoundaryOf(long time, long hopMicros) => -FloorDiv(-time, hopMicros);

    /// <summary>Makes room for every key that has a number.</summary>
    internal void GrowWindows()
    {
        while (windows.Count < index.Count)
        {
            windows.Add(new KeyWindows(inputs.Count, definition.HopMicros, lengths));
        }
    }

    private void Move(int key, long until, WindowRows rows)
    {
        var folds = windows[key].Windows;
        if (windows[key].NextChange > until)
        {
            return;
        }

        windows[key].Advance(until, hop =>
        {
            rows.Begin(key, hop);
            for (var i = 0; i < windowOf.Length; i++)
            {
                rows.Add(i, folds[windowOf[i]].Value(inputs.Slots[i]).Value(definition.Aggregations[i].Function));
            }
        });
    }

    private int[] NumberKeys(Table events)
    {
        var keys = definition.Keys.Count == 0 ? new int[events.Rows] : index.Add([.. definition.Keys.Select(k => events[k])]);
        GrowWindows();
        return keys;
    }

    private RefusalCause? Refusal(Column times, int[] keys, int row) =>
        times.IsNull(row) ? RefusalCause.NullTimestamp
        : keys[row] < 0 ? RefusalCause.NullKey
        : ClosedHop is { } closed && BoundaryOf(times.Longs[row], definition.HopMicros) <= closed ? RefusalCause.Late
        : null;

    private static ColumnSchema Find(IReadOnlyList<ColumnSchema> columns, string name) =>
        columns.FirstOrDefault(c => c.Name == name) ?? throw SlipwayException.Invalid(
            $"There is no column '{name}' in the events; there are {string.Join(", ", columns.Select(c => c.Name))}.");

    private static long FloorDiv(long a, long b) => (a / b) - (a % b < 0 ? 1 : 0);
}
