using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Erasure;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Sources;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Events;

namespace Slipway.Platform.Features.Offline;

/// <summary>Training sets: the features of a service as they were known at each row's time.</summary>
/// <param name="log">Holds the history of topics for which no rows are given; without it all must be.</param>
/// <param name="folder">Where the files of sources are for which no rows are given; without it and <paramref name="scratch"/> all must be.</param>
public sealed class TrainingSetService(
    FeatureRegistryService registry, AnalyticsEngine analytics, ErasureList erasures, EventLog? log = null, SourceFolder? folder = null,
    Scratch? scratch = null)
{
    /// <summary>
    /// The entity rows in their order, with all their columns, and the service's features as they were known at each row's
    /// <c>event_timestamp</c>: the same values, to the last bit, as an online read at that time would have given, and none for
    /// entities that are erased.
    /// </summary>
    /// <param name="service">A feature service, or a version of one as <c>name@3</c>.</param>
    /// <param name="entityRows"><c>event_timestamp</c>, the join keys after their mapping, and the request data.</param>
    /// <param name="sources">Per source of the views its rows. Where there are none, they are read where the source's definition says.</param>
    /// <exception cref="SlipwayException">NotFound, or Invalid naming the source or column that is missing.</exception>
    public async Task<Table> BuildAsync(
        string service, Table entityRows, IReadOnlyDictionary<string, SourceData> sources, CancellationToken cancel) =>
        (await BuildCheckedAsync(service, entityRows, sources, cancel)).Rows;

    /// <inheritdoc cref="BuildAsync"/>
    /// <summary>The same, and where the rows of sources are not what the views expect of them.</summary>
    public async Task<(Table Rows, IReadOnlyList<ExpectationViolation> Violations)> BuildCheckedAsync(
        string service, Table entityRows, IReadOnlyDictionary<string, SourceData> sources, CancellationToken cancel)
    {
        var catalog = await registry.CatalogAsync(service, cancel);
        var plan = catalog.Service(service);
        plan.Check(entityRows);
        CheckNames(plan, entityRows);
        using var copies = scratch?.Open();
        var all = copies is null ? sources : await WithOwnAsync(catalog, plan, sources, copies, cancel);
        var tables = new SourceTables(all, analytics);
        var streams = new ViewStreams(catalog, tables, analytics, log);
        var violations = await streams.CheckAsync(plan, cancel);
        var erased = await erasures.CurrentAsync(cancel);
        var features = await OfflineJoin.FeaturesAsync(plan, entityRows, createdFilter: false, streams.RowsAsync, erased, cancel);
        return (entityRows.With(features.Columns), violations);
    }

    private async Task<Dictionary<string, SourceData>> WithOwnAsync(
        FeatureCatalog catalog, ServicePlan plan, IReadOnlyDictionary<string, SourceData> given, ScratchFolder copies, CancellationToken cancel)
    {
        var all = new Dictionary<string, SourceData>(given, StringComparer.Ordinal);
        var looked = plan.Lookups.Select(lookup => lookup.View.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var view in catalog.Sourced.Where(view => looked.Contains(view.Stored.Name) && !all.ContainsKey(view.SourceName)))
        {
            if (folder?.Has(view.Source, view.Stored.Name) == true)
            {
                all[view.SourceName] = await folder.OpenAsync(view, analytics, copies, cancel);
            }
        }

        return all;
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
