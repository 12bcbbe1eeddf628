using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Slipway.Platform.Foundation;
using Slipway.Platform.Pipelines;

namespace Slipway.Platform.Streaming;

public static class StreamingModule
{
    /// <summary>
    /// Needs the Features and Pipelines modules, <c>Db</c>, <c>EventLog</c> and <c>TimeProvider</c>; <see cref="StreamOptions"/>
    /// registered before keep their values.
    /// </summary>
    public static IServiceCollection AddStreaming(this IServiceCollection services)
    {
        services.TryAddSingleton(new StreamOptions());
        return services.AddSingleton<StreamSignals>().AddSingleton<StreamService>().AddSingleton<RecordService>().AddSingleton<DeadLetterService>().AddSingleton<StreamMaterialisation>()
            .AddStep<MaterializeStep>("features.materialize", 1, step => step.RunAsync)
            .AddSingleton<MaterialisationService>()
            .AddJob(MaterialisationService.JobKind, provider => provider.GetRequiredService<MaterialisationService>().RunAsync)
            .AddHostedService<StreamProcessor>().AddHostedService<MaterialisationLag>();
    }

    public static IEndpointRouteBuilder MapStreaming(this IEndpointRouteBuilder routes) =>
        MaterialisationEndpoints.Map(StreamingEndpoints.Map(routes));
}
