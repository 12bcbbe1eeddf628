using Slipway.Core.Errors;
using Slipway.Core.Statistics;
using Slipway.Platform.Monitoring;
using Slipway.Platform.Serving;
using Slipway.TestKit;

namespace Slipway.Tests.Monitoring;

public abstract class WindowContract(PostgresServer? postgres) : MonitoredEndpoint(postgres)
{
    [Fact]
    public async Task A_window_is_closed_once_and_tells_what_passed_through_it()
    {
        var traffic = new Traffic(1);
        await WatchAsync(Daily, traffic.Of(-10, 3000));
        await LogAsync(traffic.Of(0, 400));
        await LogAsync(traffic.Of(1, 300));
        Assert.Equal(0, (await AdvanceAsync(0.99)).Closed);
        Assert.Equal((2, 1), await ClosedAndJudgedAsync(2.5));
        Assert.Equal((0, 0), await ClosedAndJudgedAsync(2.5));
        Assert.Equal((0, 0), await ClosedAndJudgedAsync(1));

        var windows = (await Monitoring.WindowsAsync(Name, null, null, 10, Cancel)).Items;
        Assert.Equal([(Traffic.Start + Traffic.Day, 300L), (Traffic.Start, 400L)], windows.Select(w => (w.StartUs, w.Predictions)));

        // Latencies were 100, 101, …, 499 µs: the 50th percentile of 400 is the 200th of them, the 99th the 396th.
        Assert.Equal(new LatencySummary(299, 479, 495), windows[1].Latency);
        Assert.Equal([new ArmVolume("1.0.0", "champion", 400)], windows[1].Arms);
        Assert.Equal(("1.0.0", Finding.Clean, 3, 0), (windows[1].Reference, windows[1].Drift, windows[1].Tested, windows[1].Drifted));
        Assert.Equal((400L, 1.0, Finding.Clean), (windows[1].Labelled, windows[1].Completeness, windows[1].Performance));
        Assert.Equal((null, Finding.Unknown), (windows[0].Labelled, windows[0].Performance));
    }

    [Fact]
    public async Task Drift_is_found_on_the_day_it_began_and_not_before()
    {
        var traffic = new Traffic(2);
        await WatchAsync(Daily, traffic.Of(-30, 10_000));
        for (var day = 0; day < 10; day++)
        {
            await LogAsync(traffic.Of(day, 1000, row => row[1] += day >= 6 ? 0.5f : 0), outcomes: false);
            await AdvanceAsync(day + 1);
        }

        var drift = (await Monitoring.DriftAsync(Name, null, null, null, null, 1000, Cancel)).Items;
        var drifted = drift.Where(r => r.Decision.Verdict == DriftVerdict.Drift).ToList();
        Assert.Equal(Enumerable.Range(6, 4).Reverse(), drifted.Select(r => (int)((r.StartUs - Traffic.Start) / Traffic.Day)));
        Assert.All(drifted, r => Assert.Equal(("b", "ks.two_sample", "wasserstein.std"), (r.Feature, r.Decision.Method, r.Decision.EffectMethod)));
        Assert.All(drifted, r => Assert.InRange(r.Decision.Effect!.Value, 0.35, 0.65));
        Assert.Equal(40, drift.Count(r => r.Histogram is { } h && Math.Abs(h.Current.Sum() - 1) < 1e-4));

        var alert = Assert.Single(await AlertsAsync());
        Assert.Equal(("drift", "b", 4, AlertState.Open), (alert.Rule, alert.Subject, alert.Windows, alert.State));
        Assert.Equal((Traffic.Start + (6 * Traffic.Day), Traffic.Start + (9 * Traffic.Day)), (alert.FirstWindowUs, alert.LastWindowUs));
    }

