using System.Globalization;
using System.Text.Json;
using Slipway.Client;
using Slipway.Core.Reproduction;

namespace Slipway.Commands.Reproduce;

/// <summary>What a run says about how it was made, from its environment and, where that is silent, from MLflow's tags and params.</summary>
/// <param name="Commit">As the run has it; lower case.</param>
/// <param name="Command">Null when nobody recorded one.</param>
/// <param name="Folder">Where it was started, relative to the root of the checkout.</param>
internal sealed record Recipe(
    string RunId, string? Commit, bool? Dirty, string? DiffSha256, string? Repository, string? Command, string Folder, string? Runtime,
    string? Os, string? Seed, string? PackagesSha256, IReadOnlyList<DatasetInput> Datasets)
{
    private static readonly string[] SeedParams = ["seed", "random_seed", "random_state", "randomSeed"];

    /// <summary>Whether the command can be run as it is: one that lost a secret cannot.</summary>
    public bool IsRunnable => Command is not null && !Command.Contains(Secrets.Mark, StringComparison.Ordinal);

    public static Recipe Of(RunDetail run)
    {
        var known = run.Run.Environment ?? new RunEnvironment();
        return new Recipe(
            run.Run.Id,
            (known.GitCommit ?? Tag(run, "mlflow.source.git.commit") ?? Tag(run, "mlflow.git.commit"))?.ToLowerInvariant(),
            known.GitDirty ?? (bool.TryParse(Tag(run, "mlflow.git.dirty"), out var dirty) ? dirty : null),
            known.GitDiffSha256,
            known.GitRepository ?? Tag(run, "mlflow.source.git.repoURL") ?? Tag(run, "mlflow.gitRepoURL"),
            known.CommandLine ?? MlflowCommand(run),
            Inside(known.WorkingDirectory),
            known.Runtime,
            known.Os,
            known.Seed?.ToString(CultureInfo.InvariantCulture) ?? SeedParams.Select(run.Params.GetValueOrDefault).FirstOrDefault(seed => seed is not null),
            known.PackagesSha256,
            run.Inputs);
    }

    /// <summary>The local file a dataset came from, as its source names it: a path, a file address, or MLflow's JSON with either.</summary>
    public static string? LocalFile(DatasetInput dataset)
    {
        var source = dataset.Source.StartsWith('{') ? UriOf(dataset.Source) : dataset.Source;
        return source switch
        {
            null or "" => null,
            _ when source.StartsWith("file://", StringComparison.OrdinalIgnoreCase) => Uri.TryCreate(source, UriKind.Absolute, out var file) ? file.LocalPath : null,
            _ when source.Contains("://", StringComparison.Ordinal) => null,
            _ => source,
        };
    }

    /// <summary>A folder below the checkout, or its root for one that would leave it.</summary>
    private static string Inside(string? folder) =>
        folder is null || Path.IsPathRooted(folder) || folder.Split('/', '\\').Contains("..") ? "" : folder;

    private static string? UriOf(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.TryGetProperty("uri", out var uri) && uri.ValueKind == JsonValueKind.String ? uri.GetString() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>MLflow keeps the script alone, never its arguments.</summary>
    private static string? MlflowCommand(RunDetail run) => Tag(run, "mlflow.source.name") switch
    {
        { Length: > 0 } script when script.EndsWith(".py", StringComparison.Ordinal) => CommandText.Join(["python", script]),
        { Length: > 0 } program when Tag(run, "mlflow.source.type") is "LOCAL" => CommandText.Join([program]),
        _ => null,
    };

    private static string? Tag(RunDetail run, string key) => run.Tags.TryGetValue(key, out var value) && value.Length > 0 ? value : null;
}
