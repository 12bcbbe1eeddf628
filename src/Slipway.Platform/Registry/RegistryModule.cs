using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Slipway.Platform.Registry;

public static class RegistryModule
{
    /// <summary>Needs <c>Db</c>, <c>BlobStore</c>, <c>TimeProvider</c> and the modules Access and Tracking.</summary>
    public static IServiceCollection AddRegistry(this IServiceCollection services)
    {
        services.TryAddSingleton(new RegistryOptions());
        return services.AddSingleton<LineageService>().AddSingleton<LineageNames>().AddSingleton<RegistryService>().AddLineageEvents();
    }
}
