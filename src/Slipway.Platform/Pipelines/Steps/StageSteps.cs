using System.Text.Json.Nodes;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Pipelines.Models;
using Slipway.Platform.Registry;

namespace Slipway.Platform.Pipelines.Steps;

/// <summary>The steps that take a version through the registry: <c>model.resolve</c>, <c>model.approve</c>, <c>model.promote</c>.</summary>
internal sealed class StageSteps(RegistryService registry, ApprovalService approvals)
{
    /// <param name="Reference">A semantic version, an alias or a stage.</param>
    private sealed record ResolveInputs(string Model, string Reference);

    private sealed record ResolveOutputs(string Version, ModelBlob Blob);

    private sealed record ApproveInputs(string Model, string Version, string Reason);

    private sealed record ApproveOutputs(string Approval, string ApprovedBy);

    private sealed record PromoteInputs(string Model, string Version, string Approval, string Reason);

    private sealed record PromoteOutputs(string Version, Stage Stage);

    public async Task<JsonObject> ResolveAsync(StepContext step, CancellationToken cancel)
    {
        var inputs = step.Read<ResolveInputs>();
        var version = await registry.GetVersionAsync(inputs.Model, inputs.Reference, cancel);
        var (file, signature) = (version.RequireFile(), version.RequireSignature());
        var blob = new ModelBlob(file.Key, file.Sha256, file.Bytes, [.. signature.Inputs.Select(i => i.Name)], signature);
        step.Log($"{inputs.Reference} of {inputs.Model} is {version.Version}");
        return StepInputs.Write(new ResolveOutputs(version.Version.ToString(), blob));
    }

    /// <summary>Moves the version to staging, asks for its promotion to production, and waits for people to decide.</summary>
    public async Task<JsonObject> ApproveAsync(StepContext step, CancellationToken cancel)
    {
        var inputs = step.Read<ApproveInputs>();
        var actor = PipelineActors.Of(step.Run);
        var version = await registry.GetVersionAsync(inputs.Model, inputs.Version, cancel);
        if (version.Stage == Stage.Development)
        {
            version = await registry.TransitionAsync(actor, inputs.Model, inputs.Version, Stage.Staging, cancel, reason: inputs.Reason);
        }

        var asked = (await approvals.ListAsync(actor, null, version.Ref, null, 100, cancel)).Items
            .FirstOrDefault(a => a.Action == StageRules.PromoteToProduction);
        var id = asked?.Id ?? await registry.RequestPromotionAsync(actor, inputs.Model, inputs.Version, inputs.Reason, cancel);
        var approval = await approvals.GetAsync(id, cancel);
        return approval.State switch
        {
            ApprovalState.Approved => StepInputs.Write(new ApproveOutputs(id, string.Join(", ", approval.Decisions.Select(d => d.Approver)))),
            ApprovalState.Rejected => throw new SlipwayException(
                ErrorKind.FailedPrecondition, $"The promotion of {version.Ref} was rejected by '{approval.Decisions[^1].Approver}': {approval.Decisions[^1].Comment}"),
            _ => throw new StepWaitsException($"approval {id} of {approval.Action} for {version.Ref}"),
        };
    }

    public async Task<JsonObject> PromoteAsync(StepContext step, CancellationToken cancel)
    {
        var inputs = step.Read<PromoteInputs>();
        var version = await registry.TransitionAsync(
            PipelineActors.Of(step.Run), inputs.Model, inputs.Version, Stage.Production, cancel, inputs.Approval, inputs.Reason);
        step.Log($"{version.Ref} is in {EnumName.Of(version.Stage)}");
        return StepInputs.Write(new PromoteOutputs(version.Version.ToString(), version.Stage));
    }
}
