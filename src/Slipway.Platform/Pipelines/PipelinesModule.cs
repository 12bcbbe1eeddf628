using Microsoft.Extensions.DependencyInjection;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Jobs;
using Slipway.Platform.Pipelines.Quality;

namespace Slipway.Platform.Pipelines;

public static class PipelinesModule
{
    public static IServiceCollection AddPipelines(this IServiceCollection services) => services
        .AddSingleton<PipelineService>()
        .AddSingleton<PipelineRunner>()
        .AddSingleton<StepRunner>()
        .AddSingleton<QualityCheck>()
        .AddJob(PipelineService.RunJob, RunHandler)
        .AddJob(PipelineService.TriggerJob, TriggerHandler)
        .AddJob(PipelineService.ResumeJob, ResumeHandler);

    /// <summary>Registers a kind of step; the step's class is made by the container.</summary>
    public static IServiceCollection AddStep<TStep>(
        this IServiceCollection services, string name, int version, Func<TStep, StepHandler> handler)
        where TStep : class => services
        .AddSingleton<TStep>()
        .AddSingleton(provider => new StepKind(name, version, handler(provider.GetRequiredService<TStep>())));

    private static JobHandler RunHandler(IServiceProvider services)
    {
        var runner = services.GetRequiredService<PipelineRunner>();
        return async (job, cancel) => Json.Write(await runner.RunAsync(Json.Read<string>(job.Payload), cancel));
    }

    private static JobHandler TriggerHandler(IServiceProvider services)
    {
        var pipelines = services.GetRequiredService<PipelineService>();
        return async (job, cancel) =>
        {
            var trigger = Json.Read<PipelineTrigger>(job.Payload);

            // A schedule gives no cause of its own: its job, one for each due time, is the cause.
            var cause = trigger.Cause.Length > 0 ? trigger.Cause : job.DedupeKey ?? job.Id;
            return Json.Write(await pipelines.StartAsync(trigger.Pipeline, cause, trigger.Parameters, cancel));
        };
    }

    private static JobHandler ResumeHandler(IServiceProvider services)
    {
        var pipelines = services.GetRequiredService<PipelineService>();
        return async (_, cancel) =>
        {
            await pipelines.ResumeWaitingAsync(cancel);
            return null;
        };
    }
}
