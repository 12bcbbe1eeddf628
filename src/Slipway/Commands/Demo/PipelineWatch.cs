using System.Text.Json.Nodes;
using Slipway.Core.Errors;

namespace Slipway.Commands.Demo;

/// <summary>Follows a pipeline run, tells what its steps do, and approves what people are asked to approve.</summary>
internal sealed class PipelineWatch(DemoApi api, DemoProgress progress)
{
    public static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);

    private readonly HashSet<string> told = [];
    private readonly HashSet<string> seen = [];

    /// <summary>
    /// Returns when the run has ended, or waits for something that is no approval. A run that had failed before it was looked
    /// at, as on a disk that was full, is tried once more.
    /// </summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> when the run has failed.</exception>
    public async Task<JsonNode> FollowAsync(string runId, CancellationToken cancel, bool silently = false)
    {
        while (true)
        {
            var run = await api.GetAsync($"pipeline-runs/{runId}", cancel);
            if (seen.Add(runId) && run["state"]!.GetValue<string>() == "failed")
            {
                await api.PostAsync($"pipeline-runs/{runId}/retry", new { }, cancel);
                continue;
            }

            if (!silently)
            {
                Tell(runId, run);
            }

            switch (run["state"]!.GetValue<string>())
            {
                case "failed":
                    throw new SlipwayException(ErrorKind.FailedPrecondition, $"Pipeline run {runId} failed. {run["error"]}");
                case "succeeded":
                    return run;
                case "waiting" when Waits(run, forApproval: false):
                    return run;
                case "waiting" when Waits(run, forApproval: true):
                    await ApproveAsync(cancel);
                    await Task.Delay(Poll, cancel);
                    break;
                default:
                    await Task.Delay(Poll, cancel);
                    break;
            }
        }
    }

    /// <summary>The run that a monitor's trigger started.</summary>
    public async Task<string> FindAsync(string pipeline, string cause, CancellationToken cancel)
    {
        while (true)
        {
            var runs = (JsonArray)await api.GetAsync($"pipeline-runs?pipeline={pipeline}", cancel);
            if (runs.FirstOrDefault(run => run!["cause"]!.GetValue<string>() == cause) is { } found)
            {
                return found["id"]!.GetValue<string>();
            }

            await Task.Delay(Poll, cancel);
        }
    }

    public static JsonNode? Outputs(JsonNode run, string step) =>
        ((JsonArray)run["steps"]!).First(s => s!["name"]!.GetValue<string>() == step)!["outputs"];

    private static bool Waits(JsonNode run, bool forApproval) => ((JsonArray)run["steps"]!).Any(step =>
        step!["state"]!.GetValue<string>() == "waiting"
        && step["error"]!.GetValue<string>().StartsWith("approval ", StringComparison.Ordinal) == forApproval);

    private async Task ApproveAsync(CancellationToken cancel)
    {
        var pending = (JsonArray)(await api.GetAsync("approvals?state=pending", cancel))["items"]!;
        foreach (var approval in pending)
        {
            await api.PostAsync(
                $"approvals/{approval!["id"]}/decision", new { decision = "approve", comment = "the gate's numbers hold" }, cancel);
            progress.Detail($"approved {approval["action"]} of {approval["subject"]}, asked for by {approval["requestedBy"]}");
        }
    }

    private void Tell(string runId, JsonNode run)
    {
        foreach (var step in (JsonArray)run["steps"]!)
        {
            var (name, state) = (step!["name"]!.GetValue<string>(), step["state"]!.GetValue<string>());
            if (state is not ("pending" or "running") && told.Add($"{runId}/{name}/{state}"))
            {
                var seconds = step["startedMs"] is { } started ? ((step["finishedMs"]?.GetValue<long>() ?? 0) - started.GetValue<long>()) / 1000.0 : 0;
                var last = step["log"]?.GetValue<string>().TrimEnd().Split('\n')[^1];
                var note = state == "waiting" ? step["error"]?.GetValue<string>() : last is { Length: > 13 } ? last[13..] : "";
                progress.Detail(string.Create(
                    System.Globalization.CultureInfo.InvariantCulture, $"{name,-18} {state,-10} {Math.Max(0, seconds),6:0.0} s  {note}"));
            }
        }
    }
}
