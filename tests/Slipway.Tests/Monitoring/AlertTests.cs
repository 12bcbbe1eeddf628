using System.Text.Json.Nodes;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Jobs;
using Slipway.Platform.Monitoring;
using Slipway.Platform.Pipelines;
using Slipway.Platform.Registry;
using Slipway.TestKit;

namespace Slipway.Tests.Monitoring;

public abstract class AlertContract(PostgresServer? postgres) : MonitoredEndpoint(postgres)
{
    private static readonly WindowLength Day = WindowLength.OneDay;

    [Fact]
    public async Task An_alert_is_one_while_it_goes_on_and_is_resolved_by_clean_windows()
    {
        var traffic = new Traffic(30);
        await WatchAsync(Daily, traffic.Of(-30, 10_000));
        await DaysAsync(traffic, 0, "dd-d-", outcomes: false);
        var alert = Assert.Single(await AlertsAsync());
        Assert.Equal((AlertState.Open, 3, "b", "1.0.0"), (alert.State, alert.Windows, alert.Subject, alert.ModelVersion));
        await DaysAsync(traffic, 5, "-", outcomes: false);
        Assert.Equal(AlertState.Resolved, (await Alerts.GetAsync(alert.Id, Cancel)).State);
        Time.Advance(TimeSpan.FromSeconds(1));
        await DaysAsync(traffic, 6, "d", outcomes: false);
        Assert.Equal([1, 3], (await AlertsAsync()).Select(a => a.Windows));
        var lineage = (LineageService)Services.GetService(typeof(LineageService))!;
        var raised = await lineage.TraceAsync(LineageNode.Endpoint(Name), LineageDirection.Downstream, 1, Cancel);
        Assert.Contains(LineageNode.Alert(alert.Id), raised.Nodes);
        Assert.Equal(Traffic.Start + (6 * Traffic.Day), Assert.Single(await AlertsAsync(AlertState.Open)).FirstWindowUs);
    }

    [Fact]
    public async Task An_alert_that_is_acknowledged_goes_on_counting()
    {
        var traffic = new Traffic(31);
        await WatchAsync(Daily, traffic.Of(-30, 10_000));
        await DaysAsync(traffic, 0, "d", outcomes: false);
        var id = Assert.Single(await AlertsAsync(AlertState.Open)).Id;
        var seen = await Alerts.AcknowledgeAsync(id, Me, Cancel);
        Assert.Equal((AlertState.Acknowledged, "ada"), (seen.State, seen.AcknowledgedBy));
        Assert.Equal("ada", (await Alerts.AcknowledgeAsync(id, Me with { Name = "bob" }, Cancel)).AcknowledgedBy);
        await DaysAsync(traffic, 1, "d", outcomes: false);
        Assert.Equal(2, Assert.Single(await AlertsAsync()).Windows);
        await DaysAsync(traffic, 2, "--", outcomes: false);
        var error = await Assert.ThrowsAsync<SlipwayException>(() => Alerts.AcknowledgeAsync(id, Me, Cancel));
        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
    }

    [Fact]
    public async Task A_rule_over_windows_waits_for_k_of_n()
    {
        var traffic = new Traffic(32);
        AlertRule rule = new("drift", FindingKind.Drift, Day, Severity.Info, "team", new(2, 3));
        await WatchAsync(Daily with { Alerts = [rule] }, traffic.Of(-30, 10_000));
        await DaysAsync(traffic, 0, "d--d-", outcomes: false);
        Assert.Empty(await AlertsAsync());
        await DaysAsync(traffic, 5, "d", outcomes: false);
        var alert = Assert.Single(await AlertsAsync());
        Assert.Equal((Severity.Info, "team", Traffic.Start + (5 * Traffic.Day)), (alert.Severity, alert.Owner, alert.FirstWindowUs));
    }

    [Fact]
    public async Task Missing_data_and_a_degraded_model_are_alerts_of_their_own()
    {
        var traffic = new Traffic(33);
        await WatchAsync(Daily, traffic.Of(-30, 10_000));
        await LogAsync(traffic.Of(0, 1500));
        await LogAsync(traffic.Of(1, 1500, skill: 0));
        await AdvanceAsync(3);
        var alerts = (await AlertsAsync()).Where(a => a.Subject != "$label").OrderBy(a => a.Rule).ToList();
        Assert.Equal([("missing-data", ""), ("performance", "auc")], alerts.Select(a => (a.Rule, a.Subject)));
        Assert.Equal((Severity.Critical, Traffic.Start + Traffic.Day), (alerts[1].Severity, alerts[1].FirstWindowUs));
        Assert.InRange(alerts[1].LastValue!.Value, 0.45, 0.55);
        Assert.Contains("beyond the margin of 0.03", alerts[1].Reason, StringComparison.Ordinal);
        Assert.Equal("The window holds 0 predictions; 200 are expected at least.", alerts[0].Reason);
    }

