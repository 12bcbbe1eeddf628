using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Jobs;
using Slipway.Platform.Serving;

namespace Slipway.Platform.Monitoring;

public static class MonitoringModule
{
    /// <summary>
    /// Needs Foundation, Access, Registry and Serving; <see cref="MonitoringOptions"/> registered before keep their values.
    /// </summary>
    public static IServiceCollection AddMonitoring(this IServiceCollection services)
    {
        services.TryAddSingleton(new MonitoringOptions());
        return services
            .AddBlobReferences("select source || ' ' || profile_blob from monitor_references")
            .AddSingleton<ReferenceLibrary>()
            .AddSingleton<WebhookSender>()
            .AddSingleton<AlertBook>()
            .AddSingleton<RetrainTrigger>()
            .AddSingleton<WindowAdvance>()
            .AddSingleton<AlertService>()
            .AddSingleton(MonitoringOf)
            .AddJob(MonitoringService.AdvanceJob, provider => provider.GetRequiredService<MonitoringService>().RunAsync)
            .AddJob(WebhookSender.Job, provider => provider.GetRequiredService<WebhookSender>().RunAsync);
    }

    // It is public with a constructor that takes what is not.
    private static MonitoringService MonitoringOf(IServiceProvider services) => new(
        services.GetRequiredService<Db>(), services.GetRequiredService<ReferenceLibrary>(), services.GetRequiredService<WindowAdvance>(),
        services.GetRequiredService<AlertBook>(), services.GetRequiredService<WebhookSender>(),
        services.GetRequiredService<ScheduleService>(), services.GetRequiredService<ServingService>(),
        services.GetRequiredService<AccessService>(), services.GetRequiredService<AuditLog>(),
        services.GetRequiredService<MonitoringOptions>(), services.GetRequiredService<TimeProvider>());
}
