using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Pipelines;

namespace Slipway.Commands.Demo;

/// <summary>
/// The main job, as a client of the server: each step goes through the REST interface that everyone has. It may be killed at
/// any point and started again on the same data folder; what is done stays done.
/// </summary>
internal sealed class FlightsDemo(DemoApi api, FlightsExample example, IServiceProvider server, DemoProgress progress)
{
    private static readonly DateTimeOffset Now = new(2001, 5, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly PipelineWatch pipelines = new(api, progress);

    public async Task<DemoSummary> RunAsync(CancellationToken cancel)
    {
        await progress.StepAsync("define", "Features and pipelines are registered", () => DefineAsync(cancel));
        var training = await progress.StepAsync(
            "train", "Ingest, validate, build features, train, evaluate, register, approve, deploy", () => TrainAsync(cancel));
        var dataset = PipelineWatch.Outputs(training, "ingest")!["dataset"].Deserialize<DatasetSnapshot>(StepInputs.Options)!;
        var accepted = server.GetRequiredService<Datasets>().PathOf(dataset);
        var world = await FlightsWorld.ReadAsync(server.GetRequiredService<AnalyticsEngine>(), accepted, Now, cancel);
        var replay = new FlightsReplay(api, world, dataset, pipelines, progress);
        var (first, end) = world.Leaving(Microseconds.From(Now), long.MaxValue);
        await progress.StepAsync(
            "replay", $"Replay May and June: {end - first} flights are asked about when they leave and judged when they land",
            () => replay.RunAsync(Microseconds.From(Now), cancel));
        var skew = await progress.StepAsync(
            "skew", "Compare features as they were served with features as they are computed offline",
            () => ActivatorUtilities.CreateInstance<SkewCheck>(server).RunAsync(world, accepted, cancel));
        return await new FlightsReport(api, progress).SummariseAsync(training, skew, cancel);
    }

    private async Task<bool> DefineAsync(CancellationToken cancel)
    {
        await api.SendYamlAsync(HttpMethod.Post, "features/apply", example.Text("features.yaml"), cancel);
        foreach (var pipeline in new[] { "train.yaml", "refresh.yaml", "retrain.yaml" })
        {
            await api.SendYamlAsync(HttpMethod.Put, "pipelines", example.Text(pipeline), cancel);
        }

        return true;
    }

    private async Task<JsonNode> TrainAsync(CancellationToken cancel)
    {
        // The file's path and size are the cause, so another file is another run, for which history is not at its beginning.
        var file = new FileInfo(example.Source);
        var cause = string.Create(CultureInfo.InvariantCulture, $"demo:{file.FullName}:{file.Length}");
        var runs = (JsonArray)await api.GetAsync("pipeline-runs?pipeline=flights-train", cancel);
        if (runs.FirstOrDefault(r => r!["cause"]!.GetValue<string>() != cause && r["state"]!.GetValue<string>() != "failed") is { } other)
        {
            throw new SlipwayException(
                ErrorKind.FailedPrecondition,
                $"The data folder holds this job on another file ({other["cause"]}); choose another with --data, or remove it.");
        }

        var run = await api.PostAsync("pipelines/flights-train/runs", new { cause }, cancel);
        run = await pipelines.FollowAsync(run["id"]!.GetValue<string>(), cancel);
        return PipelineWatch.Outputs(run, "deploy") is not null ? run : throw new SlipwayException(
            ErrorKind.FailedPrecondition,
            $"The model did not pass its gate, so there is nothing to deploy. It was {PipelineWatch.Outputs(run, "gate")!["reason"]}.");
    }
}