    [Fact]
    public async Task A_trigger_asks_once_per_cause_and_keeps_its_cooldown()
    {
        var traffic = new Traffic(34);
        await WatchAsync(Triggered(new(2, 3), cooldownDays: 4), traffic.Of(-30, 10_000));
        await DaysAsync(traffic, 0, "-d-dddddd", outcomes: false);
        await AdvanceAsync(9);

        // Two of three first hold on day 3; four days later on day 7; day 8 is within the cooldown.
        var triggers = (await Monitoring.TriggersAsync(Name, null, 10, Cancel)).Items;
        Assert.Equal(["drift:flights:2001-05-17", "drift:flights:2001-05-21"], triggers.Select(t => t.Cause).Order());
        var calls = (await CallsAsync()).Select(job => JsonNode.Parse(job.Payload)!).OrderBy(c => (string?)c["cause"]).ToList();
        Assert.Equal(triggers.Select(t => t.Cause).Order(), calls.Select(c => (string?)c["cause"]));
        var call = calls[0];
        Assert.Equal("retrain", (string?)call["pipeline"]);
        Assert.Equal("2001-05-18T00:00:00Z", (string?)call["parameters"]!["as_of"]);
        Assert.Equal(7, (int)call["parameters"]!["days"]!);
    }

    [Fact]
    public async Task A_trigger_names_the_alerts_of_its_window_as_the_reason()
    {
        var traffic = new Traffic(40);
        await WatchAsync(Triggered(new(), cooldownDays: 30), traffic.Of(-30, 10_000));
        await LogAsync(traffic.Of(0, 1000, row => row[1] += 1), outcomes: false);
        await AdvanceAsync(1);
        var alert = Assert.Single(await AlertsAsync(AlertState.Open));
        Assert.Equal([LineageNode.Alert(alert.Id)], Reasons(Assert.Single(await CallsAsync())));
    }

    [Fact]
    public async Task A_trigger_that_no_alert_has_waited_for_names_the_endpoint()
    {
        var traffic = new Traffic(41);
        AlertRule patient = new("drift", FindingKind.Drift, Day, Severity.Info, null, new(3, 3));
        await WatchAsync(Triggered(new(), cooldownDays: 30) with { Alerts = [patient] }, traffic.Of(-30, 10_000));
        await LogAsync(traffic.Of(0, 1000, row => row[1] += 1), outcomes: false);
        await AdvanceAsync(1);
        Assert.Empty(await AlertsAsync());
        Assert.Equal([LineageNode.Endpoint(Name)], Reasons(Assert.Single(await CallsAsync())));
    }

    [Fact]
    public async Task Degradation_triggers_when_outcomes_tell()
    {
        var traffic = new Traffic(35);
        await WatchAsync(Triggered(new(), cooldownDays: 30), traffic.Of(-30, 10_000));
        await LogAsync(traffic.Of(0, 1500, skill: 0));
        Assert.Empty((await AdvanceAsync(1)).Triggered);
        Assert.Equal("performance:flights:2001-05-14", Assert.Single((await AdvanceAsync(2)).Triggered).Cause);
        Assert.Single(await CallsAsync());
    }

    [Fact]
    public async Task A_crash_inside_a_window_loses_nothing_and_repeats_nothing()
    {
        var traffic = new Traffic(36);
        await WatchAsync(Triggered(new(), cooldownDays: 30), traffic.Of(-30, 10_000));
        for (var day = 0; day < 6; day++)
        {
            await LogAsync(traffic.Of(day, 1000, row => row[1] += day >= 3 ? 1 : 0));
        }

        // The window of day 3 cannot open its alert: its transaction fails when its results are written already.
        await Db.ExecuteAsync("alter table alerts rename to hidden", null, Cancel);
        await Assert.ThrowsAnyAsync<Exception>(() => AdvanceAsync(7));
        var (closed, results) = await CountsAsync();
        await Db.ExecuteAsync("alter table hidden rename to alerts", null, Cancel);
        Assert.True(closed < 4, $"{closed} windows were closed although alerts cannot be read.");

        // Another process takes over, and dies between two windows.
        await using var otherDb = OpenAgain();
        await using (var other = Compose(otherDb))
        {
            var windows = (WindowAdvance)other.GetService(typeof(WindowAdvance))!;
            for (var step = 0; step < 5; step++)
            {
                Assert.NotNull(await windows.StepAsync(Name, Traffic.Start + (7 * Traffic.Day), Cancel));
            }
        }

        // Then two at once.
        await using var third = Compose(otherDb);
        var until = Traffic.Start + (7 * Traffic.Day);
        await Task.WhenAll(
            Task.Run(() => AdvanceAsync(7)),
            Task.Run(() => ((MonitoringService)third.GetService(typeof(MonitoringService))!).AdvanceAsync(Name, until, Cancel)));
        (closed, results) = await CountsAsync();
        Assert.Equal(7, closed);

        // Seven days of three features and $score; $label of the six days that hold outcomes.
        Assert.Equal((7 * 4) + 6, results);
        var alert = Assert.Single(await AlertsAsync(), a => a.Rule == "drift");
        Assert.Equal(("b", 3), (alert.Subject, alert.Windows));
        Assert.Single(await CallsAsync());
    }

