using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Serving;

/// <summary>
/// Lets the versions of feature services that an endpoint's models are pinned to go on being filled, in place of those that it held
/// before. The composition root binds it to the feature registry.
/// </summary>
/// <param name="holder">As <c>endpoint/flights</c>.</param>
public delegate Task FeatureHold(DbSession session, string holder, IReadOnlyList<string> services, CancellationToken cancel);
