using Slipway.Core.Data;
using Slipway.Core.Statistics;
using Slipway.Platform.Monitoring;

namespace Slipway.Tests.Monitoring;

public sealed class DriftVerdictTests
{
    private static readonly MonitorDefinition Monitor = new("flights", [new("a"), new("b"), new("c", FeatureKind.Categorical)]);

    [Fact]
    public void A_constant_feature_is_no_drift_and_one_without_values_is_not_applicable()
    {
        var traffic = new Traffic(10);
        void Spoil(float[] row) => (row[1], row[2]) = (7, float.NaN);
        var report = Close(traffic.Of(0, 400, Spoil), Profile(traffic.Of(-10, 2000, Spoil)));
        Assert.Equal(DriftVerdict.NoDrift, Of(report, "b").Verdict);
        Assert.Contains("do not differ", Of(report, "b").Reason, StringComparison.Ordinal);
        Assert.Equal(DriftVerdict.NotApplicable, Of(report, "c").Verdict);
        Assert.Equal(Finding.Clean, report.Window.Drift);
        Assert.Equal((2, 0), (report.Window.Tested, report.Window.Drifted));
    }

    [Fact]
    public void A_feature_that_goes_missing_drifts_although_its_values_do_not()
    {
        var traffic = new Traffic(11);
        var report = Close(traffic.Of(0, 400, row => row[1] = row[0] > 0.5 ? float.NaN : row[1]), Profile(traffic.Of(-10, 2000)));
        Assert.Equal(DriftVerdict.NoDrift, Of(report, "b").Verdict);
        var missing = Of(report, "b", DriftAspect.Missing);
        Assert.Equal((DriftVerdict.Drift, "tvd"), (missing.Verdict, missing.EffectMethod));
        Assert.InRange(missing.Effect!.Value, 0.25, 0.37);
        var verdict = report.Verdicts.Single(v => v.Subject == "b");
        Assert.Equal(Finding.Bad, verdict.Finding);
        Assert.StartsWith("Missing values: ", verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_feature_that_is_missing_altogether_drifts_as_missing_and_its_values_are_not_applicable()
    {
        var traffic = new Traffic(12);
        var report = Close(traffic.Of(0, 400, row => row[1] = float.NaN), Profile(traffic.Of(-10, 2000)));
        Assert.Equal(DriftVerdict.NotApplicable, Of(report, "b").Verdict);
        Assert.Equal(DriftVerdict.Drift, Of(report, "b", DriftAspect.Missing).Verdict);
    }

    [Fact]
    public void Too_few_rows_are_not_tested()
    {
        var traffic = new Traffic(13);
        var report = Close(traffic.Of(0, 199, row => row[1] += 9), Profile(traffic.Of(-10, 2000)));
        Assert.All(report.Drift, r => Assert.Equal(DriftVerdict.NotEnoughData, r.Decision.Verdict));
        Assert.Contains("holds 199 predictions of version 1.0.0; 200 are needed", Of(report, "b").Reason, StringComparison.Ordinal);
        Assert.Equal(Finding.Bad, report.Verdicts.Single(v => v.Kind == FindingKind.MissingData).Finding);
    }

    [Fact]
    public void Categories_and_scores_are_compared_too()
    {
        var traffic = new Traffic(14);
        var report = Close(
            traffic.Of(0, 1000, row => (row[0], row[2]) = (row[0] + 1, row[2] == 2 ? 3 : row[2])), Profile(traffic.Of(-10, 5000)));
        Assert.Equal(("chi_square.contingency", DriftVerdict.Drift), (Of(report, "c").Method, Of(report, "c").Verdict));
        Assert.InRange(Of(report, "c").Effect!.Value, 0.29, 0.38);
        Assert.Equal(["0", "1", "2", "3"], report.Drift.Single(r => r.Feature == "c").Histogram!.Bins);
        Assert.Equal(DriftVerdict.Drift, Of(report, "$score").Verdict);
        Assert.Equal((Finding.Bad, 3, 2), (report.Window.Drift, report.Window.Tested, report.Window.Drifted));
    }

    [Fact]
    public void A_feature_is_compared_only_in_the_windows_it_names()
    {
        var traffic = new Traffic(15);
        var weekly = Monitor with { Features = [new("a"), new("c", FeatureKind.Categorical, [WindowLength.OneWeek])] };
        var profile = Profile(traffic.Of(-10, 2000), weekly);
        Assert.Equal(["a", "$score"], Close(traffic.Of(0, 400), profile, weekly).Drift.Select(r => r.Feature));
    }

    [Fact]
    public void A_window_must_differ_by_more_than_the_references_own_windows_did()
    {
        // Each day has a mean of its own, as weather gives it: sd 0.5 between days, none in the long run.
        var traffic = new Traffic(16);
        List<Traffic.Row> Days(int first, int count) =>
        [
            .. Enumerable.Range(first, count).SelectMany(day =>
            {
                var mood = (float)(0.5 * traffic.Normal());
                return traffic.Of(day, 300, row => row[1] += mood);
            }),
        ];
        var reference = Days(-100, 60);
        var (blind, wise) = (Profile(reference), Profile(reference, times: true));
        var (falseBlind, falseWise) = (0, 0);
        for (var day = 0; day < 60; day++)
        {
            var rows = Days(day, 1);
            falseBlind += Of(Close(rows, blind), "b").Verdict == DriftVerdict.Drift ? 1 : 0;
            falseWise += Of(Close(rows, wise), "b").Verdict == DriftVerdict.Drift ? 1 : 0;
        }

        // A window that is like 60 others exceeds them all in one of 61 cases.
        Assert.InRange(falseBlind, 30, 60);
        Assert.InRange(falseWise, 0, 4);
        Assert.Equal(DriftVerdict.Drift, Of(Close(traffic.Of(90, 300, row => row[1] += 3), wise), "b").Verdict);
    }

    internal static ReferenceProfile Profile(IReadOnlyList<Traffic.Row> rows, MonitorDefinition? monitor = null, bool times = false) =>
        ReferenceBuilder.Build(
            Traffic.Reference(rows, times), new("1.0.0", "blob", Traffic.Inputs, EventTime: times ? "event_time" : null),
            monitor ?? Monitor, 20_000);

    private static WindowReport Close(List<Traffic.Row> rows, ReferenceProfile profile, MonitorDefinition? monitor = null) =>
        WindowReport.Of(monitor ?? Monitor, WindowLength.OneDay, Traffic.Start, Traffic.Window(rows), profile, 0);

    private static DriftDecision Of(WindowReport report, string feature, DriftAspect aspect = DriftAspect.Values) =>
        report.Drift.Single(r => r.Feature == feature && r.Aspect == aspect).Decision;
}
