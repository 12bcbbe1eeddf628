using System.Text.Json;
using Slipway.Platform.Foundation;
using Slipway.Platform.Tracking;

namespace Slipway.Protocols.Mlflow;

internal static class ExperimentCalls
{
    private const int UsualPage = 1000;

    public static void Map(MlflowRoutes routes)
    {
        routes.Post("/mlflow/experiments/create", CreateAsync);
        routes.Get("/mlflow/experiments/get", GetAsync);
        routes.Get("/mlflow/experiments/get-by-name", GetByNameAsync);
        routes.Post("/mlflow/experiments/update", UpdateAsync);
        routes.Post("/mlflow/experiments/delete", DeleteAsync);
        routes.Post("/mlflow/experiments/restore", RestoreAsync);
        routes.Post("/mlflow/experiments/set-experiment-tag", SetTagAsync);
        routes.Post("/mlflow/experiments/delete-experiment-tag", DeleteTagAsync);
        routes.Get("/mlflow/experiments/search", SearchAsync);
        routes.Post("/mlflow/experiments/search", SearchAsync);
        routes.Post("/mlflow/experiments/search-datasets", SearchDatasetsAsync);
    }

    private static async Task CreateAsync(MlflowCall call)
    {
        var request = new NewExperiment(call.RequiredText("name"), null, call.Text("artifact_location"), call.Pairs("tags"));
        var experiment = await Service(call).CreateAsync(call.Actor, request, call.Cancel);
        await call.AnswerAsync(json => json.WriteString("experiment_id"u8, MlflowIds.Text(experiment.Id)));
    }

    private static async Task GetAsync(MlflowCall call) =>
        await AnswerAsync(call, await Service(call).GetAsync(call.Actor, Id(call), call.Cancel));

    private static async Task GetByNameAsync(MlflowCall call) =>
        await AnswerAsync(call, await Service(call).GetAsync(call.Actor, call.RequiredText("experiment_name"), call.Cancel));

    private static async Task UpdateAsync(MlflowCall call)
    {
        var change = new ExperimentChange(call.Text("new_name") is { Length: > 0 } name ? name : null);
        await Service(call).UpdateAsync(call.Actor, Id(call), change, call.Cancel);
        await call.AnswerAsync();
    }

    private static async Task DeleteAsync(MlflowCall call)
    {
        if (!await Service(call).DeleteAsync(call.Actor, Id(call), call.Cancel))
        {
            throw MlflowException.Missing($"No Experiment with id={Id(call)} exists: it is deleted already.");
        }

        await call.AnswerAsync();
    }

    private static async Task RestoreAsync(MlflowCall call)
    {
        if (!await Service(call).RestoreAsync(call.Actor, Id(call), call.Cancel))
        {
            throw MlflowException.Missing($"No Experiment with id={Id(call)} exists among the deleted: it is active.");
        }

        await call.AnswerAsync();
    }

    private static async Task SetTagAsync(MlflowCall call)
    {
        await Service(call).SetTagAsync(call.Actor, Id(call), call.RequiredText("key"), call.Text("value") ?? "", call.Cancel);
        await call.AnswerAsync();
    }

    private static async Task DeleteTagAsync(MlflowCall call)
    {
        await Service(call).DeleteTagAsync(call.Actor, Id(call), call.RequiredText("key"), call.Cancel);
        await call.AnswerAsync();
    }

    private static async Task SearchAsync(MlflowCall call)
    {
        var query = new ExperimentQuery(
            call.Text("filter"), call.Texts("order_by"), MlflowIds.Views.Read(call, "view_type") ?? RunView.Active, call.PageToken(),
            call.MaxResults(UsualPage, TrackingLimits.ExperimentsPage));
        var page = await Service(call).SearchAsync(call.Actor, query, call.Cancel);
        await call.AnswerAsync(json => json.WritePage("experiments", page, Write));
    }

    private static async Task SearchDatasetsAsync(MlflowCall call)
    {
        var found = await Service(call).SearchDatasetsAsync(call.Actor, call.ExperimentIds(), call.Cancel);
        await call.AnswerAsync(json => json.WritePage("dataset_summaries", new Page<DatasetSummary>(found, null), Write));
    }

    private static ExperimentService Service(MlflowCall call) => call.Service<ExperimentService>();

    private static long Id(MlflowCall call) => MlflowIds.ExperimentId(call.RequiredText("experiment_id"));

    private static Task AnswerAsync(MlflowCall call, Experiment experiment) => call.AnswerAsync(json =>
    {
        json.WritePropertyName("experiment"u8);
        Write(json, experiment);
    });

    private static void Write(Utf8JsonWriter json, Experiment experiment)
    {
        json.WriteStartObject();
        json.WriteString("experiment_id"u8, MlflowIds.Text(experiment.Id));
        json.WriteString("name"u8, experiment.Name);
        json.WriteString("artifact_location"u8, experiment.ArtifactLocation);
        json.WriteString("lifecycle_stage"u8, experiment.Lifecycle == Lifecycle.Active ? "active"u8 : "deleted"u8);
        json.WriteNumber("last_update_time"u8, experiment.UpdatedMs);
        json.WriteNumber("creation_time"u8, experiment.CreatedMs);
        MlflowPairs.Write(json, "tags", experiment.Tags);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, DatasetSummary summary)
    {
        json.WriteStartObject();
        json.WriteString("experiment_id"u8, MlflowIds.Text(summary.ExperimentId));
        json.WriteString("name"u8, summary.Name);
        json.WriteString("digest"u8, summary.Digest);
        if (summary.Context.Length > 0)
        {
            json.WriteString("context"u8, summary.Context);
        }

        json.WriteEndObject();
    }
}
