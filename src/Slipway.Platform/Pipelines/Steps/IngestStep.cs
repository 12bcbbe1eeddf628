using System.Text.Json.Nodes;
using Slipway.Platform.Foundation;
using Slipway.Platform.Pipelines.Quality;

namespace Slipway.Platform.Pipelines.Steps;

/// <summary><c>dataset.ingest</c>: checks a Parquet file against quality rules and keeps what is good and, apart, what is not.</summary>
internal sealed class IngestStep(QualityCheck quality, Datasets datasets, Scratch scratch)
{
    /// <param name="File">A Parquet file the server can read.</param>
    /// <param name="Rules">A YAML file of quality rules.</param>
    /// <param name="Where">A DuckDB condition on the rows to look at.</param>
    /// <param name="AsOf">What freshness is measured against.</param>
    private sealed record Inputs(string File, string Rules, string? Where = null, DateTimeOffset? AsOf = null);

    private sealed record Outputs(DatasetSnapshot Dataset, DatasetSnapshot Quarantine, QualityReport Report);

    public async Task<JsonObject> RunAsync(StepContext step, CancellationToken cancel)
    {
        var inputs = step.Read<Inputs>();
        var rules = QualityRules.Read(inputs.Rules);
        using var folder = scratch.Open();
        var (accepted, quarantined) = (folder.File("accepted.parquet"), folder.File("quarantined.parquet"));
        var report = await quality.RunAsync(inputs.File, rules, inputs.Where, inputs.AsOf, accepted, quarantined, cancel);
        step.Log($"{report.Rows} rows read, {report.Accepted} accepted, {report.Quarantined} set aside");
        foreach (var finding in report.Findings)
        {
            step.Log($"{EnumName.Of(finding.Kind)}: {finding.Message} ({finding.Example})");
        }

        return StepInputs.Write(new Outputs(
            await datasets.PutFileAsync(rules.Dataset, accepted, report.Accepted, cancel),
            await datasets.PutFileAsync($"{rules.Dataset}.quarantine", quarantined, report.Quarantined, cancel),
            report));
    }
}
