using Microsoft.Extensions.DependencyInjection;

namespace Slipway.Platform.Tracking;

public static class TrackingModule
{
    /// <summary>Needs <c>Db</c>, <c>BlobStore</c>, <c>TimeProvider</c> and the Access module.</summary>
    public static IServiceCollection AddTracking(this IServiceCollection services) =>
        services.AddSingleton<TrackingService>().AddSingleton<RunArtifacts>();
}
