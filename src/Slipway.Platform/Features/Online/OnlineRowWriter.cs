using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Online;

/// <summary>Takes rows of a batch view from a caller straight into the online store. Nothing of them is kept offline.</summary>
public sealed class OnlineRowWriter(FeatureRegistryService registry, OnlineStore store, TimeProvider time)
{
    /// <summary>The column that says when a row was written; it may be left out.</summary>
    public const string Created = "created";

    /// <summary>The columns that rows of the view have: its join keys, <c>event_timestamp</c>, its features and <see cref="Created"/>.</summary>
    /// <exception cref="SlipwayException">NotFound; FailedPrecondition for a view whose values are computed.</exception>
    public async Task<IReadOnlyList<ColumnSchema>> ColumnsAsync(string view, CancellationToken cancel)
    {
        var stored = await StoredAsync(view, cancel);
        return
        [
            .. stored.JoinKeys, new(StoredView.EventTimestamp, DataType.Timestamp), .. stored.Features, new(Created, DataType.Timestamp),
        ];
    }

    /// <param name="rows">Has the join keys and <c>event_timestamp</c>; a feature that is left out is null.</param>
    /// <returns>How many entities were offered; of each the greatest (event time, created time) stays.</returns>
    /// <exception cref="SlipwayException">As <see cref="ColumnsAsync"/>; Invalid naming the column that is missing, or null where it may not be.</exception>
    public async Task<int> WriteAsync(string view, Table rows, CancellationToken cancel)
    {
        var stored = await StoredAsync(view, cancel);
        foreach (var name in stored.JoinKeys.Select(key => key.Name).Append(StoredView.EventTimestamp))
        {
            if (!rows.Has(name) || Enumerable.Range(0, rows.Rows).Any(rows[name].IsNull))
            {
                throw SlipwayException.Invalid($"Rows of view '{view}' must have '{name}' in each row.");
            }
        }

        var complete = rows.With([.. stored.Features.Where(feature => !rows.Has(feature.Name)).Select(feature => Missing(feature, rows.Rows))]);
        var now = Microseconds.From(time.GetUtcNow());
        OnlineWrite[] writes =
        [
            .. (await VersionsAsync(stored, cancel)).Select(version => new OnlineWrite(
                version.Key, (version with { CreatedTimestamp = rows.Has(Created) ? Created : null }).Newest(complete, now))),
        ];
        await store.WriteAsync(writes, null, cancel);
        return writes[0].Rows.Count;
    }

    /// <summary>The version in force, and those held beside it that the same rows tell all about.</summary>
    private async Task<IEnumerable<StoredView>> VersionsAsync(StoredView inForce, CancellationToken cancel) =>
        (await registry.InUseAsync(inForce.Name, cancel)).Select(view => view.Stored).Where(view =>
            view.JoinKeys.SequenceEqual(inForce.JoinKeys) && view.Features.All(inForce.Features.Contains));

    private async Task<StoredView> StoredAsync(string view, CancellationToken cancel)
    {
        if (await registry.FindViewAsync(view, cancel) is not { } found)
        {
            throw SlipwayException.NotFound($"There is no feature view '{view}'.");
        }

        return found.View.Kind == ViewKind.Batch
            ? (await registry.StoredViewsAsync(cancel)).First(stored => stored.Stored.Name == view).Stored
            : throw new SlipwayException(
                ErrorKind.FailedPrecondition, $"The values of view '{view}' are computed ({found.View.Kind.ToString().ToLowerInvariant()}); nobody writes them.");
    }

    private static Column Missing(ColumnSchema feature, int rows) => new ColumnBuilder(feature, rows).Build();
}
