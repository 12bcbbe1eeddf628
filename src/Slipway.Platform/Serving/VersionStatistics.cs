using Slipway.Inference;

namespace Slipway.Platform.Serving;

/// <summary>What one version of an endpoint did in this process.</summary>
public sealed record VersionStatistics(string Endpoint, string Version, ModelStatistics Statistics);
