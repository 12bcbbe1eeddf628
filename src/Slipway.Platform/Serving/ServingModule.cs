using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Registry;
using Slipway.Platform.Serving.Predictions;
using Slipway.Platform.Serving.Rollouts;

namespace Slipway.Platform.Serving;

public static class ServingModule
{
    /// <summary>
    /// Needs Foundation, Access and Registry. Registered before, <see cref="PredictionLogOptions"/> keep their values,
    /// <see cref="LocalModel"/>s are served from their files, and a <see cref="FeatureLookup"/> lets endpoints name a feature service.
    /// </summary>
    public static IServiceCollection AddServing(this IServiceCollection services)
    {
        services.TryAddSingleton(new PredictionLogOptions());
        return services
            .AddSingleton<ServingMetrics>()
            .AddSingleton<ModelSource>()
            .AddSingleton<ModelCache>()
            .AddSingleton<EndpointStore>()
            .AddSingleton<VersionUse>(provider => provider.GetRequiredService<EndpointStore>().UseOfAsync)
            .AddSingleton<EndpointHost>()
            .AddSingleton<FeatureHolds>()
            .AddSingleton<LocalModels>()
            .AddSingleton<Retention>()
            .AddSingleton<Admission>()
            .AddSingleton<Predictor>()
            .AddSingleton<TensorPredictor>()
            .AddSingleton<PredictionReader>()
            .AddSingleton<CanaryTrigger>()
            .AddSingleton<CanaryStart>()
            .AddSingleton<CanaryEvaluation>()
            .AddSingleton(RolloutsOf)
            .AddSingleton<FeedbackAccess>()
            .AddSingleton(FeedbackOf)
            .AddSingleton(LogOf)
            .AddSingleton(ServingOf)
            .AddSingleton(RepositoryOf)
            .AddJob(CanaryTrigger.JobKind, provider => provider.GetRequiredService<RolloutService>().RunJobAsync)
            .AddJob(Retention.JobKind, provider => provider.GetRequiredService<Retention>().RunAsync)
            .AddHostedService(provider => provider.GetRequiredService<PredictionLog>())
            .AddHostedService<EndpointWatcher>();
    }

    // These are public with constructors that take what is not.
    private static RolloutService RolloutsOf(IServiceProvider services) => new(
        services.GetRequiredService<Db>(), services.GetRequiredService<EndpointHost>(), services.GetRequiredService<CanaryStart>(),
        services.GetRequiredService<CanaryEvaluation>(), services.GetRequiredService<CanaryTrigger>());

    private static ModelRepository RepositoryOf(IServiceProvider services) => new(
        services.GetRequiredService<Db>(), services.GetRequiredService<AccessService>(), services.GetRequiredService<AuditLog>(),
        services.GetRequiredService<EndpointHost>(), services.GetRequiredService<LocalModels>());

    private static FeedbackService FeedbackOf(IServiceProvider services) => new(
        services.GetRequiredService<Db>(), services.GetRequiredService<RolloutService>(), services.GetRequiredService<FeedbackAccess>(),
        services.GetRequiredService<TimeProvider>());

    private static PredictionLog LogOf(IServiceProvider services) => new(
        services.GetRequiredService<Db>(), services.GetRequiredService<PredictionLogOptions>(), services.GetRequiredService<ServingMetrics>(),
        services.GetRequiredService<CanaryTrigger>(), services.GetRequiredService<TimeProvider>(),
        services.GetRequiredService<ILogger<PredictionLog>>());

    private static ServingService ServingOf(IServiceProvider services) => new(
        services.GetRequiredService<Db>(), services.GetRequiredService<AccessService>(), services.GetRequiredService<AuditLog>(),
        services.GetRequiredService<TimeProvider>(), services.GetRequiredService<EndpointStore>(), services.GetRequiredService<EndpointHost>(),
        services.GetRequiredService<ModelCache>(), services.GetRequiredService<ModelSource>(), services.GetRequiredService<Predictor>(),
        services.GetRequiredService<TensorPredictor>());
}
