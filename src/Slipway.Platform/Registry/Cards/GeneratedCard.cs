using System.Globalization;
using Slipway.Core.Data;
using Slipway.Platform.Foundation;
using Slipway.Platform.Tracking;
using static Slipway.Platform.Registry.Cards.CardTables;

namespace Slipway.Platform.Registry.Cards;

/// <summary>The sections of a model card (after Mitchell et al., 2019) from what the registry, the run and the lineage know.</summary>
internal static class GeneratedCard
{
    /// <summary>A metric of one part of the data is called <c>slice/COLUMN/VALUE/METRIC</c>.</summary>
    private const string Slice = "slice/";

    public static IReadOnlyList<(string Title, string Markdown)> Write(
        RegisteredModel model, ModelVersion version, RunDetail? run, LineageGraph lineage) =>
    [
        ("", $"# {Plain(model.Name)} {version.Version}\n\n{Table(["", ""], Facts(model, version))}"),
        ("Purpose", version.Description.Length == 0 ? Text(model.Description) : $"{Text(model.Description)}\n\n{Plain(version.Description)}"),
        ("Owner", model.Owner.Length == 0 ? "Not stated." : $"{Plain(model.Owner)} (project {Plain(model.Project)})"),
        ("Data", Data(version, run)),
        ("Features", Features(version)),
        ("Signature", $"{Columns("Input", version.Signature?.Inputs)}\n\n{Columns("Output", version.Signature?.Outputs)}"),
        ("Metrics", Table(["Metric", "Value"], Sorted(version).Where(m => !IsSlice(m.Key)).Select(m => new[] { m.Key, Number(m.Value) }))),
        ("Metrics by slice", Slices(version)),
        ("Limitations", Text(version.Limitations)),
        ("Lineage", Table(["From", "", "To"], lineage.Edges.Select(e => new[] { Name(e.From), e.Relation.Replace('_', ' '), Name(e.To) }))),
    ];

    private static IEnumerable<string[]> Facts(RegisteredModel model, ModelVersion version)
    {
        yield return ["Registered", $"{Time(version.CreatedMs * 1000)} by {version.CreatedBy}"];
        yield return ["Stage", EnumName.Of(version.Stage)];
        yield return ["Run", version.RunId ?? ""];
        if (version.Source is not null)
        {
            yield return ["Source", version.Source];
        }

        yield return ["File", version.File is { } file ? $"{file.Bytes} bytes, SHA-256 {file.Sha256}" : version.NotServable ?? "none"];
        yield return ["Rules", model.Governed ? "governed" : "open"];
    }

    private static string Data(ModelVersion version, RunDetail? run) =>
        Table(
            ["Dataset", "Digest", "Source", "Rows", "Used for"],
            run?.Inputs.Select(i => new[] { i.Name, i.Digest, i.Source, i.Rows?.ToString(CultureInfo.InvariantCulture) ?? "", i.Context }))
        + (version.TrainingWindow is { } window
            ? $"\n\nTraining window: {Time(window.FromUs)} to {Time(window.ToUs)} (not included)."
            : "\n\nTraining window: not known.");

    private static string Features(ModelVersion version)
    {
        if (version.FeatureService is null)
        {
            return "Whatever the caller sends; no feature service.";
        }

        var views = version.FeatureViews.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => $"{v.Key} {v.Value}");
        return $"Feature service: {Plain(version.FeatureService)} ({Plain(string.Join(", ", views))})";
    }

    private static string Columns(string what, IReadOnlyList<ColumnSchema>? columns) =>
        Table([what, "Type"], columns?.Select(column => new[] { column.Name, EnumName.Of(column.Type) }));

    private static string Slices(ModelVersion version)
    {
        var parts = Sorted(version).Where(m => IsSlice(m.Key)).Select(m => (Path: m.Key.Split('/'), m.Value)).ToList();
        var metrics = parts.Select(p => p.Path[3]).Distinct().Order(StringComparer.Ordinal).ToList();
        return Table(
            ["Slice", .. metrics.Select(Plain)],
            parts.GroupBy(p => $"{p.Path[1]} = {p.Path[2]}").Select(slice => new[] { slice.Key }.Concat(metrics
                .Select(metric => slice.Where(p => p.Path[3] == metric).Select(p => Number(p.Value)).FirstOrDefault("–"))).ToList()));
    }

    private static bool IsSlice(string key) => key.StartsWith(Slice, StringComparison.Ordinal) && key.Count(c => c == '/') == 3;

    private static IEnumerable<KeyValuePair<string, double>> Sorted(ModelVersion version) =>
        version.Metrics.OrderBy(m => m.Key, StringComparer.Ordinal);

    private static string Name(LineageNode node) => $"{EnumName.Of(node.Kind).Replace('_', ' ')} {node.Id}";

    private static string Text(string text) => text.Length == 0 ? "Not stated." : Plain(text);
}
