using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Core.Windows;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Online;

namespace Slipway.Platform.Features.Windowed;

/// <summary>A streaming view made ready to run, over a topic or over history: one computation, so both give the same values.</summary>
public sealed class WindowedView
{
    /// <summary>Names the row of the source that a prepared row came from.</summary>
    public const string OriginColumn = "source__row";

    /// <summary>Rows are sorted and closed in portions of this size, so that what is pending stays small beside the history.</summary>
    private const int ChunkRows = 100_000;

    private readonly SourceProjection projection;

    private WindowedView(StoredView stored, ViewSource source, WindowDefinition windows)
    {
        Stored = stored;
        Windows = windows;
        Topic = source.Source.Topic ?? source.Source.Name ?? stored.Name;
        Fields = source.Source.Columns;
        Source = source.Source;
        projection = new SourceProjection(source, Fields);
    }

    public StoredView Stored { get; }

    public string Key => Stored.Key;

    /// <summary>Where its events come from, and the name of its history: the source's topic, else the source's name, else the view's.</summary>
    public string Topic { get; }

    /// <summary>The columns of an event as the source names them.</summary>
    public IReadOnlyList<ColumnSchema> Fields { get; }

    public WindowDefinition Windows { get; }

    public SourceDefinition Source { get; }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when its source does not say which columns it has.</exception>
    public static WindowedView Of(FeatureRepository repository, FeatureViewDefinition view, StoredView stored) =>
        view.Source!.Source.Columns.Count > 0
            ? new WindowedView(stored, view.Source, StreamingWindows.Of(repository, view))
            : throw SlipwayException.Invalid($"The source of streaming view '{view.Name}' must declare its 'columns': events carry no types.");

    public WindowAggregator NewAggregator() => new(Windows, projection.Columns);

    public WindowAggregator Restore(byte[] state) => WindowAggregator.Restore(Windows, projection.Columns, state);

    /// <summary>The rows as the windows take them: computed columns added, filtered, fields renamed, and <see cref="OriginColumn"/>.</summary>
    /// <param name="raw">Has the <see cref="Fields"/>; other columns are ignored.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for a field that is missing or of another type.</exception>
    public Table Prepare(Table raw)
    {
        var fields = Fields.Select(field => raw[field.Name].Type == field.Type ? raw[field.Name] : throw SlipwayException.Invalid(
            $"Column '{field.Name}' of '{Topic}' is {Lower(raw[field.Name].Type)}; view '{Stored.Name}' declares {Lower(field.Type)}."));
        var origin = new long[raw.Rows];
        for (var row = 0; row < origin.Length; row++)
        {
            origin[row] = row;
        }

        return projection.Apply(new Table([.. fields, Column.Int64(OriginColumn, origin)]));
    }

    /// <summary>Runs the events of a history through the windows, in any order.</summary>
    /// <param name="history">Rows of the source as it names them; those after <paramref name="upTo"/> are left out.</param>
    /// <param name="upTo">The watermark to close at, microseconds since the epoch.</param>
    /// <param name="emitted">Takes the rows of each portion: the columns of the view, by boundary, then key.</param>
    /// <returns>The aggregator as it stands, ready to go on with later events.</returns>
    public WindowAggregator Run(Table history, long upTo, Action<Table> emitted)
    {
        var aggregator = NewAggregator();
        var rows = Prepare(history);
        var (order, times) = ByTime(rows[Windows.EventTimestamp], upTo);
        for (var start = 0; start < order.Length; start += ChunkRows)
        {
            var end = Math.Min(start + ChunkRows, order.Length);
            aggregator.Add(rows.Take(order.AsSpan(start, end - start)));
            if (end < order.Length)
            {
                // One less: further events of the same time may stand in the next portion.
                emitted(aggregator.Advance(times[end - 1] - 1));
            }
        }

        emitted(aggregator.Advance(upTo));
        return aggregator;
    }

    private static (int[] Order, long[] Times) ByTime(Column time, long upTo)
    {
        var order = Enumerable.Range(0, time.Length).Where(row => !time.IsNull(row) && time.Longs[row] <= upTo).ToArray();
        var times = Array.ConvertAll(order, row => time.Longs[row]);
        Array.Sort(times, order);
        return (order, times);
    }

    private static string Lower(DataType type) => type.ToString().ToLowerInvariant();
}
