using System.Globalization;
using System.Text.Json.Nodes;
using Slipway.Core.Versioning;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Pipelines.Models;
using Slipway.Platform.Registry;

namespace Slipway.Platform.Pipelines.Steps;

/// <summary><c>model.register</c>: makes a trained model a version of a registered model, with signature, metrics and lineage.</summary>
internal sealed class RegisterStep(RegistryService registry, FeatureRegistryService features, LineageService lineage, Db db)
{
    private sealed record Inputs(
        string Model, string RunId, ModelBlob Blob, string Service, IReadOnlyDictionary<string, double> Evaluation, TimeWindow Window,
        string Description = "", string Owner = "", string Limitations = "", VersionBump Bump = VersionBump.Minor);

    private sealed record Outputs(string Model, string Version, int Number);

    public async Task<JsonObject> RunAsync(StepContext step, CancellationToken cancel)
    {
        var inputs = step.Read<Inputs>();
        var actor = PipelineActors.Of(step.Run);
        var service = await features.GetServiceAsync(inputs.Service, cancel);
        var version = await db.WriteAsync(
            async session =>
            {
                await registry.RegisterModelAsync(session, actor, new NewModel(inputs.Model, inputs.Description, inputs.Owner), cancel);
                var created = await registry.CreateVersionAsync(
                    session,
                    actor,
                    new NewVersion(inputs.Model, inputs.Blob.Signature)
                    {
                        RunId = inputs.RunId,
                        Artifact = "model/model.onnx",
                        RequestKey = step.RequestKey,
                        Bump = inputs.Bump,
                        FeatureService = service.Key,
                        FeatureViews = service.Lookups.Select(l => l.View).Distinct()
                            .ToDictionary(v => v.Name, v => v.Version.ToString(CultureInfo.InvariantCulture), StringComparer.Ordinal),
                        Metrics = inputs.Evaluation,
                        TrainingWindow = new TrainingWindow(inputs.Window.FromUs, inputs.Window.ToUs),
                        Limitations = inputs.Limitations,
                        Description = inputs.Description,
                    },
                    new BlobInfo(inputs.Blob.Key, inputs.Blob.Bytes, inputs.Blob.Sha256),
                    cancel);
                await lineage.AddAsync(
                    session, actor, LineageNode.PipelineRun(step.Run.Id), LineageNode.ModelVersion(inputs.Model, created.Version), "registered", cancel);
                return created;
            },
            cancel);
        step.Log($"{version.Ref} from run {inputs.RunId}");
        return StepInputs.Write(new Outputs(inputs.Model, version.Version.ToString(), version.Number));
    }
}
