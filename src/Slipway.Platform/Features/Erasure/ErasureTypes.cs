using System.Text.Json;

namespace Slipway.Platform.Features.Erasure;

/// <param name="Entity">Such as <c>customer</c>.</param>
/// <param name="Keys">Per join key of the entity an array of values: one entity for each place in them.</param>
public sealed record ErasureRequest(string Entity, JsonElement Keys);

/// <param name="Erased">How many entities the request named.</param>
/// <param name="Views">Every version of every stored view over the entity.</param>
/// <param name="Verified">Whether a read of each view after the deletion found none of them.</param>
public sealed record ErasureReport(string Entity, int Erased, IReadOnlyList<ErasedView> Views, bool Verified);

/// <param name="View">Name and version, as <c>customer_orders@2</c>.</param>
/// <param name="Rows">Online rows that were removed.</param>
public sealed record ErasedView(string View, int Rows);
