using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Core.Joins;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Offline;

/// <summary>Training sets: the features of a service as they were known at each row's time.</summary>
public sealed class TrainingSetService(FeatureRegistryService registry, ViewHistory history, AnalyticsEngine analytics)
{
    /// <summary>
    /// The entity rows in their order, with all their columns, and the service's features as they were known at each row's
    /// <c>event_timestamp</c>: the same values, to the last bit, as an online read at that time would have given.
    /// </summary>
    /// <param name="entityRows"><c>event_timestamp</c>, the join keys after their mapping, and the request data.</param>
    /// <param name="sources">Per source of the views its rows.</param>
    /// <exception cref="SlipwayException">NotFound, or Invalid naming the source or column that is missing.</exception>
    public async Task<Table> BuildAsync(
        string service, Table entityRows, IReadOnlyDictionary<string, SourceData> sources, CancellationToken cancel)
    {
        var plan = await registry.GetServiceAsync(service, cancel);
        plan.Check(entityRows);
        var times = Times(plan, entityRows);
        var upTo = Latest(times);
        var tables = new SourceTables(sources, analytics);
        var slots = new Column?[plan.SlotCount];
        var views = plan.Lookups.GroupBy(lookup => lookup.View.Name).ToArray();
        await Parallel.ForEachAsync(views, cancel, async (lookups, stop) =>
        {
            var rows = await history.RowsAsync(lookups.Key, tables, upTo, stop);
            foreach (var lookup in lookups)
            {
                Match(lookup, rows, entityRows, times, slots);
            }
        });
        return entityRows.With(plan.Assemble(entityRows, slots).Columns);
    }

    private static void Match(ViewLookup lookup, Table rows, Table entityRows, Column times, Column?[] slots)
    {
        var view = lookup.View;
        var matcher = new PointInTimeMatcher([.. lookup.Keys.Select(key => entityRows[key.Name])], times, createdFilter: false);
        matcher.Add(
            [.. view.JoinKeys.Select(key => rows[key.Name])],
            rows[StoredView.EventTimestamp],
            view.CreatedTimestamp is null ? null : rows[view.CreatedTimestamp]);
        var winners = matcher.Winners(view.Ttl);
        foreach (var (feature, slot) in lookup.Features)
        {
            slots[slot] = rows[view.Features[feature].Name].Take(winners);
        }
    }

    private static Column Times(ServicePlan plan, Table entityRows)
    {
        const string name = StoredView.EventTimestamp;
        if (!entityRows.Has(name) || entityRows[name].Type != DataType.Timestamp)
        {
            throw SlipwayException.Invalid($"Entity rows need a timestamp column '{name}'.");
        }

        var taken = plan.Columns.Select(c => c.Column.Name)
            .FirstOrDefault(c => entityRows.Has(c) && plan.Inputs.All(input => input.Column.Name != c));
        return taken is null ? entityRows[name] : throw SlipwayException.Invalid(
            $"The entity rows have a column '{taken}', which is also a feature of '{plan.Name}'; rename it.");
    }

    private static long Latest(Column times)
    {
        var latest = long.MinValue;
        for (var row = 0; row < times.Length; row++)
        {
            latest = times.IsNull(row) ? latest : Math.Max(latest, times.Longs[row]);
        }

        return latest;
    }
}
