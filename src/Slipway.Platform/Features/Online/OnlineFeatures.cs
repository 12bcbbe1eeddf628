using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Registry;

namespace Slipway.Platform.Features.Online;

/// <summary>The features of a service as they are now: looked up by entity, then computed on demand.</summary>
public sealed class OnlineFeatures(FeatureRegistryService registry, OnlineStore store, TimeProvider time)
{
    /// <summary>The service's columns in order, one row per row of the request; what is absent or too old is null.</summary>
    /// <param name="request">
    /// The join keys, named after their mapping, and the request data. With a column <c>event_timestamp</c> ages are judged at that
    /// time, otherwise at the present.
    /// </param>
    /// <exception cref="SlipwayException">NotFound, or Invalid naming the column that is missing or of another type.</exception>
    public async Task<Table> GetAsync(string featureService, Table request, CancellationToken cancel)
    {
        var plan = await registry.GetServiceAsync(featureService, cancel);
        request = RequestColumns.Conform(plan, request);
        plan.Check(request);
        var slots = new Column?[plan.SlotCount];
        foreach (var found in await LookUpAsync(plan, request, cancel))
        {
            found.Unpack(slots);
        }

        return plan.Assemble(request, slots);
    }

    /// <summary>The same, and of each value what became of it.</summary>
    public async Task<OnlineAnswer> ExplainAsync(string featureService, Table request, CancellationToken cancel) =>
        await ExplainAsync(await registry.GetServiceAsync(featureService, cancel), request, cancel);

    /// <summary>The same by a plan, such as one for features that no service groups.</summary>
    public async Task<OnlineAnswer> ExplainAsync(ServicePlan plan, Table request, CancellationToken cancel)
    {
        plan.Check(request);
        var (slots, sources) = (new Column?[plan.SlotCount], new Dictionary<int, (FoundRows Rows, int Feature)>());
        foreach (var found in await LookUpAsync(plan, request, cancel))
        {
            found.Unpack(slots);
            foreach (var (feature, slot) in found.Lookup.Features)
            {
                sources[slot] = (found, feature);
            }
        }

        var values = plan.Assemble(request, slots);
        var (statuses, times) = (new List<FeatureStatus[]>(), new List<long[]>());
        foreach (var ((column, slot), rows) in plan.Columns.Select(column => (column, Enumerable.Range(0, request.Rows))))
        {
            var (value, source) = (values[column.Name], sources.GetValueOrDefault(slot));
            statuses.Add([.. rows.Select(row => source.Rows?.Status(row, source.Feature)
                ?? (value.IsNull(row) ? FeatureStatus.NullValue : FeatureStatus.Present))]);
            times.Add([.. rows.Select(row => source.Rows?.Entries[row]?.EventTimeUs ?? 0)]);
        }

        return new OnlineAnswer(values, statuses, times);
    }

    private async ValueTask<List<FoundRows>> LookUpAsync(ServicePlan plan, Table request, CancellationToken cancel)
    {
        var keys = new List<(IReadOnlyList<ColumnSchema> Columns, EntityKeys Encoded)>(plan.Lookups.Count);
        var found = new List<FoundRows>(plan.Lookups.Count);
        foreach (var lookup in plan.Lookups)
        {
            // Views of one entity often follow one another in a service: their keys are encoded once.
            var encoded = keys.Find(k => k.Columns.SequenceEqual(lookup.Keys)).Encoded;
            if (encoded is null)
            {
                encoded = EntityKeys.Of([.. lookup.Keys.Select(key => request[key.Name])], request.Rows);
                keys.Add((lookup.Keys, encoded));
            }

            found.Add(FoundRows.Of(lookup, await store.ReadAsync(lookup.View.Key, encoded, cancel), request, time));
        }

        return found;
    }
}
