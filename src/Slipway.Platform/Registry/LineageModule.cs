using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Slipway.Platform.Foundation;
using Slipway.Platform.Registry.OpenLineage;

namespace Slipway.Platform.Registry;

public static class LineageModule
{
    /// <summary>Runs draw their datasets; with a receiver configured before, it is told of each run.</summary>
    internal static IServiceCollection AddLineageEvents(this IServiceCollection services)
    {
        services.TryAddSingleton(new OpenLineageOptions());
        return services
            .AddSingleton<RunLineage>()
            .AddSingleton<OpenLineageSender>()
            .AddSingleton(RunLineage.Subscription)
            .AddJob(RunLineage.Job, provider => provider.GetRequiredService<RunLineage>().RunAsync)
            .AddJob(OpenLineageSender.Job, provider => provider.GetRequiredService<OpenLineageSender>().RunAsync);
    }

    /// <summary>Has runs told to the receiver of the options.</summary>
    public static IServiceCollection AddOpenLineage(this IServiceCollection services, OpenLineageOptions options)
    {
        services.AddSingleton(options);
        return options.Url is null ? services : services.AddSingleton(OpenLineageSender.Subscription);
    }
}
