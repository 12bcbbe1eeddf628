using Slipway.Platform.Access;

namespace Slipway.Platform.Registry;

/// <summary>The versions that a model is trained on and served with.</summary>
/// <param name="Service">As <c>flight_delay@3</c>.</param>
/// <param name="Views">By name, the versions of the stored views.</param>
public sealed record PinnedFeatures(string Service, IReadOnlyDictionary<string, string> Views);

/// <summary>
/// Says which versions a feature service stands for now; null for one that is not known. The composition root binds it to the feature
/// registry.
/// </summary>
/// <param name="actor">Must be able to read the values, which predictions may show.</param>
/// <param name="service">A name, or a version as <c>flight_delay@3</c>.</param>
public delegate ValueTask<PinnedFeatures?> FeaturePinning(Actor actor, string service, CancellationToken cancel);
