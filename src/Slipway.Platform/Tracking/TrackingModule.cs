using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Tracking.Garbage;

namespace Slipway.Platform.Tracking;

public static class TrackingModule
{
    /// <summary>Needs <c>Db</c>, <c>BlobStore</c>, <c>TimeProvider</c> and the Access module; <see cref="TrackingOptions"/> registered before keep their values.</summary>
    public static IServiceCollection AddTracking(this IServiceCollection services)
    {
        services.TryAddSingleton(new TrackingOptions());
        services.TryAddSingleton(new GarbageOptions());
        services.AddBlobReferences("select source from datasets").AddSingleton<GarbageService>().AddHostedService<GarbageSchedule>()
            .AddJob(GarbageSchedule.JobKind, provider => (job, cancel) => GarbageSchedule.RunAsync(provider.GetRequiredService<GarbageService>(), job, cancel));
        return services.AddSingleton<ExperimentService>().AddSingleton<TrackingService>().AddSingleton<RunService>()
            .AddSingleton<LoggedModelService>().AddSingleton<RunArtifacts>().AddSingleton<RunEvents>()
            .AddHostedService<MetricSettler>();
    }
}
