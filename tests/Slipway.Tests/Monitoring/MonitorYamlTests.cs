using Slipway.Core.Errors;
using Slipway.Platform.Foundation;
using Slipway.Platform.Monitoring;

namespace Slipway.Tests.Monitoring;

public sealed class MonitorYamlTests
{
    private const string Full = """
        endpoint: flight-delay
        clock: event
        windows: [1d, 7d]
        from: 2001-05-01
        minimum_rows: 300
        grace: 12h
        features:
          - {name: origin_mean_delay_3h}
          - {name: weekday, type: categorical, windows: [7d]}
        drift: {alpha: 0.01, numeric_floor: 0.2, dataset_share: 0.5}
        quality:
          minimum_outcomes: 100
          rules:
            - {metric: auc, worse_by: 0.02}
            - {metric: log_loss, worse_by: 0.05}
        alerts:
          - {name: inputs, on: drift, severity: info, owner: ml-team, when: 2 of 3, resolve_after: 3}
        trigger:
          pipeline: retrain
          on: [drift, performance]
          window: 7d
          when: 1 of 2
          cooldown: 14d
          parameters: {as_of: "${window.end}", depth: 8}
        webhooks:
          - {url: "https://example.org/hook", secret: ops}
        """;

    [Fact]
    public void A_monitor_is_read_whole()
    {
        var monitor = MonitorYaml.Parse(Full, "monitor.yaml");
        Assert.Equal(("flight-delay", MonitorClock.Event, 300), (monitor.Endpoint, monitor.Clock, monitor.MinimumRows));
        Assert.Equal(new DateTimeOffset(2001, 5, 1, 0, 0, 0, TimeSpan.Zero), monitor.From);
        Assert.Equal(TimeSpan.FromHours(12), monitor.Grace);
        Assert.Equal(FeatureKind.Categorical, monitor.Features[1].Kind);
        Assert.Equal([WindowLength.OneWeek], monitor.Features[1].Windows);
        Assert.Equal((0.01, 0.2, 0.05, 0.5), (
            monitor.Drift.Test.Alpha, monitor.Drift.Test.NumericEffectFloor, monitor.Drift.Test.CategoricalEffectFloor,
            monitor.Drift.DatasetShare));
        Assert.Equal([new(QualityMetric.Auc, 0.02), new(QualityMetric.LogLoss, 0.05)], monitor.Quality.Rules);
        Assert.Equal(
            new AlertRule("inputs", FindingKind.Drift, WindowLength.OneDay, Severity.Info, "ml-team", new(2, 3), 3),
            Assert.Single(monitor.Alerts));
        Assert.Equal([FindingKind.DatasetDrift, FindingKind.Performance], monitor.Trigger!.On);
        Assert.Equal((WindowLength.OneWeek, new Streak(1, 2)), (monitor.Trigger.Window, monitor.Trigger.Streak));
        Assert.Equal(8, (long)monitor.Trigger.Parameters["depth"]!);
        Assert.Equal("ops", Assert.Single(monitor.Webhooks).Secret);
    }

    [Fact]
    public void A_stored_monitor_is_the_one_that_was_read()
    {
        var stored = Json.Write(MonitorYaml.Parse(Full, "monitor.yaml"));
        Assert.Equal(stored, Json.Write(Json.Read<MonitorDefinition>(stored)));
    }

    [Fact]
    public void Json_is_yaml_and_what_is_left_out_has_a_default()
    {
        var monitor = MonitorYaml.Parse("""{"features": [{"name": "a"}], "windows": ["7d"]}""", "body", "flights");
        Assert.Equal("flights", monitor.Endpoint);
        Assert.Equal(["drift", "performance", "missing-data"], monitor.Alerts.Select(a => a.Name));
        Assert.All(monitor.Alerts, alert => Assert.Equal(WindowLength.OneWeek, alert.Window));
    }

    [Theory]
    [InlineData("features: [{name: a}, {name: a}]", "watches the feature 'a' twice")]
    [InlineData("features: [{name: $score}]", "does not begin with '$'")]
    [InlineData("windows: [1d]\nalerts: [{on: drift, window: 7d}]", "has no window of 7d, which alert 'drift' names")]
    [InlineData("alerts: [{on: drift, when: 4 of 3}]", "needs 1 ≤ k ≤ n ≤ 30; got 4 of 3")]
    [InlineData("alerts: [{on: drift, when: twice}]", "written as '2 of 3'; got 'twice'")]
    [InlineData("quality: {rules: [{metric: f1, worse_by: 0.1}]}", "'f1' is not a metric with a standard error")]
    [InlineData("trigger: {pipeline: p, on: [missing_data]}", "on drift, performance or both")]
    [InlineData("webhooks: [{url: 'file:///etc/passwd', secret: ops}]", "begins with http:// or https://")]
    [InlineData("grace: 2y", "must be a duration")]
    [InlineData("colour: red", "monitor:1:1: 'colour' is not a key here")]
    [InlineData("endpoint: other", "is for endpoint 'other', not for 'flights'")]
    [InlineData("drift: {alpha: 2}", "Alpha must be between 0 and 1; got 2")]
    public void A_wrong_monitor_is_refused_with_the_reason(string text, string reason) => Assert.Contains(
        reason, Assert.Throws<SlipwayException>(() => MonitorYaml.Parse(text, "monitor", "flights")).Message, StringComparison.Ordinal);
}
