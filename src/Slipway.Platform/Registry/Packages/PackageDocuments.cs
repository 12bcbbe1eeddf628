using System.Security.Cryptography;
using System.Text;
using Slipway.Core.Data;
using Slipway.Platform.Foundation;
using Slipway.Platform.Tracking;

namespace Slipway.Platform.Registry.Packages;

/// <summary>The documents that a package is made with, from what is known of the version and its run.</summary>
internal static class PackageDocuments
{
    /// <summary>Tags by which MLflow's clients tell where the code of a run is.</summary>
    private static readonly string[] SourceTags =
        ["mlflow.source.name", "mlflow.source.type", "mlflow.source.git.commit", "mlflow.source.git.repoURL", "mlflow.source.git.branch", "mlflow.user"];

    private sealed record Configuration(string? Source, string? Artifact, string? ModelId, ModelSignature? Signature, string CreatedBy, long CreatedMs);

    private sealed record Code(string? RunId, RunEnvironment? Environment, IReadOnlyDictionary<string, string> Tags);

    private sealed record Evaluation(
        IReadOnlyDictionary<string, double> Metrics, TrainingWindow? TrainingWindow, IReadOnlyList<DatasetInput> Inputs);

    private sealed record ServedAs(ModelSignature? Signature, string? FeatureService, IReadOnlyDictionary<string, string> FeatureViews);

    public static IReadOnlyList<PackageFile> Of(ModelVersion version, RunDetail? run) =>
    [
        Document(PackageFiles.Configuration, Json.Write(new Configuration(
            version.Source, version.Artifact, version.ModelId, version.Signature, version.CreatedBy, version.CreatedMs))),
        Document(PackageFiles.Code, Json.Write(new Code(
            version.RunId, run?.Run.Environment, Sorted(run?.Tags.Where(tag => SourceTags.Contains(tag.Key)) ?? [])))),
        Document(PackageFiles.Evaluation, Json.Write(new Evaluation(Sorted(version.Metrics), version.TrainingWindow, run?.Inputs ?? []))),
        Serving(version),
    ];

    /// <summary>Made again from the version when it is verified: what serving goes by must be what was signed.</summary>
    public static PackageFile Serving(ModelVersion version) => Document(
        PackageFiles.Serving, Json.Write(new ServedAs(version.Signature, version.FeatureService, Sorted(version.FeatureViews))));

    public static IEnumerable<PackageFile> Of(IReadOnlyDictionary<string, string>? documents) =>
        (documents ?? new Dictionary<string, string>()).Select(document => Document(document.Key, document.Value));

    private static PackageFile Document(string name, string content)
    {
        var bytes = Encoding.UTF8.GetBytes(content);
        return new PackageFile(name, bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes)), null, content);
    }

    private static SortedDictionary<string, T> Sorted<T>(IEnumerable<KeyValuePair<string, T>> pairs)
    {
        var sorted = new SortedDictionary<string, T>(StringComparer.Ordinal);
        foreach (var (key, value) in pairs)
        {
            sorted[key] = value;
        }

        return sorted;
    }
}
