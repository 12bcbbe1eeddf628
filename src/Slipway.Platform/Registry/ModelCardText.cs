using System.Globalization;
using System.Text;
using Slipway.Core.Data;
using Slipway.Platform.Foundation;
using Slipway.Platform.Tracking;

namespace Slipway.Platform.Registry;

/// <summary>Writes a model card (after Mitchell et al., 2019) from what the registry and the run know.</summary>
internal static class ModelCardText
{
    public static string Write(RegisteredModel model, ModelVersion version, RunDetail? run)
    {
        var card = new StringBuilder();
        card.Append(CultureInfo.InvariantCulture, $"# {Plain(model.Name)} {version.Version}\n\n");
        Table(card, ["", ""], Facts(model, version));
        Section(card, "Purpose", model.Description);
        if (version.Description.Length > 0)
        {
            card.Append(CultureInfo.InvariantCulture, $"{Plain(version.Description)}\n\n");
        }

        card.Append("## Data\n\n");
        Table(
            card,
            ["Dataset", "Digest", "Source", "Rows", "Used for"],
            run?.Inputs.Select(i => new[] { i.Name, i.Digest, i.Source, Number(i.Rows), i.Context }));
        card.Append(CultureInfo.InvariantCulture, $"Training window: {Window(version.TrainingWindow)}\n\n");
        Features(card, version);
        card.Append("## Metrics\n\n");
        Table(
            card,
            ["Metric", "Value"],
            version.Metrics.OrderBy(m => m.Key, StringComparer.Ordinal)
                .Select(m => new[] { m.Key, m.Value.ToString("G6", CultureInfo.InvariantCulture) }));
        Section(card, "Limitations", version.Limitations);
        return card.ToString().TrimEnd('\n') + "\n";
    }

    private static IEnumerable<string[]> Facts(RegisteredModel model, ModelVersion version)
    {
        yield return ["Owner", model.Owner];
        yield return ["Registered", $"{Time(version.CreatedMs * 1000)} by {version.CreatedBy}"];
        yield return ["Stage", EnumName.Of(version.Stage)];
        yield return ["Run", version.RunId ?? ""];
        yield return ["File", $"{version.File.Bytes} bytes, SHA-256 {version.File.Sha256}"];
    }

    private static void Features(StringBuilder card, ModelVersion version)
    {
        card.Append("## Features\n\n");
        if (version.FeatureService is not null)
        {
            var views = version.FeatureViews.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => $"{v.Key} {v.Value}");
            card.Append(CultureInfo.InvariantCulture, $"Feature service: {Plain(version.FeatureService)} ({Plain(string.Join(", ", views))})\n\n");
        }

        Table(card, ["Input", "Type"], Columns(version.Signature.Inputs));
        Table(card, ["Output", "Type"], Columns(version.Signature.Outputs));
    }

    private static IEnumerable<string[]> Columns(IReadOnlyList<ColumnSchema> columns) =>
        columns.Select(column => new[] { column.Name, EnumName.Of(column.Type) });

    private static void Section(StringBuilder card, string title, string text) => card.Append(
        CultureInfo.InvariantCulture, $"## {title}\n\n{(text.Length == 0 ? "Not stated." : Plain(text))}\n\n");

    private static void Table(StringBuilder card, string[] head, IEnumerable<string[]>? rows)
    {
        var lines = rows?.ToList() ?? [];
        if (lines.Count == 0)
        {
            card.Append("Not known.\n\n");
            return;
        }

        card.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", head)} |\n|{string.Concat(head.Select(_ => "---|"))}\n");
        foreach (var line in lines)
        {
            card.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", line.Select(cell => Plain(cell.Length == 0 ? "not known" : cell)))} |\n");
        }

        card.Append('\n');
    }

    private static string Window(TrainingWindow? window) =>
        window is null ? "not known." : $"{Time(window.FromUs)} to {Time(window.ToUs)} (not included).";

    private static string Time(long us) => DateTimeOffset.UnixEpoch.AddTicks(us * TimeSpan.TicksPerMicrosecond)
        .ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    private static string Number(long? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "";

    /// <summary>A name must not break a table, start markup or become HTML.</summary>
    private static string Plain(string text)
    {
        var plain = new StringBuilder(text.Length);
        foreach (var c in text.ReplaceLineEndings(" "))
        {
            if (c is '|' or '<' or '>' or '&' or '`' or '*' or '[' or ']' or '\\')
            {
                plain.Append('\\');
            }

            plain.Append(c);
        }

        return plain.ToString();
    }
}
