using System.Globalization;
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

    /// <param name="Scored">The model's features with the columns <c>score</c>, <c>label</c> and <c>event_timestamp</c>.</param>
    private sealed record Outputs(DatasetSnapshot Scored, long Rows, IReadOnlyDictionary<string, double> Metrics);

    public async Task<JsonObject> RunAsync(StepContext step, CancellationToken cancel)
    {
        var inputs = step.Read<Inputs>();
        var actor = PipelineActors.Of(step.Run);
        var table = await datasets.ReadAsync(inputs.Data, cancel);
        var scores = scorer.Score(inputs.Model, table, cancel);
        var labels = BinaryLabels.From(table, inputs.Label);
        var quality = BinaryClassification.Evaluate(scores, labels, inputs.Threshold);
        var scored = await datasets.PutAsync(
            $"{inputs.Data.Name}.scored",
            table.Select([.. inputs.Model.Features, TrainingSetStep.EventTimestamp])
                .With(Column.Float64("score", scores), Column.Bool("label", labels)),
            cancel);
        var metrics = Metrics(quality);
        await LogAsync(inputs, actor, quality, metrics, cancel);
        step.Log(string.Join(", ", metrics.Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Key} {m.Value:0.0000}"))));
        return StepInputs.Write(new Outputs(scored, quality.Count, metrics));
    }

    /// <summary>Those that exist for these rows: precision needs a predicted positive, AUC both classes.</summary>
    private static Dictionary<string, double> Metrics(BinaryClassificationMetrics quality)
    {
        var all = new (string Name, double? Value)[]
        {
            ("auc", quality.Auc), ("log_loss", quality.LogLoss), ("brier", quality.Brier), ("precision", quality.Precision),
            ("recall", quality.Recall), ("f1", quality.F1), ("accuracy", quality.Accuracy),
            ("calibration_error", quality.ExpectedCalibrationError),
        };
        return all.Where(m => m.Value is not null).ToDictionary(m => m.Name, m => m.Value!.Value, StringComparer.Ordinal);
    }

    private async Task LogAsync(
        Inputs inputs, Actor actor, BinaryClassificationMetrics quality, Dictionary<string, double> metrics, CancellationToken cancel)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        await tracking.LogMetricsAsync(
            actor, inputs.RunId, [.. metrics.Select(m => new MetricPoint($"evaluation.{m.Key}", m.Value, now))], cancel);
        var (data, json) = (inputs.Data, System.Text.Encoding.UTF8.GetBytes(Json.Write(quality)));
        await tracking.LogInputAsync(
            actor, inputs.RunId, new DatasetInput(data.Name, data.Sha256[..36], data.Key, data.Rows, "evaluation"), cancel);
        await artifacts.PutAsync(actor, inputs.RunId, "evaluation.json", new MemoryStream(json), cancel);
        await tracking.FinishRunAsync(actor, inputs.RunId, RunStatus.Finished, cancel);
    }
}
