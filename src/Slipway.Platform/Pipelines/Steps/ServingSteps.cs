using System.Text.Json.Nodes;
using Slipway.Core.Errors;
using Slipway.Platform.Serving;
using Slipway.Platform.Serving.Rollouts;

namespace Slipway.Platform.Pipelines.Steps;

/// <summary>The steps that put versions before callers: <c>serving.deploy</c>, <c>serving.canary</c>, <c>serving.canary_verdict</c>.</summary>
internal sealed class ServingSteps(ServingService serving, RolloutService rollouts)
{
    private sealed record DeployInputs(
        string Endpoint, string Model, string Version, LogMode Log = LogMode.Async, double Threshold = 0.5);

    private sealed record DeployOutputs(string Endpoint, string Version, long Revision);

    private sealed record CanaryInputs(string Endpoint, string Version, string Approval, CanaryPlan Plan);

    private sealed record CanaryOutputs(string Canary);

    private sealed record VerdictInputs(string Endpoint, string Version, string Canary);

    private sealed record VerdictOutputs(bool Promoted, RolloutState Decision, string Reason);

    public async Task<JsonObject> DeployAsync(StepContext step, CancellationToken cancel)
    {
        var inputs = step.Read<DeployInputs>();
        var endpoint = await serving.DeployAsync(
            inputs.Endpoint, inputs.Model, inputs.Version, PipelineActors.Of(step.Run), step.Run.Cause, cancel,
            new EndpointOptions { Log = inputs.Log, Threshold = inputs.Threshold });
        step.Log($"endpoint {endpoint.Name} answers with {inputs.Version}, revision {endpoint.Revision}");
        return StepInputs.Write(new DeployOutputs(endpoint.Name, endpoint.Champion.Version, endpoint.Revision));
    }

    public async Task<JsonObject> CanaryAsync(StepContext step, CancellationToken cancel)
    {
        var inputs = step.Read<CanaryInputs>();

        // After a crash between the start and the step's end the canary runs already: the key in its cause tells.
        var cause = $"{step.Run.Cause} ({step.RequestKey})";
        var latest = await LatestAsync(inputs.Endpoint, cancel);
        var rollout = latest?.Cause == cause
            ? latest
            : await rollouts.StartAsync(
                inputs.Endpoint, inputs.Version, inputs.Plan, PipelineActors.Of(step.Run), cause, cancel, inputs.Approval);
        step.Log(rollout.Reason);
        return StepInputs.Write(new CanaryOutputs(rollout.Id));
    }

    public async Task<JsonObject> VerdictAsync(StepContext step, CancellationToken cancel)
    {
        var inputs = step.Read<VerdictInputs>();
        var rollout = await LatestAsync(inputs.Endpoint, cancel);
        if (rollout is null || rollout.Id != inputs.Canary)
        {
            throw new SlipwayException(ErrorKind.FailedPrecondition, $"Canary {inputs.Canary} of endpoint '{inputs.Endpoint}' was superseded.");
        }

        if (rollout.State == RolloutState.Running)
        {
            throw new StepWaitsException($"canary {rollout.Id} of endpoint '{inputs.Endpoint}'");
        }

        step.Log(rollout.Reason);
        return StepInputs.Write(new VerdictOutputs(rollout.State == RolloutState.Promoted, rollout.State, rollout.Reason));
    }

    private async Task<Rollout?> LatestAsync(string endpoint, CancellationToken cancel)
    {
        try
        {
            return await rollouts.GetAsync(endpoint, cancel);
        }
        catch (SlipwayException none) when (none.Kind == ErrorKind.NotFound)
        {
            return null;
        }
    }
}
