using System.Text.RegularExpressions;
using Slipway.Platform.Tracking;

namespace Slipway.Platform.Registry.OpenLineage;

/// <summary>Where the code of a run is: from its environment and, where that is silent, from MLflow's tags.</summary>
/// <param name="Url">An address, also where git's short form <c>git@host:path</c> is none.</param>
internal sealed partial record SourceCode(string Url, string Repository, string? Path, string? Commit, string? Branch)
{
    /// <returns>Null when the run names no repository: the facet needs one.</returns>
    public static SourceCode? Of(RunDetail run)
    {
        var known = run.Run.Environment;
        var repository = known?.GitRepository ?? Tag(run, "mlflow.source.git.repoURL") ?? Tag(run, "mlflow.gitRepoURL");
        if (repository is null)
        {
            return null;
        }

        var url = ShortForm().Replace(repository, "ssh://$1/$2");
        return Uri.TryCreate(url, UriKind.Absolute, out _)
            ? new SourceCode(
                url, repository, known?.WorkingDirectory ?? Tag(run, "mlflow.source.name"),
                known?.GitCommit ?? Tag(run, "mlflow.source.git.commit"), Tag(run, "mlflow.source.git.branch"))
            : null;
    }

    private static string? Tag(RunDetail run, string key) => run.Tags.TryGetValue(key, out var value) && value.Length > 0 ? value : null;

    [GeneratedRegex(@"\A([A-Za-z0-9._\-]+@[A-Za-z0-9.\-]+):(?!//)(.+)\z")]
    private static partial Regex ShortForm();
}
