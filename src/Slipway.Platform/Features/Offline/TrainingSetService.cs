using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Erasure;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Events;

namespace Slipway.Platform.Features.Offline;

/// <summary>Training sets: the features of a service as they were known at each row's time.</summary>
/// <param name="log">Holds the history of topics for which no rows are given; without it all must be.</param>
public sealed class TrainingSetService(
    FeatureRegistryService registry, AnalyticsEngine analytics, ErasureList erasures, EventLog? log = null)
{
    /// <summary>
    /// The entity rows in their order, with all their columns, and the service's features as they were known at each row's
    /// <c>event_timestamp</c>: the same values, to the last bit, as an online read at that time would have given, and none for
    /// entities that are erased.
    /// </summary>
    /// <param name="service">A feature service, or a version of one as <c>name@3</c>.</param>
    /// <param name="entityRows"><c>event_timestamp</c>, the join keys after their mapping, and the request data.</param>
    /// <param name="sources">Per source of the views its rows.</param>
    /// <exception cref="SlipwayException">NotFound, or Invalid naming the source or column that is missing.</exception>
    public async Task<Table> BuildAsync(
        string service, Table entityRows, IReadOnlyDictionary<string, SourceData> sources, CancellationToken cancel)
    {
        var catalog = await registry.CatalogAsync(service, cancel);
        var plan = catalog.Service(service);
        plan.Check(entityRows);
        CheckNames(plan, entityRows);
        var streams = new ViewStreams(catalog, new SourceTables(sources, analytics), analytics, log);
        var erased = await erasures.CurrentAsync(cancel);
        var features = await OfflineJoin.FeaturesAsync(plan, entityRows, createdFilter: false, streams.RowsAsync, erased, cancel);
        return entityRows.With(features.Columns);
    }

    private static void CheckNames(ServicePlan plan, Table entityRows)
    {
        var taken = plan.Columns.Select(c => c.Column.Name)
            .FirstOrDefault(c => entityRows.Has(c) && plan.Inputs.All(input => input.Column.Name != c));
        if (taken is not null)
        {
            throw SlipwayException.Invalid($"The entity rows have a column '{taken}', which is also a feature of '{plan.Name}'; rename it.");
        }
    }
}
