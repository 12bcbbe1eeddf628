using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Slipway.Platform.Features.Erasure;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Sources;
using Slipway.Platform.Foundation;

namespace Slipway.Platform.Features;

public static class FeaturesModule
{
    /// <summary>
    /// Needs the Access module, <c>Db</c>, <c>AnalyticsEngine</c> and <c>TimeProvider</c>; an <see cref="IOnlineStore"/>,
    /// <see cref="OnlineStoreOptions"/> and <see cref="SourceFolder"/> registered before are kept.
    /// </summary>
    public static IServiceCollection AddFeatures(this IServiceCollection services)
    {
        services.TryAddSingleton(new OnlineStoreOptions());
        services.TryAddSingleton<IOnlineStore, SqlOnlineStore>();
        services.TryAddSingleton(provider =>
            new SourceFolder(Path.Combine(provider.GetRequiredService<FoundationOptions>().DataDirectory, "sources")));
        return services.AddSingleton<FeatureRegistryService>().AddSingleton<FeatureRights>().AddSingleton<FeatureUses>()
            .AddHostedService(provider => provider.GetRequiredService<FeatureUses>()).AddSingleton<FeatureUsageService>()
            .AddSingleton<FeatureDirectory>().AddSingleton<ErasureList>()
            .AddSingleton(provider => new OnlineStore(provider.GetRequiredService<IOnlineStore>(), provider.GetRequiredService<ErasureList>()))
            .AddSingleton<OnlineFeatures>().AddSingleton<OnlineRowWriter>().AddSingleton<ErasureService>().AddSingleton<ViewHistory>()
            .AddSingleton<TrainingSetService>().AddSingleton<BatchMaterialisation>();
    }

    public static IEndpointRouteBuilder MapFeatures(this IEndpointRouteBuilder routes) =>
        TrainingSetEndpoints.Map(FeatureEndpoints.Map(routes));
}
