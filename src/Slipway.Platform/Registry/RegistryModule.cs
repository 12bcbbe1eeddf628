using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Registry.Cards;
using Slipway.Platform.Registry.Packages;
using Slipway.Platform.Registry.Search;
using Slipway.Platform.Registry.Sources;
using Slipway.Platform.Tracking.Garbage;

namespace Slipway.Platform.Registry;

public static class RegistryModule
{
    /// <summary>Needs <c>Db</c>, <c>BlobStore</c>, <c>TimeProvider</c> and the modules Access and Tracking; without
    /// <see cref="PackageKeys"/> also the data folder.</summary>
    public static IServiceCollection AddRegistry(this IServiceCollection services)
    {
        services.TryAddSingleton(new RegistryOptions());
        services.TryAddSingleton(provider => new PackageKeys(
            Path.Combine(provider.GetRequiredService<FoundationOptions>().DataDirectory, "keys")));
        return services
            .AddSingleton<LineageService>()
            .AddSingleton<LineageNames>()
            .AddSingleton<LineageView>()
            .AddLineageEvents()
            .AddSingleton<PackageSeal>()
            .AddSingleton<RegistryService>()
            .AddSingleton<RegistrySearch>()
            .AddSingleton<ModelPackages>()
            .AddSingleton<ModelCards>()
            .AddSingleton<ModelImport>()
            .AddSingleton<VersionPlaces>()
            .AddBlobReferences("select blob_key from model_versions")
            .AddBlobReferences("select blob_key from model_version_files")
            .AddSingleton(new ArtifactHold(
                "select coalesce(run_id, '') || ' ' || coalesce(source, '') || ' ' || coalesce(model_id, '') from model_versions",
                "a registered model version came from it"))
            .AddHostedService<PackageStartup>();
    }
}
