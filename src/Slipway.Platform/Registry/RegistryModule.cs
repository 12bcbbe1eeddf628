using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Tracking.Garbage;

namespace Slipway.Platform.Registry;

public static class RegistryModule
{
    /// <summary>Needs <c>Db</c>, <c>BlobStore</c>, <c>TimeProvider</c> and the modules Access and Tracking.</summary>
    public static IServiceCollection AddRegistry(this IServiceCollection services)
    {
        services.TryAddSingleton(new RegistryOptions());
        return services.AddSingleton<LineageService>().AddSingleton<LineageNames>().AddSingleton<RegistryService>()
            .AddLineageEvents()
            .AddBlobReferences("select blob_key from model_versions")
            .AddSingleton(new ArtifactHold("select run_id from model_versions", "a registered model version came from it"));
    }
}
