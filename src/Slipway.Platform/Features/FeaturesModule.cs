using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;

namespace Slipway.Platform.Features;

public static class FeaturesModule
{
    /// <summary>
    /// Needs the Access module, <c>Db</c>, <c>AnalyticsEngine</c> and <c>TimeProvider</c>; <see cref="OnlineStoreOptions"/> registered
    /// before keep their values.
    /// </summary>
    public static IServiceCollection AddFeatures(this IServiceCollection services)
    {
        services.TryAddSingleton(new OnlineStoreOptions());
        return services.AddSingleton<FeatureRegistryService>().AddSingleton<OnlineStore>().AddSingleton<OnlineFeatures>()
            .AddSingleton<ViewHistory>().AddSingleton<TrainingSetService>().AddSingleton<BatchMaterialisation>();
    }

    public static IEndpointRouteBuilder MapFeatures(this IEndpointRouteBuilder routes) => FeatureEndpoints.Map(routes);
}
