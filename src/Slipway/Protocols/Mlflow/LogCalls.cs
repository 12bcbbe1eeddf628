using System.Text.Json;
using Slipway.Platform.Tracking;

namespace Slipway.Protocols.Mlflow;

/// <summary>What runs log: metrics, params, tags, inputs, outputs and models.</summary>
internal static class LogCalls
{
    private const int MaxBatchBytes = 1_000_000;

    public static void Map(MlflowRoutes routes)
    {
        routes.Post("/mlflow/runs/log-metric", LogMetricAsync);
        routes.Post("/mlflow/runs/log-parameter", LogParamAsync);
        routes.Post("/mlflow/runs/set-tag", SetTagAsync);
        routes.Post("/mlflow/runs/log-batch", LogBatchAsync);
        routes.Post("/mlflow/runs/log-inputs", LogInputsAsync);
        routes.Post("/mlflow/runs/outputs", LogOutputsAsync);
        routes.Post("/mlflow/runs/log-model", LogModelAsync);
    }

    private static async Task LogMetricAsync(MlflowCall call)
    {
        var point = Metric(call.Message);
        await call.Service<TrackingService>().LogMetricsAsync(call.Actor, call.ValidRunId(), [point], call.Cancel);
        await call.AnswerAsync();
    }

    private static async Task LogParamAsync(MlflowCall call)
    {
        var value = MlflowPairs.Cut(call.Text("value") ?? "", TrackingLimits.ParamValue);
        var values = new Dictionary<string, string> { [call.RequiredText("key")] = value };
        await call.Service<TrackingService>().LogParamsAsync(call.Actor, call.ValidRunId(), values, call.Cancel);
        await call.AnswerAsync();
    }

    private static async Task SetTagAsync(MlflowCall call)
    {
        var value = MlflowPairs.Cut(call.Text("value") ?? "", TrackingLimits.TagValue);
        var tags = new Dictionary<string, string> { [call.RequiredText("key")] = value };
        await call.Service<TrackingService>().SetTagsAsync(call.Actor, call.ValidRunId(), tags, call.Cancel);
        await call.AnswerAsync();
    }

    private static async Task LogBatchAsync(MlflowCall call)
    {
        if (call.Http.Request.ContentLength is > MaxBatchBytes and var bytes)
        {
            throw MlflowException.Invalid($"Batched logging API requests must be at most {MaxBatchBytes} bytes, got a request of size {bytes}.");
        }

        var batch = new LogBatch(
            [.. call.Items("metrics").Select(Metric)], call.UniquePairs("params", TrackingLimits.ParamValue),
            call.Pairs("tags", TrackingLimits.TagValue));
        await call.Service<TrackingService>().LogBatchAsync(call.Actor, call.ValidRunId(), batch, call.Cancel);
        await call.AnswerAsync();
    }

    private static async Task LogInputsAsync(MlflowCall call)
    {
        var links = new RunLinks(
            [.. call.Items("datasets").Select(Dataset)],
            [.. call.Items("models").Select(model => MlflowFields.RequiredText(model, "model_id"))]);
        await call.Service<TrackingService>().LinkAsync(call.Actor, call.ValidRunId(), links, call.Cancel);
        await call.AnswerAsync();
    }

    private static async Task LogOutputsAsync(MlflowCall call)
    {
        var links = new RunLinks(ModelOutputs:
        [
            .. call.Items("models").Select(model => new ModelOutput(
                MlflowFields.RequiredText(model, "model_id"),
                MlflowFields.Find(model, "step") is { } step ? MlflowFields.Integer(step, "step") : 0)),
        ]);
        await call.Service<TrackingService>().LinkAsync(call.Actor, call.ValidRunId(), links, call.Cancel);
        await call.AnswerAsync();
    }

    private static async Task LogModelAsync(MlflowCall call)
    {
        await call.Service<RunService>().AddModelHistoryAsync(call.Actor, call.ValidRunId(), call.RequiredText("model_json"), call.Cancel);
        await call.AnswerAsync();
    }

    private static MetricPoint Metric(JsonElement metric) => new(
        MlflowFields.RequiredText(metric, "key"),
        MlflowFields.Number(MlflowFields.Find(metric, "value") ?? throw MlflowFields.Missing("value"), "value"),
        MlflowFields.Integer(MlflowFields.Find(metric, "timestamp") ?? throw MlflowFields.Missing("timestamp"), "timestamp"),
        MlflowFields.Find(metric, "step") is { } step ? MlflowFields.Integer(step, "step") : 0,
        Set(metric, "model_id"), Set(metric, "dataset_name"), Set(metric, "dataset_digest"));

    private static DatasetInput Dataset(JsonElement input)
    {
        var dataset = MlflowFields.Find(input, "dataset") is { ValueKind: JsonValueKind.Object } found ? found : throw MlflowFields.Missing("dataset");
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var tag in MlflowFields.Find(input, "tags") is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : default)
        {
            tags[MlflowFields.RequiredText(tag, "key")] = MlflowFields.Text(tag, "value") ?? "";
        }

        tags.Remove(RunTags.DatasetContext, out var context);
        return new DatasetInput(
            MlflowFields.RequiredText(dataset, "name"), MlflowFields.RequiredText(dataset, "digest"),
            MlflowFields.RequiredText(dataset, "source"), null, context ?? "", Set(dataset, "source_type"), Set(dataset, "schema"),
            Set(dataset, "profile"), tags.Count == 0 ? null : tags);
    }

    private static string? Set(JsonElement message, string name) => MlflowFields.Text(message, name) is { Length: > 0 } text ? text : null;
}
