using Slipway.Core.Data;
using Slipway.Core.Joins;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;

namespace Slipway.Platform.Features.Offline;

/// <summary>One lookup of a view while the view's rows stream by: who is ahead, and the values they brought.</summary>
internal sealed class ViewMatch
{
    private readonly ViewLookup lookup;
    private readonly PointInTimeMatcher matcher;
    private readonly int keys;
    private readonly int features;
    private readonly (ColumnBuilder Values, int Column, int Slot)[] captured;

    /// <param name="streamed">The view's features that stream by, by their positions in it.</param>
    public ViewMatch(ViewLookup lookup, EntityTimeline timeline, bool createdFilter, int[] streamed)
    {
        this.lookup = lookup;
        matcher = new PointInTimeMatcher(timeline, createdFilter);
        keys = lookup.View.JoinKeys.Count;
        features = keys + (lookup.View.CreatedTimestamp is null ? 1 : 2);
        captured = [.. lookup.Features.Select(f => (
            new ColumnBuilder(lookup.View.Features[f.Feature], timeline.Slots), features + Array.IndexOf(streamed, f.Feature), f.Slot))];
    }

    /// <summary>What has to stream by: join keys, event time, created time where there is one, features.</summary>
    public static IReadOnlyList<ColumnSchema> Columns(StoredView view, int[] features) =>
    [
        .. view.JoinKeys,
        new ColumnSchema(StoredView.EventTimestamp, DataType.Timestamp),
        .. view.CreatedTimestamp is { } created ? [new ColumnSchema(created, DataType.Timestamp)] : Array.Empty<ColumnSchema>(),
        .. features.Select(feature => view.Features[feature]),
    ];

    public void Add(IReadOnlyList<ColumnChunk> rows)
    {
        var leads = matcher.Add([.. rows.Take(keys)], rows[keys], features == keys + 2 ? rows[keys + 1] : null);
        foreach (var (values, column, _) in captured)
        {
            for (var i = 0; i < leads.Count; i++)
            {
                values.Set(leads[i].Slot, rows[column], leads[i].Row);
            }
        }
    }

    /// <summary>The join keys of the view in the entity rows.</summary>
    public IReadOnlyList<Column> Keys(Table entityRows) => [.. lookup.Keys.Select(key => entityRows[key.Name])];

    /// <summary>Puts each feature, one value per entity row, into its place.</summary>
    /// <param name="without">Entity rows that get none.</param>
    public void Finish(Column?[] slots, IReadOnlyList<int> without)
    {
        var winners = matcher.WinningSlots(lookup.View.Ttl);
        foreach (var row in without)
        {
            winners[row] = -1;
        }

        foreach (var (values, _, slot) in captured)
        {
            slots[slot] = values.Build().Take(winners);
        }
    }
}
