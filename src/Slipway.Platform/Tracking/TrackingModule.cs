using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Slipway.Platform.Tracking;

public static class TrackingModule
{
    /// <summary>Needs <c>Db</c>, <c>BlobStore</c>, <c>TimeProvider</c> and the Access module; <see cref="TrackingOptions"/> registered before keep their values.</summary>
    public static IServiceCollection AddTracking(this IServiceCollection services)
    {
        services.TryAddSingleton(new TrackingOptions());
        return services.AddSingleton<ExperimentService>().AddSingleton<TrackingService>().AddSingleton<RunService>()
            .AddSingleton<LoggedModelService>().AddSingleton<RunArtifacts>();
    }
}
