using Slipway.Client;

namespace Slipway.Commands.Client;

/// <param name="Kind"><c>run</c>, <c>param</c>, <c>metric</c>, <c>tag</c> or <c>dataset</c>.</param>
/// <param name="Values">One per run, null where a run has none.</param>
internal sealed record ComparedValue(string Kind, string Key, IReadOnlyList<string?> Values)
{
    public bool Differs => Values.Distinct(StringComparer.Ordinal).Count() > 1;
}

/// <summary>Runs side by side.</summary>
internal sealed record RunComparison(IReadOnlyList<string> Runs, IReadOnlyList<ComparedValue> Values)
{
    /// <param name="all">Whether what is equal in all of them is kept.</param>
    public static RunComparison Of(IReadOnlyList<RunDetail> runs, bool all)
    {
        var values = new[]
        {
            new ComparedValue("run", "name", [.. runs.Select(r => r.Run.Name)]),
            new ComparedValue("run", "status", [.. runs.Select(r => RunText.Word(r.Run.Status))]),
            new ComparedValue("run", "commit", [.. runs.Select(r => r.Run.Environment?.GitCommit)]),
            new ComparedValue("run", "seed", [.. runs.Select(r => r.Run.Environment?.Seed is { } seed ? $"{seed}" : null)]),
        }
            .Concat(Compare("param", runs, r => r.Params))
            .Concat(Compare("metric", runs, r => r.Metrics.ToDictionary(m => m.Key, m => m.Value.Value.ToString("R", System.Globalization.CultureInfo.InvariantCulture))))
            .Concat(Compare("tag", runs, r => r.Tags.Where(t => t.Key != "mlflow.runName")))
            .Concat(Compare("dataset", runs, r => r.Inputs.GroupBy(i => i.Name).ToDictionary(g => g.Key, g => string.Join(", ", g.Select(i => i.Digest).Distinct()))));
        return new RunComparison([.. runs.Select(r => r.Run.Id)], [.. values.Where(value => all || value.Differs)]);
    }

    public void WriteTo(Output output) => output.Write(this, (comparison, writer) =>
    {
        if (comparison.Values.Count == 0)
        {
            writer.WriteLine("They are equal in params, metrics, tags and datasets.");
            return;
        }

        new TextTable(
            ["", "", .. comparison.Runs.Select(id => id.Length > 12 ? id[..4] + "…" + id[^7..] : id)],
            [.. comparison.Values.Select(v => new[] { v.Kind, v.Key }.Concat(v.Values.Select(x => x ?? "-")).ToArray())]).WriteTo(writer);
    });

    private static IEnumerable<ComparedValue> Compare(
        string kind, IReadOnlyList<RunDetail> runs, Func<RunDetail, IEnumerable<KeyValuePair<string, string>>> select)
    {
        var sides = runs.Select(run => select(run).ToDictionary(StringComparer.Ordinal)).ToList();
        return sides.SelectMany(side => side.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(key => new ComparedValue(kind, key, [.. sides.Select(side => side.GetValueOrDefault(key))]));
    }
}
