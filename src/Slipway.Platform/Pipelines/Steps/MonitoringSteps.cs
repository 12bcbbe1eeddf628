using System.Text.Json.Nodes;
using Slipway.Platform.Monitoring;

namespace Slipway.Platform.Pipelines.Steps;

/// <summary><c>monitoring.watch</c> starts to watch an endpoint; <c>monitoring.rebase</c> compares it with a new version's reference.</summary>
internal sealed class MonitoringSteps(MonitoringService monitoring)
{
    /// <param name="Monitor">A YAML file.</param>
    /// <param name="Reference">Scored rows, as <c>model.evaluate</c> gives them.</param>
    private sealed record WatchInputs(
        string Endpoint, string Monitor, string Version, DatasetSnapshot Reference, IReadOnlyList<string> Features);

    private sealed record RebaseInputs(string Endpoint, string Version, DatasetSnapshot Reference, IReadOnlyList<string> Features);

    private sealed record Outputs(string Endpoint, string Version, long ReferenceRows);

    public async Task<JsonObject> WatchAsync(StepContext step, CancellationToken cancel)
    {
        var inputs = step.Read<WatchInputs>();
        await monitoring.PutAsync(MonitorYaml.Read(inputs.Monitor), PipelineActors.Of(step.Run), cancel);
        return await RebaseAsync(step, new RebaseInputs(inputs.Endpoint, inputs.Version, inputs.Reference, inputs.Features), cancel);
    }

    public Task<JsonObject> RebaseAsync(StepContext step, CancellationToken cancel) => RebaseAsync(step, step.Read<RebaseInputs>(), cancel);

    private async Task<JsonObject> RebaseAsync(StepContext step, RebaseInputs inputs, CancellationToken cancel)
    {
        var source = new ReferenceSource(
            inputs.Version, inputs.Reference.Key, inputs.Features, EventTime: TrainingSetStep.EventTimestamp);
        var reference = await monitoring.RebaseAsync(inputs.Endpoint, source, PipelineActors.Of(step.Run), cancel);
        step.Log($"endpoint {inputs.Endpoint} is compared with {reference.Rows} rows of version {reference.ModelVersion}");
        return StepInputs.Write(new Outputs(inputs.Endpoint, inputs.Version, reference.Rows));
    }
}
