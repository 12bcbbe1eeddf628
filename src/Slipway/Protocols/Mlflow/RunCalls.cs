using System.Text.Json;
using Slipway.Platform.Tracking;

namespace Slipway.Protocols.Mlflow;

internal static class RunCalls
{
    private const int UsualPage = 1000;

    public static void Map(MlflowRoutes routes)
    {
        routes.Post("/mlflow/runs/create", CreateAsync);
        routes.Get("/mlflow/runs/get", GetAsync);
        routes.Post("/mlflow/runs/update", UpdateAsync);
        routes.Post("/mlflow/runs/delete", DeleteAsync);
        routes.Post("/mlflow/runs/restore", RestoreAsync);
        routes.Post("/mlflow/runs/search", SearchAsync);
        routes.Post("/mlflow/runs/delete-tag", DeleteTagAsync);
    }

    private static async Task CreateAsync(MlflowCall call)
    {
        var start = new RunStart(
            call.Text("experiment_id") is { Length: > 0 } id ? MlflowIds.ExperimentId(id) : ExperimentService.DefaultId,
            call.Text("run_name"), Tags: call.Pairs("tags", TrackingLimits.TagValue), StartMs: call.Integer("start_time"),
            UserId: call.Text("user_id") is { Length: > 0 } user ? user : null);
        var tracking = call.Service<TrackingService>();
        var run = await tracking.StartRunAsync(call.Actor, start, call.Cancel);
        await AnswerAsync(call, await tracking.GetRunAsync(call.Actor, run.Id, call.Cancel), RunJson.WriteStarted);
    }

    private static async Task GetAsync(MlflowCall call) =>
        await AnswerAsync(call, await call.Service<TrackingService>().GetRunAsync(call.Actor, call.ValidRunId(), call.Cancel), RunJson.Write);

    private static async Task UpdateAsync(MlflowCall call)
    {
        var change = new RunChange(
            call.Text("run_name") is { Length: > 0 } name ? name : null, RunJson.Statuses.Read(call, "status"), call.Integer("end_time"));
        var run = await call.Service<RunService>().UpdateAsync(call.Actor, call.ValidRunId(), change, call.Cancel);
        await call.AnswerAsync(json =>
        {
            json.WritePropertyName("run_info"u8);
            RunJson.WriteInfo(json, run);
        });
    }

    private static async Task DeleteAsync(MlflowCall call)
    {
        await call.Service<RunService>().DeleteAsync(call.Actor, call.ValidRunId(), call.Cancel);
        await call.AnswerAsync();
    }

    private static async Task RestoreAsync(MlflowCall call)
    {
        await call.Service<RunService>().RestoreAsync(call.Actor, call.ValidRunId(), call.Cancel);
        await call.AnswerAsync();
    }

    private static async Task DeleteTagAsync(MlflowCall call)
    {
        await call.Service<RunService>().DeleteTagAsync(call.Actor, call.ValidRunId(), call.RequiredText("key"), call.Cancel);
        await call.AnswerAsync();
    }

    private static async Task SearchAsync(MlflowCall call)
    {
        var query = new RunQuery(
            call.ExperimentIds(), call.Text("filter"), call.Texts("order_by"),
            MlflowIds.Views.Read(call, "run_view_type") ?? RunView.Active, call.PageToken(),
            call.MaxResults(UsualPage, TrackingLimits.RunsPage));
        var page = await call.Service<TrackingService>().SearchRunsAsync(call.Actor, query, call.Cancel);
        await call.AnswerPageAsync("runs", page, RunJson.Write);
    }

    private static Task AnswerAsync(MlflowCall call, RunDetail run, Action<Utf8JsonWriter, RunDetail> write) => call.AnswerAsync(json =>
    {
        json.WritePropertyName("run"u8);
        write(json, run);
    });
}
