using System.Globalization;
using Slipway.Client;

namespace Slipway.Commands.Client;

/// <summary>Runs as people read them.</summary>
internal static class RunText
{
    private const int MetricColumns = 4;

    public static void List(IReadOnlyList<RunDetail> runs, Output output)
    {
        var keys = runs.SelectMany(run => run.Metrics.Keys).GroupBy(key => key, StringComparer.Ordinal)
            .OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal)
            .Take(MetricColumns).Select(group => group.Key);
        output.Table(
            runs,
            "No runs.",
            [
                new("ID", r => r.Run.Id),
                new("NAME", r => r.Run.Name),
                new("STATUS", r => Word(r.Run.Status)),
                new("STARTED", r => Output.Time(r.Run.StartMs)),
                new("TOOK", r => Duration(r.Run)),
                .. keys.Select(key => new Field<RunDetail>(key, r => r.Metrics.TryGetValue(key, out var point) ? Output.Number(point.Value) : "")),
            ]);
    }

    public static void Detail(RunDetail run, TextWriter writer)
    {
        Section(writer, "run", Facts(run.Run));
        Section(writer, "params", run.Params.Select(p => (p.Key, (string?)p.Value)));
        Section(writer, "metrics", run.Metrics.Values.Select(m => (m.Key, (string?)$"{Output.Number(m.Value)} at step {m.Step}")));
        Section(writer, "tags", run.Tags.Select(t => (t.Key, (string?)t.Value)));
        Section(writer, "datasets", run.Inputs.Select(i => (i.Name, (string?)$"{i.Digest} from {i.Source} {(i.Context.Length > 0 ? $"for {i.Context}" : "")}")));
    }

    public static string Word(RunStatus status) => status.ToString().ToLowerInvariant();

    private static IEnumerable<(string, string?)> Facts(Run run)
    {
        yield return ("id", run.Id);
        yield return ("name", run.Name);
        yield return ("status", Word(run.Status) + (run.Lifecycle == Lifecycle.Deleted ? ", deleted" : ""));
        yield return ("experiment", run.ExperimentId.ToString(CultureInfo.InvariantCulture));
        yield return ("started", $"{Output.Time(run.StartMs)} by {run.Actor}");
        yield return ("took", Duration(run));
        yield return ("parent", run.ParentId);
        if (run.Environment is { } environment)
        {
            yield return ("commit", environment.GitCommit + (environment.GitDirty == true ? " with changes" : ""));
            yield return ("repository", environment.GitRepository);
            yield return ("command", environment.CommandLine);
            yield return ("runtime", environment.Runtime);
            yield return ("system", environment.Os);
            yield return ("seed", environment.Seed?.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static void Section(TextWriter writer, string title, IEnumerable<(string Key, string? Value)> pairs)
    {
        var known = pairs.Where(pair => !string.IsNullOrEmpty(pair.Value)).OrderBy(pair => title == "run" ? "" : pair.Key, StringComparer.Ordinal).ToList();
        if (known.Count > 0)
        {
            writer.WriteLine(title);
            new TextTable(["", "", ""], [.. known.Select(pair => new[] { "", pair.Key, pair.Value })]).WriteTo(writer);
        }
    }

    private static string Duration(Run run) => run.EndMs is { } end
        ? TimeSpan.FromMilliseconds(Math.Max(0, end - run.StartMs)) is var took && took < TimeSpan.FromMinutes(1)
            ? string.Create(CultureInfo.InvariantCulture, $"{took.TotalSeconds:0.0} s")
            : took.ToString(took.TotalDays < 1 ? @"h\:mm\:ss" : @"d\.hh\:mm\:ss", CultureInfo.InvariantCulture)
        : "";
}