    [Fact]
    public async Task Results_are_paged_without_gap_or_repeat()
    {
        var traffic = new Traffic(3);
        await WatchAsync(Daily with { Windows = [WindowLength.OneDay, WindowLength.OneWeek] }, traffic.Of(-10, 1000));
        for (var day = 0; day < 8; day++)
        {
            await LogAsync(traffic.Of(day, 200));
        }

        await AdvanceAsync(9);
        var seen = new List<(long, string, string)>();
        string? token = null;
        do
        {
            var page = await Monitoring.DriftAsync(Name, null, Traffic.Start, null, token, 7, Cancel);
            seen.AddRange(page.Items.Select(r => (r.StartUs, r.Window.ToString(), r.Feature)));
            token = page.NextPageToken;
        }
        while (token is not null);

        // Eight days and one week with three features, $score and $label; a ninth day without outcomes to be judged by.
        Assert.Equal(((8 + 1) * 5) + 4, seen.Count);
        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.Equal(seen.OrderByDescending(s => s.Item1).Select(s => s.Item1), seen.Select(s => s.Item1));
        Assert.Equal(10, (await Monitoring.DriftAsync(Name, "c", null, null, null, 100, Cancel)).Items.Count);
        var first = await Monitoring.WindowsAsync(Name, WindowLength.OneDay, null, 5, Cancel);
        var rest = await Monitoring.WindowsAsync(Name, WindowLength.OneDay, first.NextPageToken, 5, Cancel);
        Assert.Equal((5, 4, null), (first.Items.Count, rest.Items.Count, rest.NextPageToken));
        await Assert.ThrowsAsync<SlipwayException>(() => Monitoring.WindowsAsync(Name, null, first.NextPageToken, 5, Cancel));
    }

    [Fact]
    public async Task Late_outcomes_restate_a_window_which_says_how_complete_it_is()
    {
        var traffic = new Traffic(4);
        await WatchAsync(Daily with { Quality = new() { MinimumOutcomes = 100 } }, traffic.Of(-10, 3000));
        var rows = traffic.Of(0, 400);
        await LogAsync(rows, outcomes: false);
        await OutcomesAsync(rows[..300]);
        await AdvanceAsync(2);
        var (window, early) = await JudgedAsync();
        Assert.Equal((300L, 0.75, 1), (window.Labelled, window.Completeness, window.Judgements));
        Assert.Equal((400L, 300L), (early.Predictions, early.Metrics!.Count));

        await OutcomesAsync(rows[300..]);
        Assert.Equal(0, (await AdvanceAsync(2.5)).Restated);
        Assert.Equal(1, (await AdvanceAsync(3)).Restated);
        (window, var late) = await JudgedAsync();
        Assert.Equal((400L, 1.0, 2), (window.Labelled, window.Completeness, window.Judgements));
        Assert.Equal((400L, 2), (late.Metrics!.Count, late.Judgement));
        Assert.NotEqual(early.Metrics.LogLoss, late.Metrics.LogLoss);

        // Complete: looked at once more when the 30 days are over, and never again.
        Assert.Equal((1, 0), await LooksAsync(5, 9, 17, 31, 65));
        Assert.Equal(late.JudgedMs, (await JudgedAsync()).All.JudgedMs);
    }

    [Fact]
    public async Task A_replaced_outcome_restates_a_complete_window()
    {
        var traffic = new Traffic(5);
        await WatchAsync(Daily, traffic.Of(-10, 3000));
        var rows = traffic.Of(0, 400);
        await LogAsync(rows);
        await AdvanceAsync(2);
        await OutcomesAsync(rows.Select(r => r with { Positive = !r.Positive }), replace: true);
        Assert.Equal(1, (await AdvanceAsync(31)).Restated);
    }

    [Fact]
    public async Task A_window_whose_outcomes_stay_away_is_looked_at_less_and_less_often()
    {
        var traffic = new Traffic(9);
        await WatchAsync(Daily, traffic.Of(-10, 3000));
        await LogAsync(traffic.Of(0, 400), outcomes: false);

        // The window ends with day 0, so its ages of 1, 2, 4, 8 and 16 days are reached on days 2, 3, 5, 9 and 17.
        await AdvanceAsync(1);
        var looks = new List<int>();
        for (var day = 2; day < 60; day++)
        {
            looks.AddRange((await LooksAsync(day)).Judged > 0 ? [day] : []);
        }

        Assert.Equal([2, 3, 5, 9, 17], looks);
    }

