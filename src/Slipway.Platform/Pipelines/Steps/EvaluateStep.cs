using System.Text.Json.Nodes;
using Slipway.Core.Data;
using Slipway.Core.Statistics;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Pipelines.Models;
using Slipway.Platform.Pipelines.Trainers;
using Slipway.Platform.Tracking;

namespace Slipway.Platform.Pipelines.Steps;

/// <summary>
/// <c>model.evaluate</c>: scores a model on data it has not seen, logs quality and calibration to its run and ends the run. The
/// scored rows are kept: they are what monitoring compares with.
/// </summary>
internal sealed class EvaluateStep(
    Datasets datasets, ModelScorer scorer, TrackingService tracking, RunArtifacts artifacts, TimeProvider time)
{
    private sealed record Inputs(string RunId, ModelBlob Model, DatasetSnapshot Data, string Label, double Threshold = 0.5);

    /// <param name="Scored">The model's features with the columns <c>score</c> and <c>label</c>.</param>
    private sealed record Outputs(
        DatasetSnapshot Scored, long Rows, double? Auc, double LogLoss, double Brier, double? Precision, double? Recall, double? F1,
        double CalibrationError, double Threshold);

    public async Task<JsonObject> RunAsync(StepContext step, CancellationToken cancel)
    {
        var inputs = step.Read<Inputs>();
        var actor = PipelineActors.Of(step.Run);
        var table = await datasets.ReadAsync(inputs.Data, cancel, [.. inputs.Model.Features, inputs.Label]);
        var scores = scorer.Score(inputs.Model, table, cancel);
        var labels = BinaryLabels.From(table, inputs.Label);
        var quality = BinaryClassification.Evaluate(scores, labels, inputs.Threshold);
        var scored = await datasets.PutAsync(
            $"{inputs.Data.Name}.scored",
            table.Select(inputs.Model.Features).With(Column.Float64("score", scores), Column.Bool("label", labels)),
            cancel);
        await LogAsync(inputs, actor, quality, cancel);
        step.Log($"AUC {quality.Auc:0.0000}, log loss {quality.LogLoss:0.0000}, Brier {quality.Brier:0.0000} on {quality.Count} rows");
        return StepInputs.Write(new Outputs(
            scored, quality.Count, quality.Auc, quality.LogLoss, quality.Brier, quality.Precision, quality.Recall, quality.F1,
            quality.ExpectedCalibrationError, inputs.Threshold));
    }

    private async Task LogAsync(Inputs inputs, Actor actor, BinaryClassificationMetrics quality, CancellationToken cancel)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var metrics = new (string Name, double? Value)[]
        {
            ("auc", quality.Auc), ("log_loss", quality.LogLoss), ("brier", quality.Brier), ("precision", quality.Precision),
            ("recall", quality.Recall), ("f1", quality.F1), ("accuracy", quality.Accuracy),
            ("calibration_error", quality.ExpectedCalibrationError),
        };
        await tracking.LogMetricsAsync(
            actor, inputs.RunId, [.. metrics.Where(m => m.Value is not null).Select(m => new MetricPoint($"evaluation.{m.Name}", m.Value!.Value, now))], cancel);
        var (data, json) = (inputs.Data, System.Text.Encoding.UTF8.GetBytes(Json.Write(quality)));
        await tracking.LogInputAsync(
            actor, inputs.RunId, new DatasetInput(data.Name, data.Sha256[..36], data.Key, data.Rows, "evaluation"), cancel);
        await artifacts.PutAsync(actor, inputs.RunId, "evaluation.json", new MemoryStream(json), cancel);
        await tracking.FinishRunAsync(actor, inputs.RunId, RunStatus.Finished, cancel);
    }
}
