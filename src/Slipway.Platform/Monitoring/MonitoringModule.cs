using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Jobs;

namespace Slipway.Platform.Monitoring;

public static class MonitoringModule
{
    /// <summary>
    /// Needs Foundation, Access and Serving's <c>PredictionReader</c>; <see cref="MonitoringOptions"/> registered before keep their values.
    /// </summary>
    public static IServiceCollection AddMonitoring(this IServiceCollection services)
    {
        services.TryAddSingleton(new MonitoringOptions());
        services.AddSingleton<ReferenceLibrary>().AddSingleton<WindowAdvance>();
        services.AddSingleton<WebhookSender>().AddSingleton<AlertBook>().AddSingleton<RetrainTrigger>().AddSingleton<AlertService>();
        services.AddSingleton(p => new MonitoringService(
            p.GetRequiredService<Db>(), p.GetRequiredService<ReferenceLibrary>(), p.GetRequiredService<WindowAdvance>(),
            p.GetRequiredService<AlertBook>(), p.GetRequiredService<WebhookSender>(), p.GetRequiredService<ScheduleService>(),
            p.GetRequiredService<AccessService>(), p.GetRequiredService<AuditLog>(), p.GetRequiredService<MonitoringOptions>(),
            p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(p => new JobKind(
            MonitoringService.AdvanceJob, (job, cancel) => p.GetRequiredService<MonitoringService>().RunAsync(job, cancel)));
        return services.AddSingleton(p => new JobKind(
            WebhookSender.Job, (job, cancel) => p.GetRequiredService<WebhookSender>().RunAsync(job, cancel)));
    }
}
