using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Pipelines.Models;
using Slipway.Platform.Pipelines.Trainers;
using Slipway.Platform.Tracking;

namespace Slipway.Platform.Pipelines.Steps;

/// <summary><c>model.train</c>: trains a binary classifier, exports it to ONNX, proves that the two agree, and tracks it all as a run.</summary>
internal sealed class TrainStep(
    Datasets datasets, BinaryTrainer trainer, ExperimentService experiments, TrackingService tracking, RunArtifacts artifacts, BlobStore blobs,
    TimeProvider time)
{
    /// <param name="Data">The training set.</param>
    /// <param name="Features">Columns of it, in the order of the model's input.</param>
    /// <param name="Label">A column of booleans, or of 0 and 1.</param>
    private sealed record Inputs(
        string Experiment, string RunName, DatasetSnapshot Data, IReadOnlyList<string> Features, string Label, TrainerOptions? Trainer = null);

    private sealed record Outputs(string RunId, ModelBlob Model, string Algorithm, string? Notice);

    public async Task<JsonObject> RunAsync(StepContext step, CancellationToken cancel)
    {
        var inputs = step.Read<Inputs>();
        var options = inputs.Trainer ?? new TrainerOptions();
        options.Validate();
        var actor = PipelineActors.Of(step.Run);
        var run = await StartAsync(step, inputs, options, actor, cancel);
        try
        {
            var table = await datasets.ReadAsync(inputs.Data, cancel, [.. inputs.Features, inputs.Label]);
            var watch = Stopwatch.StartNew();
            var trained = await Task.Factory.StartNew(
                () => trainer.Train(table, inputs.Features, inputs.Label, options, cancel), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            var seconds = watch.Elapsed.TotalSeconds;
            var onnx = trained.ToOnnx();
            var agreement = OnnxCheck.Verify(trained, onnx, table);
            step.Log(string.Create(
                CultureInfo.InvariantCulture,
                $"{trained.Algorithm} on {table.Rows} rows × {inputs.Features.Count} features in {seconds:0.0} s; ONNX {onnx.Length} bytes, differs by at most {agreement.MaxDifference:g2} on {agreement.Rows} rows"));
            if (trained.Notice is { } notice)
            {
                step.Log(notice);
            }

            var model = await KeepAsync(run.Id, actor, trained, onnx, cancel);
            await LogAsync(run.Id, actor, trained, agreement, table.Rows, seconds, onnx.Length, cancel);
            return StepInputs.Write(new Outputs(run.Id, model, trained.Algorithm, trained.Notice));
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            await tracking.FinishRunAsync(actor, run.Id, RunStatus.Failed, CancellationToken.None);
            throw;
        }
    }

    private async Task<Run> StartAsync(StepContext step, Inputs inputs, TrainerOptions options, Actor actor, CancellationToken cancel)
    {
        var experiment = await experiments.GetOrCreateAsync(actor, inputs.Experiment, cancel);
        var start = new RunStart(
            experiment.Id, inputs.RunName, RequestKey: step.RequestKey, Environment: RunEnvironment.Capture(options.Seed),
            Tags: new Dictionary<string, string> { ["slipway.pipeline_run"] = step.Run.Id, ["slipway.cause"] = step.Run.Cause });
        var run = await tracking.StartRunAsync(actor, start, cancel);
        for (var attempt = 2; run.Status == RunStatus.Failed; attempt++)
        {
            // What failed stays on record as failed; the step's next attempt is a run of its own.
            run = await tracking.StartRunAsync(actor, start with { RequestKey = $"{step.RequestKey}#{attempt}" }, cancel);
        }

        var data = inputs.Data;
        await tracking.LogInputAsync(actor, run.Id, new DatasetInput(data.Name, data.Sha256[..36], data.Key, data.Rows, "training"), cancel);
        await tracking.LogParamsAsync(
            actor,
            run.Id,
            new Dictionary<string, string>
            {
                ["algorithm"] = options.Algorithm,
                ["trees"] = Text(options.Trees),
                ["leaves"] = Text(options.Leaves),
                ["min_rows_per_leaf"] = Text(options.MinRowsPerLeaf),
                ["learning_rate"] = Text(options.LearningRate),
                ["seed"] = Text(options.Seed),
                ["features"] = Text(inputs.Features.Count),
                ["data.sha256"] = data.Sha256,
            },
            cancel);
        return run;
    }

    private async Task<ModelBlob> KeepAsync(string runId, Actor actor, TrainedModel trained, byte[] onnx, CancellationToken cancel)
    {
        await artifacts.PutAsync(actor, runId, "model/model.onnx", new MemoryStream(onnx), cancel);
        var importance = System.Text.Encoding.UTF8.GetBytes(Json.Write(trained.Importance));
        await artifacts.PutAsync(actor, runId, "feature_importance.json", new MemoryStream(importance), cancel);

        // Under its content's name as well: what the registry points at can never be replaced.
        var blob = await blobs.PutContentAsync(new MemoryStream(onnx), cancel);
        return new ModelBlob(blob.Key, blob.Sha256, blob.Bytes, trained.Features, trained.Signature);
    }

    private Task LogAsync(
        string runId, Actor actor, TrainedModel trained, OnnxAgreement agreement, int rows, double seconds, int bytes, CancellationToken cancel)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        MetricPoint[] metrics =
        [
            new("training.rows", rows, now), new("training.seconds", seconds, now), new("onnx.bytes", bytes, now),
            new("onnx.max_difference", agreement.MaxDifference, now), new("onnx.label_mismatches", agreement.LabelMismatches, now),
        ];
        return tracking.LogMetricsAsync(actor, runId, metrics, cancel);
    }

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
