using System.Text.Json;
using Slipway.Platform.Tracking;

namespace Slipway.Protocols.Mlflow;

internal static class LoggedModelCalls
{
    private const int UsualPage = 100;

    private static readonly MlflowEnum<LoggedModelStatus> Statuses = new(
        ("LOGGED_MODEL_PENDING", 1, LoggedModelStatus.Pending), ("LOGGED_MODEL_READY", 2, LoggedModelStatus.Ready),
        ("LOGGED_MODEL_UPLOAD_FAILED", 3, LoggedModelStatus.UploadFailed));

    public static void Map(MlflowRoutes routes)
    {
        routes.Post("/mlflow/logged-models", CreateAsync);
        routes.Post("/mlflow/logged-models/search", SearchAsync);
        routes.Get("/mlflow/logged-models/{model_id}", GetAsync);
        routes.Patch("/mlflow/logged-models/{model_id}", FinalizeAsync);
        routes.Delete("/mlflow/logged-models/{model_id}", DeleteAsync);
        routes.Post("/mlflow/logged-models/{model_id}/params", LogParamsAsync);
        routes.Patch("/mlflow/logged-models/{model_id}/tags", SetTagsAsync);
        routes.Delete("/mlflow/logged-models/{model_id}/tags/{*tag_key}", DeleteTagAsync);
    }

    private static async Task CreateAsync(MlflowCall call)
    {
        var request = new NewLoggedModel(
            MlflowIds.ExperimentId(call.RequiredText("experiment_id")), call.Text("name"), call.Text("model_type"),
            call.Text("source_run_id"), call.UniquePairs("params", TrackingLimits.ParamValue), call.Pairs("tags", TrackingLimits.TagValue));
        await AnswerAsync(call, await Service(call).CreateAsync(call.Actor, request, call.Cancel));
    }

    private static async Task GetAsync(MlflowCall call) =>
        await AnswerAsync(call, await Service(call).GetAsync(call.Actor, call.Route("model_id"), call.Cancel));

    private static async Task FinalizeAsync(MlflowCall call)
    {
        var status = Statuses.Read(call, "status") ?? throw MlflowFields.Missing("status");
        await AnswerAsync(call, await Service(call).FinalizeAsync(call.Actor, call.Route("model_id"), status, call.Cancel));
    }

    private static async Task DeleteAsync(MlflowCall call)
    {
        await Service(call).DeleteAsync(call.Actor, call.Route("model_id"), call.Cancel);
        await call.AnswerAsync();
    }

    private static async Task LogParamsAsync(MlflowCall call)
    {
        var values = call.UniquePairs("params", TrackingLimits.ParamValue);
        await Service(call).LogParamsAsync(call.Actor, call.Route("model_id"), values, call.Cancel);
        await call.AnswerAsync();
    }

    private static async Task SetTagsAsync(MlflowCall call)
    {
        await Service(call).SetTagsAsync(call.Actor, call.Route("model_id"), call.Pairs("tags", TrackingLimits.TagValue), call.Cancel);
        await call.AnswerAsync();
    }

    private static async Task DeleteTagAsync(MlflowCall call)
    {
        // The one character that the server leaves encoded in a path.
        var key = call.Route("tag_key").Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        await Service(call).DeleteTagAsync(call.Actor, call.Route("model_id"), key, call.Cancel);
        await call.AnswerAsync();
    }

    private static async Task SearchAsync(MlflowCall call)
    {
        var query = new LoggedModelQuery(
            call.ExperimentIds(), call.Text("filter"), [.. call.Items("datasets").Select(dataset => Dataset(dataset)!)],
            [.. call.Items("order_by").Select(Order)], call.PageToken(), call.MaxResults(UsualPage, TrackingLimits.LoggedModelsPage));
        var page = await Service(call).SearchAsync(call.Actor, query, call.Cancel);
        await call.AnswerAsync(json => json.WritePage("models", page, Write));
    }

    private static LoggedModelOrder Order(JsonElement order) => new(
        MlflowFields.RequiredText(order, "field_name"), MlflowFields.Text(order, "ascending") != "false",
        MlflowFields.Text(order, "dataset_name") is { Length: > 0 } ? Dataset(order) : null);

    private static MetricDataset Dataset(JsonElement message) => new(
        MlflowFields.RequiredText(message, "dataset_name"),
        MlflowFields.Text(message, "dataset_digest") is { Length: > 0 } digest ? digest : null);

    private static LoggedModelService Service(MlflowCall call) => call.Service<LoggedModelService>();

    private static Task AnswerAsync(MlflowCall call, LoggedModel model) => call.AnswerAsync(json =>
    {
        json.WritePropertyName("model"u8);
        Write(json, model);
    });

    private static void Write(Utf8JsonWriter json, LoggedModel model)
    {
        json.WriteStartObject();
        json.WriteStartObject("info"u8);
        json.WriteString("model_id"u8, model.Id);
        json.WriteString("experiment_id"u8, MlflowIds.Text(model.ExperimentId));
        json.WriteString("name"u8, model.Name);
        json.WriteNumber("creation_timestamp_ms"u8, model.CreatedMs);
        json.WriteNumber("last_updated_timestamp_ms"u8, model.UpdatedMs);
        json.WriteString("artifact_uri"u8, model.ArtifactUri);
        json.WriteString("status"u8, Statuses.Name(model.Status));
        json.WriteString("model_type"u8, model.ModelType);
        json.WriteString("source_run_id"u8, model.SourceRunId ?? "");
        MlflowPairs.Write(json, "tags", model.Tags);
        json.WriteEndObject();
        json.WriteStartObject("data"u8);
        MlflowPairs.Write(json, "params", model.Params);
        if (model.Metrics.Count > 0)
        {
            json.WriteStartArray("metrics"u8);
            foreach (var metric in model.Metrics)
            {
                RunJson.WriteMetric(json, metric.Point, metric.RunId);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
