using Slipway.Core.Data;
using System.Globalization;
using Slipway.Client;

namespace Slipway.Commands.Client;

/// <summary>Models and versions as people read them.</summary>
internal static class ModelText
{
    public static void Model(RegisteredModel model, TextWriter writer) => Facts(
        writer,
        ("name", model.Name),
        ("description", model.Description),
        ("owner", model.Owner),
        ("project", model.Project),
        ("created", $"{Output.Time(model.CreatedMs)} by {model.CreatedBy}"),
        ("updated", Output.Time(model.UpdatedMs)),
        ("aliases", Pairs(model.Aliases)),
        ("tags", Pairs(model.Tags)));

    public static void Version(ModelVersion version, TextWriter writer) => Facts(
        writer,
        ("version", $"{version.Model}/{version.Version}, number {version.Number}"),
        ("stage", version.Stage.ToString().ToLowerInvariant()),
        ("aliases", string.Join(", ", version.Aliases ?? [])),
        ("created", $"{Output.Time(version.CreatedMs)} by {version.CreatedBy}"),
        ("run", version.RunId),
        ("artifact", version.Artifact),
        ("file", version.File is { } file ? $"{Output.Bytes(file.Bytes)}, SHA-256 {file.Sha256}" : null),
        ("features", version.FeatureService),
        ("inputs", Columns(version.Signature?.Inputs)),
        ("outputs", Columns(version.Signature?.Outputs)),
        ("metrics", Pairs(version.Metrics?.ToDictionary(m => m.Key, m => Output.Number(m.Value)))),
        ("limitations", version.Limitations),
        ("description", version.Description),
        ("tags", Pairs(version.Tags)));

    private static string? Columns(IReadOnlyList<Slipway.Core.Data.ColumnSchema>? columns) =>
        columns is null ? null : string.Join(", ", columns.Select(column => $"{column.Name} {column.Type.Text()}"));

    private static string Pairs<T>(IReadOnlyDictionary<string, T>? pairs) => string.Join(
        ", ",
        (pairs ?? new Dictionary<string, T>()).OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key} = {pair.Value}")));

    private static void Facts(TextWriter writer, params IEnumerable<(string Name, string? Value)> facts) => new TextTable(
        ["", ""], [.. facts.Where(fact => !string.IsNullOrEmpty(fact.Value)).Select(fact => new[] { fact.Name, fact.Value })]).WriteTo(writer);
}
