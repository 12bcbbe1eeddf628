using System.Text.Json;
using Slipway.Platform.Foundation;
using Slipway.Platform.Tracking;

namespace Slipway.Protocols.Mlflow;

internal static class MetricCalls
{
    public static void Map(MlflowRoutes routes)
    {
        routes.Get("/mlflow/metrics/get-history", GetAsync);
        routes.Get("/mlflow/metrics/get-history-bulk", GetManyAsync);
        routes.Get("/mlflow/metrics/get-history-bulk-interval", GetSampledAsync);
    }

    /// <remarks>Without <c>max_results</c> this is the first page; the reference answers an empty one, for ever.</remarks>
    private static async Task GetAsync(MlflowCall call)
    {
        var page = await call.Service<TrackingService>().MetricHistoryAsync(
            call.Actor, call.ValidRunId(), call.RequiredText("metric_key"), call.PageToken(),
            call.MaxResults(TrackingLimits.HistoryPage, TrackingLimits.HistoryPage), call.Cancel);
        await call.AnswerPageAsync("metrics", page, (writer, point) => RunJson.WriteMetric(writer, point, null));
    }

    private static async Task GetManyAsync(MlflowCall call)
    {
        var runs = Runs(call, "run_id");
        var points = await call.Service<TrackingService>().BulkHistoryAsync(
            call.Actor, runs, call.RequiredText("metric_key"), call.MaxResults(TrackingLimits.HistoryPage, TrackingLimits.HistoryPage),
            call.Cancel);
        await AnswerAsync(call, points);
    }

    private static async Task GetSampledAsync(MlflowCall call)
    {
        (long First, long Last)? steps = (call.Integer("start_step"), call.Integer("end_step")) switch
        {
            (null, null) => null,
            ({ } first, { } last) when first <= last => (first, last),
            ({ } first, { } last) => throw MlflowException.Invalid(
                $"end_step must be greater than start_step. Found start_step={first} and end_step={last}."),
            _ => throw MlflowException.Invalid("If either start step or end step are specified, both must be specified."),
        };
        var points = await call.Service<TrackingService>().BulkIntervalAsync(
            call.Actor, Runs(call, "run_ids"), call.RequiredText("metric_key"), steps,
            call.MaxResults(TrackingLimits.IntervalSteps, TrackingLimits.IntervalSteps), call.Cancel);
        await AnswerAsync(call, points);
    }

    private static IReadOnlyList<string> Runs(MlflowCall call, string name) =>
        call.Texts(name) is { Count: > 0 } runs ? runs : throw MlflowFields.Missing(name);

    private static Task AnswerAsync(MlflowCall call, IReadOnlyList<RunMetricPoint> points) => call.AnswerAsync(
        json => json.WritePage("metrics", new Page<RunMetricPoint>(points, null), Write));

    private static void Write(Utf8JsonWriter json, RunMetricPoint point) => RunJson.WriteMetric(json, point.Point, point.RunId);
}
