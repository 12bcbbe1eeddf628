using Microsoft.AspNetCore.Http.Json;
using Slipway.Cluster;
using Microsoft.OpenApi;
using Slipway.Configuration;
using Slipway.Hosting.SignIn;
using Slipway.Platform.Access;
using Slipway.Platform.Features;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Sources;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Monitoring;
using Slipway.Platform.Pipelines;
using Slipway.Platform.Registry;
using Slipway.Platform.Registry.OpenLineage;
using Slipway.Platform.Serving;
using Slipway.Platform.Streaming;
using Slipway.Platform.Tracking;
using Slipway.Platform.Tracking.Garbage;
using Slipway.Protocols.Feast;
using Slipway.Protocols.Mlflow;
using Slipway.Protocols.OpenInference;
using Slipway.Protocols.OpenInference.Grpc;
using Slipway.Protocols.SageMaker;
using Slipway.Protocols.TensorFlowServing;

namespace Slipway.Hosting;

/// <summary>What the server consists of. A module is added here twice: its services, and its endpoints.</summary>
internal static class Composition
{
    public static IServiceCollection AddSlipway(this IServiceCollection services, SlipwayOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(TimeProvider.System);
        services.AddRouting();
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.Configure<JsonOptions>(json => Json.Apply(json.SerializerOptions));
        services.AddOpenApi(openApi => openApi.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new() { Title = "Slipway", Version = ProductVersion.Current.Version };
            return Task.CompletedTask;
        }).AddOperationTransformer((operation, _, _) =>
        {
            // A list in a query may be absent, of which the generated binding code says the opposite.
            foreach (var list in (operation.Parameters ?? []).OfType<OpenApiParameter>().Where(p => p is { In: ParameterLocation.Query, Schema.Type: JsonSchemaType.Array }))
            {
                list.Required = false;
            }

            return Task.CompletedTask;
        }));
        services.AddHealth();
        services.AddTelemetry(options);
        services.AddModules(options);
        services.AddSignIn(options);
        services.AddUnpacking();
        services.AddMlflow();
        services.AddFeast();
        services.AddSageMaker();
        services.AddOpenInference(options.MaxBodySize);
        services.AddSingleton(TensorFlowEndpoints.Shape);
        services.AddHostedService<Draining>();
        return services;
    }

    public static void MapSlipway(this WebApplication app)
    {
        app.UseMiddleware<SecurityHeaders>();
        app.UseMiddleware<ProblemMiddleware>();
        app.UseMiddleware<CrossSiteGuard>();
        app.UseRouting();
        app.UseMiddleware<SignInMiddleware>();

        // After sign-in, so that only callers who are known can have anything unpacked; what comes out is bounded like any body.
        app.UseUnpacking();
        app.MapHealth();
        app.MapOpenApi().NeedsSignIn();
        app.MapPrometheusScrapingEndpoint("/metrics");
        app.MapFoundation();
        app.MapAccess();

        // These know projects and models, and ask for themselves.
        var scoped = app.MapGroup("").ChecksInService();
        scoped.MapTracking();
        scoped.MapRegistry();
        app.MapFeatures();
        app.MapServing();
        app.MapMonitoring();
        app.MapPipelines();
        app.MapStreaming();
        scoped.MapOpenInference();
        app.MapInferenceGrpc();
        scoped.MapTensorFlowServing();
        scoped.MapMlflow();
        app.MapFeast();
        app.MapSageMaker();
    }

    private static void AddModules(this IServiceCollection services, SlipwayOptions options)
    {
        foreach (var model in options.Models)
        {
            services.AddSingleton(new LocalModel(model.Name, model.File));
        }

        if (options.OnlineStore is { } redis)
        {
            services.AddSingleton<IOnlineStore>(provider => new RedisOnlineStore(
                redis, provider.GetRequiredService<Db>(), new RedisOnlineOptions(), provider.GetRequiredService<TimeProvider>()));
        }

        services
            .AddSingleton(new SourceFolder(options.FeatureSources ?? Path.Combine(options.DataDirectory, "sources")))
            .AddFoundation(new FoundationOptions(options.DataDirectory, options.Database) { AllowOutgoing = options.AllowOutgoing })
            .AddAccess()
            .AddSingleton(new TrackingOptions { AllowedArtifactLocations = options.ArtifactLocations })
            .AddSingleton(new GarbageOptions { Retention = options.GcAfter })
            .AddTracking()
            .AddOpenLineage(new OpenLineageOptions
            {
                Url = options.OpenLineageUrl,
                Namespace = options.OpenLineageNamespace,
                ApiKey = options.OpenLineageApiKey,
                ServerVersion = ProductVersion.Current.Version,
            })
            .AddRegistry()
            .AddFeatures()
            .AddSingleton<FeaturePinning>(provider => (actor, service, cancel) => provider.GetRequiredService<FeatureRegistryService>().PinAsync(actor, service, cancel))
            .AddSingleton<FeatureHold>(provider => provider.GetRequiredService<FeatureRegistryService>().HoldAsync)
            .AddSingleton<FeatureLookup>(provider => provider.GetRequiredService<OnlineFeatures>().GetAsync)
            .AddServing()
            .AddMonitoring()
            .AddPipelines()
            .AddStreaming();
    }
}
