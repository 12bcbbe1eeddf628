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
    /// <exception cref="SlipwayException">
    /// NotFound; Invalid naming the column that is missing or of another type; Unavailable when the store cannot be asked for a
    /// feature that declares no default.
    /// </exception>
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
    public async Task<OnlineAnswer> ExplainAsync(ServicePlan plan, Table request, CancellationToken cancel) =>
        (await ReadAsync(plan, request, cancel)).Explain();

    /// <summary>The same, still packed: for a caller that writes it out.</summary>
    internal async Task<OnlineRead> ReadAsync(ServicePlan plan, Table request, CancellationToken cancel)
    {
        plan.Check(request);
        return new OnlineRead(plan, request, await LookUpAsync(plan, request, cancel));
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

            found.Add(await LookUpAsync(plan, lookup, encoded, request, cancel));
        }

        return found;
    }

    private async ValueTask<FoundRows> LookUpAsync(
        ServicePlan plan, ViewLookup lookup, EntityKeys keys, Table request, CancellationToken cancel)
    {
        try
        {
            return FoundRows.Of(lookup, await store.ReadAsync(lookup.View.Key, keys, cancel), request, time);
        }
        catch (SlipwayException failure) when (failure.Kind == ErrorKind.Unavailable
            && lookup.Features.All(feature => plan.Defaults.ContainsKey(feature.Slot)))
        {
            return FoundRows.Unavailable(lookup, request.Rows);
        }
    }
}
