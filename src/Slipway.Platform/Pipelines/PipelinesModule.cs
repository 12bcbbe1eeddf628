using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Foundation.Jobs;
using Slipway.Platform.Pipelines.Models;
using Slipway.Platform.Pipelines.Quality;
using Slipway.Platform.Pipelines.Steps;
using Slipway.Platform.Pipelines.Trainers;

namespace Slipway.Platform.Pipelines;

public static class PipelinesModule
{
    public static IServiceCollection AddPipelines(this IServiceCollection services) => services
        .AddBlobReferences("select inputs from pipeline_steps")
        .AddBlobReferences("select outputs from pipeline_steps")
        .AddBlobReferences("select parameters from pipeline_runs")
        .AddSingleton<PipelineService>()
        .AddSingleton<PipelineRunner>()
        .AddSingleton<StepRunner>()
        .AddSingleton<QualityCheck>()
        .AddSingleton<Datasets>()
        .AddSingleton<ModelScorer>()
        .AddSingleton(new BinaryTrainer())
        .AddStep<IngestStep>("dataset.ingest", 1, step => step.RunAsync)
        .AddStep<TrainingSetStep>("features.training_set", 1, step => step.RunAsync)
        .AddStep<TrainStep>("model.train", 1, step => step.RunAsync)
        .AddStep<EvaluateStep>("model.evaluate", 1, step => step.RunAsync)
        .AddStep<GateStep>("model.gate", 1, step => step.RunAsync)
        .AddStep<RegisterStep>("model.register", 1, step => step.RunAsync)
        .AddStep<StageSteps>("model.resolve", 1, steps => steps.ResolveAsync)
        .AddStep<StageSteps>("model.approve", 1, steps => steps.ApproveAsync)
        .AddStep<StageSteps>("model.promote", 1, steps => steps.PromoteAsync)
        .AddStep<ServingSteps>("serving.deploy", 1, steps => steps.DeployAsync)
        .AddStep<ServingSteps>("serving.canary", 1, steps => steps.CanaryAsync)
        .AddStep<ServingSteps>("serving.canary_verdict", 1, steps => steps.VerdictAsync)
        .AddStep<MonitoringSteps>("monitoring.watch", 1, steps => steps.WatchAsync)
        .AddStep<MonitoringSteps>("monitoring.rebase", 1, steps => steps.RebaseAsync)
        .AddJob(PipelineService.RunJob, RunHandler)
        .AddJob(PipelineService.TriggerJob, TriggerHandler)
        .AddJob(PipelineService.ResumeJob, ResumeHandler);

    /// <summary>Registers a kind of step; the step's class is made by the container.</summary>
    public static IServiceCollection AddStep<TStep>(
        this IServiceCollection services, string name, int version, Func<TStep, StepHandler> handler)
        where TStep : class
    {
        services.TryAddSingleton<TStep>();
        return services.AddSingleton(provider => new StepKind(name, version, handler(provider.GetRequiredService<TStep>())));
    }

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
            return Json.Write(await pipelines.StartAsync(trigger.Pipeline, cause, trigger.Parameters, cancel, trigger.Because));
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
