using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Windowed;

namespace Slipway.Platform.Streaming;

/// <summary>A batch view on a push source, as those see it who put, get and delete the records of one entity each.</summary>
public sealed class RecordGroup
{
    private readonly Dictionary<string, ColumnSchema> columns;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> for a view that has no records.</exception>
    internal RecordGroup(WindowedView view)
    {
        (View, EventTime) = (view, view.EventTimestamp);
        if (view.Windows is not null || view.Stored.JoinKeys is not [var key])
        {
            throw new SlipwayException(
                ErrorKind.FailedPrecondition, $"View '{Name}' has no records: they are those of a batch view with one join key, on a push source.");
        }

        if (view.IsFiltered)
        {
            throw new SlipwayException(
                ErrorKind.FailedPrecondition, $"View '{Name}' has no records: it leaves rows out by a filter, and with them deletions.");
        }

        Identifier = key;
        columns = view.NamedFields.ToDictionary(column => column.Name, StringComparer.Ordinal);
    }

    public string Name => View.Stored.Name;

    /// <summary>That the view or features of it go away.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The join key.</summary>
    public ColumnSchema Identifier { get; }

    /// <summary>The column that says since when a record holds.</summary>
    public string EventTime { get; }

    /// <summary>What a record that is put may hold: the columns of the source, by their names in the view.</summary>
    public IReadOnlyList<ColumnSchema> Columns => View.NamedFields;

    /// <summary>What a record that is read holds, besides the identifier and the event time.</summary>
    public IReadOnlyList<ColumnSchema> Features => View.Stored.Features;

    internal WindowedView View { get; }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the columns there are.</exception>
    public ColumnSchema Column(string name) => columns.GetValueOrDefault(name) ?? throw SlipwayException.Invalid(
        $"Feature group '{Name}' has no feature '{name}'; it has {string.Join(", ", Columns.Select(column => column.Name))}.");

    /// <summary>The field of the source that a column of the view comes from.</summary>
    internal string FieldOf(ColumnSchema column) => View.Fields[View.NamedFields.ToList().IndexOf(column)].Name;

    internal EntityKeys Keys(IReadOnlyList<object> identifiers) => EntityKeys.Of(
        [
            Identifier.Type switch
            {
                DataType.String => Core.Data.Column.String(Identifier.Name, [.. identifiers.Cast<string>()]),
                DataType.Bool => Core.Data.Column.Bool(Identifier.Name, [.. identifiers.Cast<bool>()]),
                DataType.Timestamp => Core.Data.Column.Timestamp(Identifier.Name, [.. identifiers.Cast<long>()]),
                _ => Core.Data.Column.Int64(Identifier.Name, [.. identifiers.Cast<long>()]),
            },
        ],
        identifiers.Count);
}

/// <param name="Value">Of the column's type (timestamps are microseconds since the epoch); null for none.</param>
public readonly record struct RecordValue(string Name, object? Value);

/// <summary>A record to be put.</summary>
/// <param name="Ttl">How long after its event time it is served, instead of the view's own TTL.</param>
/// <param name="Id">A record that is sent again with the same id counts once; null for a new one.</param>
public sealed record NewRecord(IReadOnlyList<RecordValue> Values, PushTarget Target, TimeSpan? Ttl = null, string? Id = null);

/// <summary>A record to be deleted.</summary>
/// <param name="Hard">Whether nothing of it stays online, so that a record of an earlier time counts again.</param>
/// <param name="Id">As in <see cref="NewRecord"/>.</param>
public sealed record RecordDeletion(object Identifier, long EventTimeUs, PushTarget Target, bool Hard, string? Id = null);

/// <summary>A record as it is served.</summary>
/// <param name="Features">In the order of the group's features; null where there is no value.</param>
/// <param name="UntilUs">The last moment at which it is served; null for no limit.</param>
public sealed record StoredRecord(object Identifier, long EventTimeUs, IReadOnlyList<object?> Features, long? UntilUs);
