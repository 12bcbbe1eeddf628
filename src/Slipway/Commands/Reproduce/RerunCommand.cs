using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Slipway.Client;
using Slipway.Client.Reproduction;
using Slipway.Configuration;
using Slipway.Core.Errors;
using Slipway.Core.Reproduction;

namespace Slipway.Commands.Reproduce;

/// <summary>Runs a recorded command again, as a new run, and compares what came out.</summary>
internal static class RerunCommand
{
    /// <summary>On a run that was made to reproduce another: the id of that one.</summary>
    public const string Tag = "slipway.reproduces";

    /// <param name="folder">Where the command starts.</param>
    /// <param name="tolerance">How far a metric may be off, relative to the larger of the two.</param>
    public static async Task<Rerun> RunAsync(
        SlipwayClient client, string? apiKey, RunDetail old, Recipe recipe, string folder, double tolerance, CancellationToken cancel)
    {
        if (!recipe.IsRunnable)
        {
            throw new SlipwayException(ErrorKind.FailedPrecondition, recipe.Command is null
                ? $"Run {old.Run.Id} does not say how it was started."
                : $"The command of run {old.Run.Id} has lost a secret; run it by hand: {recipe.Command}");
        }

        var made = await client.Runs.StartAsync(
            new RunStart(old.Run.ExperimentId, Cut($"reproduction of {old.Run.Name}"), Tags: new Dictionary<string, string> { [Tag] = old.Run.Id }), cancel);
        var exitCode = -1;
        try
        {
            exitCode = await StartAsync(client, apiKey, made, recipe, folder, cancel);
        }
        finally
        {
            await EndAsync(client, made.Id, exitCode);
        }

        var again = await client.Runs.GetAsync(made.Id, cancel);
        return new Rerun(made.Id, exitCode, [.. Compare(old, again, tolerance), await PackagesAsync(client, old.Run.Id, made.Id, cancel)]);
    }

    internal static IEnumerable<Finding> Compare(RunDetail old, RunDetail again, double tolerance)
    {
        foreach (var key in old.Params.Keys.Union(again.Params.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var (before, after) = (old.Params.GetValueOrDefault(key), again.Params.GetValueOrDefault(key));
            yield return new Finding($"param {key}", before, after, before == after ? Verdict.Same : Verdict.Differs);
        }

        foreach (var key in old.Metrics.Keys.Union(again.Metrics.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var (before, after) = (old.Metrics.GetValueOrDefault(key)?.Value, again.Metrics.GetValueOrDefault(key)?.Value);
            yield return new Finding(
                $"metric {key}", Text(before), Text(after), before is { } x && after is { } y && IsNear(x, y, tolerance) ? Verdict.Same : Verdict.Differs);
        }
    }

    /// <summary>|x − y| ≤ tolerance · max(|x|, |y|); NaN is near NaN, and an infinity itself.</summary>
    internal static bool IsNear(double x, double y, double tolerance) =>
        x.Equals(y) || Math.Abs(x - y) <= tolerance * Math.Max(Math.Abs(x), Math.Abs(y));

    private static async Task<int> StartAsync(
        SlipwayClient client, string? apiKey, Run made, Recipe recipe, string folder, CancellationToken cancel)
    {
        var words = CommandText.Split(recipe.Command!);
        var start = new ProcessStartInfo(words[0], words.Skip(1)) { WorkingDirectory = folder, RedirectStandardOutput = true };
        foreach (var (name, value) in Environment(client, apiKey, made))
        {
            start.Environment[name] = value;
        }

        try
        {
            using var process = Process.Start(start)!;
            using var stop = cancel.Register(() => process.Kill(entireProcessTree: true));

            // Standard output is this command's report.
            await process.StandardOutput.BaseStream.CopyToAsync(Console.OpenStandardError(), cancel);
            await process.WaitForExitAsync(cancel);
            return process.ExitCode;
        }
        catch (Win32Exception absent)
        {
            throw new SlipwayException(ErrorKind.FailedPrecondition, $"'{words[0]}' cannot be started in {folder}: {absent.Message}", absent);
        }
    }

    /// <summary>Both our client and MLflow's log into a run that is named like this.</summary>
    private static Dictionary<string, string> Environment(SlipwayClient client, string? apiKey, Run made)
    {
        var variables = new Dictionary<string, string>
        {
            [ClientVariables.Server] = client.Server.ToString(),
            [ClientVariables.Run] = made.Id,
            ["MLFLOW_TRACKING_URI"] = client.Server.ToString().TrimEnd('/'),
            ["MLFLOW_RUN_ID"] = made.Id,
            ["MLFLOW_EXPERIMENT_ID"] = made.ExperimentId.ToString(CultureInfo.InvariantCulture),
        };
        if (apiKey is not null)
        {
            variables[ClientVariables.ApiKey] = apiKey;
            variables["MLFLOW_TRACKING_TOKEN"] = apiKey;
        }

        return variables;
    }

    /// <summary>A program that logs nothing, or died, leaves the run open.</summary>
    private static async Task EndAsync(SlipwayClient client, string id, int exitCode)
    {
        if ((await client.Runs.GetAsync(id)).Run.Status is RunStatus.Running or RunStatus.Scheduled)
        {
            await client.Runs.FinishAsync(id, exitCode == 0 ? RunStatus.Finished : RunStatus.Failed);
        }
    }

    private static async Task<Finding> PackagesAsync(SlipwayClient client, string old, string again, CancellationToken cancel)
    {
        var (before, after) = (await LinesAsync(client, old, cancel), await LinesAsync(client, again, cancel));
        if (before is null || after is null)
        {
            return new Finding("packages", null, null, Verdict.Unknown, "one of the two runs does not list them");
        }

        var (gone, added) = (before.Except(after).ToList(), after.Except(before).ToList());
        return gone.Count + added.Count == 0
            ? new Finding("packages", $"{before.Count}", $"{after.Count}", Verdict.Same)
            : new Finding("packages", string.Join(", ", gone), string.Join(", ", added), Verdict.Differs, "install the recorded versions");
    }

    private static async Task<IReadOnlyList<string>?> LinesAsync(SlipwayClient client, string run, CancellationToken cancel)
    {
        var files = await client.Artifacts.ListAsync(run, "slipway", cancel);
        return files.Any(file => file.Path == SourceState.PackagesPath)
            ? (await client.Artifacts.ReadTextAsync(run, SourceState.PackagesPath, cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            : null;
    }

    private static string? Text(double? value) => value?.ToString("R", CultureInfo.InvariantCulture);

    private static string Cut(string name) => name.Length <= 250 ? name : name[..250];
}
