using Slipway.Core.Data;

namespace Slipway.Platform.Features.Online;

/// <summary>A version of a view whose values are stored: per entity online, with their history offline.</summary>
/// <param name="JoinKeys">In the order of the entities' definitions; none for a view without an entity.</param>
/// <param name="CreatedTimestamp">The column of the history that says when a row was written; null when it does not say.</param>
/// <param name="Ttl">Oldest age at which a value is given, inclusive; null for no limit.</param>
public sealed record StoredView(
    string Name, int Version, IReadOnlyList<ColumnSchema> JoinKeys, IReadOnlyList<ColumnSchema> Features,
    string? CreatedTimestamp, TimeSpan? Ttl)
{
    /// <summary>The column of a history that says since when a row holds.</summary>
    public const string EventTimestamp = "event_timestamp";

    /// <summary>Under which its rows are stored, as <c>airport_arrivals@2</c>: values of two versions never mix.</summary>
    public string Key { get; } = $"{Name}@{Version}";

    public RowLayout Layout { get; } = new(Features);

    /// <param name="parts">Portions of a history; where times are equal, a later portion wins.</param>
    public IReadOnlyList<OnlineRow> Newest(IReadOnlyList<Table> parts, long createdUs)
    {
        var filled = parts.Where(part => part.Rows > 0).ToArray();
        return filled.Length == 0 ? [] : Newest(TableParts.Join(filled), createdUs);
    }

    /// <summary>The newest row of each entity in a history, packed. Of equal event times the later created wins, then the later row.</summary>
    /// <param name="createdUs">When the rows were computed, where the history does not say it itself.</param>
    public IReadOnlyList<OnlineRow> Newest(Table history, long createdUs)
    {
        var keys = EntityKeys.Of([.. JoinKeys.Select(key => history[key.Name])], history.Rows);
        var times = history[EventTimestamp];
        var created = CreatedTimestamp is null ? null : history[CreatedTimestamp];
        var winners = new Dictionary<byte[], int>(KeyBytes.Comparer);
        var lookup = winners.GetAlternateLookup<ReadOnlySpan<byte>>();
        for (var row = 0; row < history.Rows; row++)
        {
            if (keys.IsMissing(row) || times.IsNull(row))
            {
                continue;
            }

            if (!lookup.TryGetValue(keys[row], out var held) || Age(row).CompareTo(Age(held)) >= 0)
            {
                lookup[keys[row]] = row;
            }
        }

        var rows = winners.Values.ToArray();
        var packed = Layout.Pack(history.Select(Features.Select(f => f.Name)).Take(rows));
        var until = history.Has(RowUntil.Column) ? history[RowUntil.Column] : null;
        return [.. rows.Select((row, i) => new OnlineRow(keys.ToArray(row), times.Longs[row], Created(row), Marked(row, packed[i])))];

        byte[] Marked(int row, byte[] bytes) => until is null || until.IsNull(row) ? bytes : RowUntil.Append(bytes, until.Longs[row]);

        // A row that does not say when it was written loses against one that does, as it does in a training set.
        long Created(int row) => created is null ? createdUs : created.IsNull(row) ? long.MinValue : created.Longs[row];

        (long, long) Age(int row) => (times.Longs[row], Created(row));
    }
}
