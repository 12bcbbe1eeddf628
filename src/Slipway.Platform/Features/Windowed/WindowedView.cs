using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Core.Windows;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Online;

namespace Slipway.Platform.Features.Windowed;

/// <summary>
/// A view that events feed, made ready to run, over a topic or over history: one computation, so both give the same values. A streaming view
/// aggregates its events in windows; a batch view on a push source takes them as its rows.
/// </summary>
public sealed class WindowedView
{
    /// <summary>Names the row of the source that a prepared row came from.</summary>
    public const string OriginColumn = "source__row";

    /// <summary>Rows are sorted and closed in portions of this size, so that what is pending stays small beside the history.</summary>
    private const int ChunkRows = 100_000;

    private readonly SourceProjection projection;
    private readonly string? created;

    private WindowedView(StoredView stored, ViewSource source, WindowDefinition? windows)
    {
        Stored = stored;
        Windows = windows;
        Source = source.Source;
        Topic = source.Source.Topic ?? source.Source.Name ?? stored.Name;
        Fields = source.Source.Columns;
        NamedFields = [.. Fields.Select(field => field with { Name = source.FieldMap.GetValueOrDefault(field.Name, field.Name) })];
        IsFiltered = source.Filter is not null || source.Source.Filter is not null;
        EventTimestamp = source.EventTimestamp;
        created = source.CreatedTimestamp;
        projection = new SourceProjection(source, Fields);
    }

    public StoredView Stored { get; }

    public string Key => Stored.Key;

    /// <summary>Where its events come from, and the name of its history: the source's topic, else the source's name, else the view's.</summary>
    public string Topic { get; }

    /// <summary>The columns of an event as the source names them.</summary>
    public IReadOnlyList<ColumnSchema> Fields { get; }

    /// <summary>The same columns, each by the name that it has in the view.</summary>
    public IReadOnlyList<ColumnSchema> NamedFields { get; }

    /// <summary>Whether there are rows of the source that are none of the view.</summary>
    public bool IsFiltered { get; }

    public SourceDefinition Source { get; }

    /// <summary>The column of a prepared row that says when the event happened.</summary>
    public string EventTimestamp { get; }

    /// <summary>Null for a view whose rows are the events.</summary>
    public WindowDefinition? Windows { get; }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when its source does not say which columns it has.</exception>
    public static WindowedView Of(FeatureRepository repository, FeatureViewDefinition view, StoredView stored) =>
        view.Source!.Source.Columns.Count > 0
            ? new WindowedView(stored, view.Source, view.Kind == ViewKind.Streaming ? StreamingWindows.Of(repository, view) : null)
            : throw SlipwayException.Invalid($"The source of {(view.Kind == ViewKind.Streaming ? "streaming " : "")}view '{view.Name}' must declare its 'columns': events carry no types.");

    /// <exception cref="InvalidOperationException">The view has no windows.</exception>
    public WindowAggregator NewAggregator() => new(Windowing, projection.Columns);

    /// <inheritdoc cref="NewAggregator"/>
    public WindowAggregator Restore(byte[] state) => WindowAggregator.Restore(Windowing, projection.Columns, state);

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

    /// <summary>Prepared rows as those of a view without windows.</summary>
    /// <param name="createdUs">When they were taken, where they do not say it themselves.</param>
    public Table Rows(Table prepared, long createdUs)
    {
        var rows = new Table(
        [
            .. Stored.JoinKeys.Select(key => prepared[key.Name]),
            prepared[EventTimestamp].Rename(StoredView.EventTimestamp),
            .. Stored.Features.Select(feature => As(prepared[feature.Name], feature.Type)),
        ]);
        return created is null ? WithCreated(rows, createdUs) : rows.With(prepared[created].Rename(Stored.CreatedTimestamp!));
    }

    /// <summary>The columns of the view, and no row.</summary>
    public Table NoRows()
    {
        var nothing = Prepare(new Table([.. Fields.Select(Empty)]));
        return Windows is null ? Rows(nothing, 0) : WithCreated(NewAggregator().Advance(), 0);
    }

    /// <summary>Adds when the rows became known, where the view keeps that.</summary>
    public Table WithCreated(Table rows, long createdUs)
    {
        if (Stored.CreatedTimestamp is not { } name)
        {
            return rows;
        }

        var times = new long[rows.Rows];
        Array.Fill(times, createdUs);
        return rows.With(Column.Timestamp(name, times));
    }

    /// <summary>Runs the events of a history through the view, in any order, as if each had come when it happened.</summary>
    /// <param name="history">Rows of the source as it names them; those after <paramref name="upTo"/> are left out.</param>
    /// <param name="upTo">The watermark to close at, microseconds since the epoch.</param>
    /// <param name="emitted">Takes the rows of each portion: the columns of the view, by boundary, then key.</param>
    /// <returns>The state as it stands, ready to go on with later events; null for a view that has none.</returns>
    public byte[]? Run(Table history, long upTo, Action<Table> emitted)
    {
        var rows = Prepare(history);
        var (order, times) = ByTime(rows[EventTimestamp], upTo);
        if (Windows is null)
        {
            var taken = rows.Take(order);
            emitted(created is null && Stored.CreatedTimestamp is { } name
                ? Rows(taken, 0).With(taken[EventTimestamp].Rename(name))
                : Rows(taken, 0));
            return null;
        }

        var aggregator = NewAggregator();
        for (var start = 0; start < order.Length; start += ChunkRows)
        {
            var end = Math.Min(start + ChunkRows, order.Length);
            aggregator.Add(rows.Take(order.AsSpan(start, end - start)));
            if (end < order.Length)
            {
                // One less: further events of the same time may stand in the next portion.
                emitted(KnownAtOnce(aggregator.Advance(times[end - 1] - 1)));
            }
        }

        emitted(KnownAtOnce(aggregator.Advance(upTo)));
        return aggregator.Save();
    }

    /// <summary>Nothing was late, so each row was known at its own time.</summary>
    private Table KnownAtOnce(Table rows) => Stored.CreatedTimestamp is { } name
        ? rows.With(rows[WindowDefinition.BoundaryColumn].Rename(name))
        : rows;

    private WindowDefinition Windowing => Windows ?? throw new InvalidOperationException($"View '{Stored.Name}' has no windows.");

    /// <summary>A source's whole numbers serve where a feature is declared a float.</summary>
    private static Column As(Column column, DataType type)
    {
        if (column.Type == type)
        {
            return column;
        }

        if (type.IsArray())
        {
            return Column.Array(
                column.Name, type, Array.ConvertAll(column.Arrays, value => value is null ? null : PackedArray.Convert(column.Type, type, value)));
        }

        var values = new double[column.Length];
        var nulls = new System.Collections.BitArray(column.Length);
        for (var row = 0; row < values.Length; row++)
        {
            nulls[row] = column.IsNull(row);
            values[row] = nulls[row] ? 0 : type == DataType.Float32 ? (float)column.Number(row) : column.Number(row);
        }

        return type == DataType.Float32 ? Column.Float32(column.Name, values, nulls) : Column.Float64(column.Name, values, nulls);
    }

    private static Column Empty(ColumnSchema column) => new ColumnBuilder(column, 0).Build();

    private static (int[] Order, long[] Times) ByTime(Column time, long upTo)
    {
        var order = Enumerable.Range(0, time.Length).Where(row => !time.IsNull(row) && time.Longs[row] <= upTo).ToArray();
        var times = Array.ConvertAll(order, row => time.Longs[row]);
        Array.Sort(times, order);
        return (order, times);
    }

    private static string Lower(DataType type) => type.Text();
}
