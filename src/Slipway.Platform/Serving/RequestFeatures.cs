using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Online;

namespace Slipway.Platform.Serving;

/// <summary>
/// The features of one request for each version that answers it: what the request brings, or what is looked up in the version of the
/// service that the model was trained on. Versions that are pinned to the same share one look-up.
/// </summary>
internal sealed class RequestFeatures(EndpointSnapshot endpoint, PredictRequest request, FeatureLookup? lookup)
{
    private readonly Dictionary<string, FeatureRows> found = new(StringComparer.Ordinal);
    private FeatureRows? brought;

    /// <exception cref="SlipwayException">Unsupported for a model that takes no rows; Invalid for what the request lacks.</exception>
    public async ValueTask<FeatureRows> OfAsync(ServedModel model, CancellationToken cancel)
    {
        if (request.Rows is not { } table || model.FeatureService is not { } service || lookup is null || FeatureRows.Bring(table, model))
        {
            return brought ??= Brought();
        }

        if (!found.TryGetValue(service, out var rows))
        {
            var features = await lookup(service, AsOf(table, request.EventTimesUs), cancel);
            rows = found[service] = FeatureRows.Of(endpoint.Endpoint.Name, table.With(features.Columns));
        }

        return rows;
    }

    private FeatureRows Brought()
    {
        var name = endpoint.Endpoint.Name;
        if (request.Rows is not { } table)
        {
            return FeatureRows.Of(name, endpoint.Champion, request.Matrix, request.Count);
        }

        if (endpoint.Endpoint.FeatureService is null)
        {
            FeatureRows.RefuseUnknown(endpoint, table);
        }

        return FeatureRows.Of(name, table);
    }

    /// <summary>A replay's features are judged at the replay's time: then one that was fresh is not too old today.</summary>
    private static Table AsOf(Table rows, IReadOnlyList<long>? eventTimesUs) => eventTimesUs is null || rows.Has(StoredView.EventTimestamp)
        ? rows
        : rows.With(Column.Timestamp(StoredView.EventTimestamp, [.. eventTimesUs]));
}
