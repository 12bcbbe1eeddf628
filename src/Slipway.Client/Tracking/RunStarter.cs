using Slipway.Client.Reproduction;
using Slipway.Core.Errors;
using Slipway.Core.Reproduction;

namespace Slipway.Client.Tracking;

internal static class RunStarter
{
    /// <summary>Names a run that waits for this program, set by whoever reproduces one.</summary>
    public const string RunVariable = "SLIPWAY_RUN_ID";

    public static async Task<TrackedRun> StartAsync(
        SlipwayClient client, string experiment, TrackedRunOptions run, SlipwayClientOptions options, CancellationToken cancel)
    {
        var source = run.CaptureEnvironment ? await SourceState.CaptureAsync(run, cancel) : null;
        var started = Environment.GetEnvironmentVariable(RunVariable) is { Length: > 0 } waiting
            ? await TakeAsync(client, waiting, cancel)
            : await client.Runs.StartAsync(await StartOf(client, experiment, run, source, cancel), cancel);
        if (source is not null)
        {
            await KeepAsync(client, started.Id, source, cancel);
        }

        return new TrackedRun(client, started, options);
    }

    private static async Task<RunStart> StartOf(
        SlipwayClient client, string experiment, TrackedRunOptions run, SourceState? source, CancellationToken cancel)
    {
        var home = await client.Experiments.GetOrCreateAsync(experiment, cancel);
        return new RunStart(
            home.Id, run.Name, run.ParentId, run.RequestKey, source?.Environment ?? new RunEnvironment(Seed: run.Seed), run.Tags);
    }

    private static async Task<Run> TakeAsync(SlipwayClient client, string id, CancellationToken cancel)
    {
        var run = (await client.Runs.GetAsync(id, cancel)).Run;
        return run.Status is RunStatus.Running or RunStatus.Scheduled ? run : throw new SlipwayException(
            ErrorKind.FailedPrecondition, $"{RunVariable} names run {id}, which has ended as {run.Status}; unset it to start a run of its own.");
    }

    /// <summary>What is too large for the run itself lies beside its other files.</summary>
    private static async Task KeepAsync(SlipwayClient client, string id, SourceState source, CancellationToken cancel)
    {
        if (source.Diff is { Length: > 0 })
        {
            await client.Artifacts.UploadTextAsync(id, SourceState.DiffPath, source.Diff, cancel);
        }

        if (source.Packages.Count > 0)
        {
            await client.Artifacts.UploadTextAsync(id, SourceState.PackagesPath, PackageList.Text(source.Packages), cancel);
        }
    }
}