    [Fact]
    public async Task A_promotion_is_compared_with_its_own_reference()
    {
        var traffic = new Traffic(37);
        await WatchAsync(Daily, traffic.Of(-30, 10_000));
        var moved = await SourceAsync("2.0.0", traffic.Of(-20, 10_000, row => row[1] += 2));
        await Monitoring.RebaseAsync(Name, moved, Me, Cancel);
        await LogAsync(traffic.Of(0, 1000, row => row[1] += 2), "2.0.0", outcomes: false);
        await LogAsync(traffic.Of(0, 500).Select(r => r with { Id = "old-" + r.Id }), outcomes: false);
        await AdvanceAsync(1);
        var window = Assert.Single((await Monitoring.WindowsAsync(Name, null, null, 10, Cancel)).Items);
        Assert.Equal(("2.0.0", Finding.Clean, 1500L), (window.Reference, window.Drift, window.Predictions));
        Assert.Equal("2.0.0", (await Monitoring.GetAsync(Name, Cancel)).Reference!.ModelVersion);

        var error = await Assert.ThrowsAsync<SlipwayException>(() => Monitoring.RebaseAsync(Name, moved with { Blob = "other" }, Me, Cancel));
        Assert.Equal(ErrorKind.Conflict, error.Kind);
    }

    [Fact]
    public async Task A_system_clock_advances_by_a_scheduled_job()
    {
        await Monitoring.PutAsync(Daily with { Clock = MonitorClock.System }, Me, Cancel);
        var schedules = (ScheduleService)Services.GetService(typeof(ScheduleService))!;
        Assert.Equal("monitoring.advance", Assert.Single(await schedules.ListAsync(Cancel)).Kind);
        var early = Traffic.Us(Time.GetUtcNow().UtcDateTime) - (10 * Traffic.Day) - Traffic.Start;
        await LogAsync(new Traffic(38).Of(0, 300).Select(r => r with { TimeUs = r.TimeUs + early }));
        Time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(1, await schedules.RunDueAsync(Cancel));
        var job = Assert.Single(await Jobs.ListAsync(null, null, 10, Cancel));
        var kinds = (IEnumerable<JobKind>)Services.GetService(typeof(IEnumerable<JobKind>))!;
        var result = JsonNode.Parse((await kinds.Single(k => k.Kind == job.Kind).Handler(job, Cancel))!)!;

        // The prediction was ten days before, and the day that has just begun is not over.
        Assert.Equal(10, (int)result["closed"]!);
        await Monitoring.PutAsync(Daily, Me, Cancel);
        Assert.Empty(await schedules.ListAsync(Cancel));
    }

    private static MonitorDefinition Triggered(Streak streak, int cooldownDays) => Daily with
    {
        Trigger = new(
            "retrain", [FindingKind.DatasetDrift, FindingKind.Performance], Day, streak, TimeSpan.FromDays(cooldownDays),
            new JsonObject { ["as_of"] = "${window.end}", ["days"] = 7 }),
    };

    /// <param name="days">One letter a day: d drifts, - does not.</param>
    private async Task DaysAsync(Traffic traffic, int first, string days, bool outcomes)
    {
        for (var i = 0; i < days.Length; i++)
        {
            var drifts = days[i] == 'd';
            await LogAsync(traffic.Of(first + i, 1000, row => row[1] += drifts ? 1 : 0), outcomes: outcomes);
            await AdvanceAsync(first + i + 1);
        }
    }

    private async Task<List<Job>> CallsAsync() =>
        [.. (await Jobs.ListAsync(null, null, 100, Cancel)).Where(job => job.Kind == "pipelines.trigger")];

    /// <summary>As the pipelines read the call.</summary>
    private static IReadOnlyList<LineageNode>? Reasons(Job call) => Json.Read<PipelineTrigger>(call.Payload).Because;

    private async Task<(int Closed, int Results)> CountsAsync() => (
        (await Monitoring.WindowsAsync(Name, null, null, 100, Cancel)).Items.Count,
        (await Monitoring.DriftAsync(Name, null, null, null, null, 1000, Cancel)).Items.Count);
}

public sealed class AlertsOnSqlite() : AlertContract(null);

public sealed class AlertsOnPostgres(PostgresServer postgres) : AlertContract(postgres);
