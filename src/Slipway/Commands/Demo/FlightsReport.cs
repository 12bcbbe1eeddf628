using System.Globalization;
using System.Text.Json.Nodes;

namespace Slipway.Commands.Demo;

/// <summary>Asks the server how it all ended, tells it to a person and returns it for <c>--json</c>.</summary>
internal sealed class FlightsReport(DemoApi api, DemoProgress progress)
{
    private const string Model = "flight-delay";

    public async Task<DemoSummary> SummariseAsync(JsonNode training, DemoSkew skew, CancellationToken cancel)
    {
        var quality = PipelineWatch.Outputs(training, "ingest")!["report"]!;
        var counts = await api.GetAsync($"endpoints/{FlightsReplay.Endpoint}/predictions/counts", cancel);
        var retraining = await LastRetrainingAsync(cancel);
        var canary = await api.FindAsync($"endpoints/{FlightsReplay.Endpoint}/canary", cancel);
        var summary = new DemoSummary
        {
            Rows = quality["rows"]!.GetValue<long>(),
            Quarantined = quality["quarantined"]!.GetValue<long>(),
            AucApril = PipelineWatch.Outputs(training, "evaluate")!["metrics"]!["auc"]!.GetValue<double>(),
            AucAprilBaseline = PipelineWatch.Outputs(training, "evaluate_baseline")!["metrics"]!["auc"]!.GetValue<double>(),
            ModelVersions = await VersionsAsync(cancel),
            PredictionsServed = counts["predictions"]!.GetValue<long>(),
            LabelsJoined = counts["labelled"]!.GetValue<long>(),
            DriftAlerts = await DriftAlertsAsync(cancel),
            RetrainedVersion = retraining is null ? null : PipelineWatch.Outputs(retraining, "register")?["version"]?.GetValue<string>(),
            Gate = retraining is null ? null : Gate(PipelineWatch.Outputs(retraining, "gate")),
            Canary = canary is null ? null : new DemoCanary(canary["state"]!.GetValue<string>(), canary["reason"]!.GetValue<string>()),
            Skew = skew,
            Lineage = await LineageAsync(training, cancel),
            Seconds = progress.Seconds,
        };
        Tell(summary);
        return summary;
    }

    private async Task<JsonNode?> LastRetrainingAsync(CancellationToken cancel)
    {
        var runs = (JsonArray)await api.GetAsync("pipeline-runs?pipeline=flights-retrain", cancel);
        return runs.Count == 0 ? null : await api.GetAsync($"pipeline-runs/{runs[0]!["id"]}", cancel);
    }

    private static DemoGate? Gate(JsonNode? outputs) => outputs is null ? null : new DemoGate(
        outputs["decision"]!.GetValue<string>(), outputs["champion"]!.GetValue<double>(), outputs["challenger"]!.GetValue<double>(),
        outputs["p_value"]!.GetValue<double>());

    private async Task<IReadOnlyList<DemoVersion>> VersionsAsync(CancellationToken cancel)
    {
        var versions = (JsonArray)(await api.GetAsync($"models/{Model}/versions", cancel))["items"]!;
        return [.. versions.Select(v => new DemoVersion(v!["version"]!.GetValue<string>(), v["stage"]!.GetValue<string>())).Reverse()];
    }

    private async Task<long> DriftAlertsAsync(CancellationToken cancel)
    {
        var (count, token) = (0L, "");
        do
        {
            var page = await api.GetAsync($"alerts?endpoint={FlightsReplay.Endpoint}&limit=1000{token}", cancel);
            count += ((JsonArray)page["items"]!).Count(alert => alert!["kind"]!.GetValue<string>() is "drift" or "dataset_drift");
            token = page["nextPageToken"]?.GetValue<string>() is { } next ? $"&pageToken={next}" : "";
        }
        while (token.Length > 0);
        return count;
    }

    /// <summary>Read backwards from the endpoint; the names are those of the steps that the ids come from.</summary>
    private async Task<JsonObject> LineageAsync(JsonNode training, CancellationToken cancel)
    {
        var graph = await api.GetAsync($"lineage?kind=endpoint&id={FlightsReplay.Endpoint}&direction=upstream&depth=20", cancel);
        var lineage = new JsonObject { ["pipeline_run"] = training["id"]!.GetValue<string>() };
        foreach (var group in ((JsonArray)graph["nodes"]!).GroupBy(node => node!["kind"]!.GetValue<string>()).Where(g => g.Key != "pipeline_run"))
        {
            lineage[group.Key] = new JsonArray([.. group.Select(node => (JsonNode?)node!["id"]!.GetValue<string>()).Order(Comparer<JsonNode?>.Create(
                (a, b) => string.CompareOrdinal(a!.GetValue<string>(), b!.GetValue<string>())))]);
        }

        return lineage;
    }

    private void Tell(DemoSummary s)
    {
        progress.Say("\nWhat came of it");
        Line("rows read", s.Rows);
        Line("rows set aside", s.Quarantined);
        Line("AUC in April", s.AucApril);
        Line("… without the windowed features", s.AucAprilBaseline);
        Line("predictions served", s.PredictionsServed);
        Line("outcomes joined", s.LabelsJoined);
        Line("features that differ online from offline", $"{s.Skew.Different} of {s.Skew.Compared}");
        Line("alerts of drift", s.DriftAlerts);
        Line("versions", string.Join(", ", s.ModelVersions.Select(v => $"{v.Version} ({v.Stage})")));
        Line("last gate", s.Gate is { } gate ? string.Create(CultureInfo.InvariantCulture, $"{gate.Decision}: {gate.Challenger:0.0000} against {gate.Champion:0.0000}, p = {gate.PValue:g2}") : "no retraining was triggered");
        Line("last canary", s.Canary is { } canary ? $"{canary.Decision}: {canary.Reason}" : "no challenger reached live traffic");
        Line("seconds in all", s.Seconds["total"]);
    }

    private void Line(string what, object value) =>
        progress.Detail(string.Create(CultureInfo.InvariantCulture, $"{what,-42} {value:#,0.####}"));
}
