using System.Text.Json.Nodes;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.SystemTests.Demo;

/// <summary>The main job from raw flights to a promoted challenger, as a newcomer runs it.</summary>
public sealed class DemoTests(SmallFlights flights)
{
    [Fact]
    public async Task The_demo_holds_every_step_and_writes_its_summary()
    {
        var (summary, _, _) = await flights.UnbrokenAsync();
        var (rows, asked) = await CountAsync();

        Assert.Equal(rows, Number(summary, "rows"));
        Assert.InRange(Number(summary, "quarantined"), 0, 0.01 * rows);
        Assert.InRange(Number(summary, "auc_april"), 0.7, 1);
        Assert.InRange(Number(summary, "auc_april") - Number(summary, "auc_april_baseline"), 0.04, 0.5);
        Assert.InRange(Number(summary, "predictions_served"), asked - Number(summary, "quarantined"), asked);
        Assert.Equal(Number(summary, "predictions_served"), Number(summary, "labels_joined"));
        Assert.InRange(Number(summary, "drift_alerts"), 0, 100);
        Assert.InRange(Number(summary["skew"]!, "compared"), 10 * Number(summary, "predictions_served"), double.MaxValue);
        Assert.Equal(0, Number(summary["skew"]!, "different"));
    }

    /// <summary>A bad day triggers a retraining in these flights. What comes of it is for the data to say; the parts must agree.</summary>
    [Fact]
    public async Task A_challenger_goes_as_far_as_the_gate_and_live_traffic_let_it()
    {
        var (summary, _, _) = await flights.UnbrokenAsync();

        var gate = summary["gate"]!;
        var passed = gate["decision"]!.GetValue<string>() == "pass";
        Assert.Equal(passed, Number(gate, "challenger") > Number(gate, "champion") && Number(gate, "p_value") < 0.05);
        Assert.Equal(passed ? "1.1.0" : null, summary["retrained_version"]?.GetValue<string>());
        Assert.Equal(passed, summary["canary"] is not null);
        var decision = summary["canary"]?["decision"]!.GetValue<string>();
        string[] stages = decision switch
        {
            null => ["1.0.0 production"],
            "promoted" => ["1.0.0 retired", "1.1.0 production"],
            _ => ["1.0.0 production", "1.1.0 staging"],
        };
        Assert.Equal(stages, ((JsonArray)summary["model_versions"]!).Select(v => $"{v!["version"]} {v["stage"]}"));
    }

    [Fact]
    public async Task The_summary_names_the_way_from_data_to_deployment_and_the_time_it_took()
    {
        var (summary, _, _) = await flights.UnbrokenAsync();

        // A version that was retrained leads back to the alert that asked for it; one that the gate refused is none.
        string[] cause = summary["retrained_version"] is null ? [] : ["alert"];
        Assert.Equal(
            [.. cause, "dataset", "endpoint", "feature_service", "feature_source", "feature_view", "model_version", "pipeline_run", "run"],
            ((JsonObject)summary["lineage"]!).Select(p => p.Key).Order(StringComparer.Ordinal));
        Assert.Equal(["flight-delay"], Names(summary["lineage"]!["endpoint"]!));
        var versions = ((JsonArray)summary["model_versions"]!).Select(v => $"flight-delay/{v!["version"]}").ToList();
        Assert.Equal(versions, Names(summary["lineage"]!["model_version"]!));
        Assert.Equal(versions.Count, Names(summary["lineage"]!["run"]!).Count());
        var seconds = (JsonObject)summary["seconds"]!;
        Assert.Equal(["define", "replay", "skew", "total", "train"], seconds.Select(p => p.Key).Order(StringComparer.Ordinal));
        Assert.InRange(Number(seconds, "total"), seconds.Where(p => p.Key != "total").Sum(p => p.Value!.GetValue<double>()) - 0.5, 300);
    }

    private static double Number(JsonNode node, string name) => node[name]!.GetValue<double>();

    private static IEnumerable<string> Names(JsonNode array) => ((JsonArray)array).Select(node => node!.GetValue<string>());

    /// <summary>What the source holds, counted beside the program: rows, and flights that leave in May.</summary>
    private async Task<(long Rows, long Asked)> CountAsync()
    {
        using var analytics = new AnalyticsEngine(new AnalyticsOptions());
        var counts = await analytics.QueryAsync(
            $"select count(*) as n, count(*) filter (date >= timestamp '2001-05-01') as may from read_parquet({Sql.Text(await flights.SourceAsync())})",
            TestContext.Current.CancellationToken);
        return (counts["n"].Longs[0], counts["may"].Longs[0]);
    }
}