    [Fact]
    public async Task Quality_is_told_for_each_version_in_each_role()
    {
        var traffic = new Traffic(6);
        await WatchAsync(Daily, traffic.Of(-10, 3000));
        await LogAsync(traffic.Of(0, 300));
        await LogAsync(traffic.Of(0, 200).Select(r => r with { Id = "challenger-" + r.Id }), "1.1.0", VariantRole.Challenger);
        await AdvanceAsync(2);
        var quality = (await Monitoring.QualityAsync(Name, null, null, null, 10, Cancel)).Items;
        Assert.Equal(
            [("1.1.0", "challenger", 200L), ("1.0.0", "champion", 300L), ("", "", 500L)],
            quality.Select(q => (q.ModelVersion, q.Role, q.Predictions)));
        Assert.All(quality, q => Assert.InRange(q.Metrics!.Auc!.Value.Value, 0.6, 0.85));
    }

    [Fact]
    public async Task Without_a_reference_windows_are_described_and_nothing_is_tested()
    {
        var traffic = new Traffic(7);
        await Monitoring.PutAsync(Daily, Me, Cancel);
        await LogAsync(traffic.Of(0, 300));
        await AdvanceAsync(2);
        var window = (await Monitoring.WindowsAsync(Name, null, null, 10, Cancel)).Items[^1];
        Assert.Equal((300L, Finding.Unknown, Finding.Unknown), (window.Predictions, window.Drift, window.Performance));
        Assert.NotNull((await Monitoring.QualityAsync(Name, null, null, null, 10, Cancel)).Items[0].Metrics!.Auc);
        Assert.Equal("missing-data", Assert.Single(await AlertsAsync()).Rule);
    }

    [Fact]
    public async Task A_watermark_far_in_the_future_is_refused_by_name()
    {
        await WatchAsync(Daily with { From = DateTimeOffset.UnixEpoch }, new Traffic(8).Of(-10, 300));
        var error = await Assert.ThrowsAsync<SlipwayException>(() => AdvanceAsync(30_000));
        Assert.Contains("Is the watermark right?", error.Message, StringComparison.Ordinal);
        Assert.Empty((await Monitoring.GetAsync(Name, Cancel)).ClosedUntilUs);
        Assert.Contains("'nobody'", (await Assert.ThrowsAsync<SlipwayException>(
            () => Monitoring.PutAsync(Daily with { Endpoint = "nobody" }, Me, Cancel))).Message, StringComparison.Ordinal);
        Assert.Contains("has no monitor", (await Assert.ThrowsAsync<SlipwayException>(
            () => Monitoring.AdvanceAsync("nobody", 0, Cancel))).Message, StringComparison.Ordinal);
    }

    private async Task<(int, int)> ClosedAndJudgedAsync(double day)
    {
        var result = await AdvanceAsync(day);
        return (result.Closed, result.Judged);
    }

    private async Task<(int Judged, int Restated)> LooksAsync(params double[] days)
    {
        var (judged, restated) = (0, 0);
        foreach (var day in days)
        {
            var before = (await WindowAsync()).Judgements;
            restated += (await AdvanceAsync(day)).Restated;
            judged += (await WindowAsync()).Judgements - before;
        }

        return (judged, restated);
    }

    private async Task<MonitorWindow> WindowAsync() =>
        (await Monitoring.WindowsAsync(Name, null, null, 100, Cancel)).Items.Single(w => w.StartUs == Traffic.Start);

    private async Task<(MonitorWindow Window, QualityResult All)> JudgedAsync() => (
        await WindowAsync(),
        (await Monitoring.QualityAsync(Name, Traffic.Start, Traffic.Start + 1, null, 100, Cancel)).Items.Single(q => q.ModelVersion == ""));
}

public sealed class WindowsOnSqlite() : WindowContract(null);

public sealed class WindowsOnPostgres(PostgresServer postgres) : WindowContract(postgres);
