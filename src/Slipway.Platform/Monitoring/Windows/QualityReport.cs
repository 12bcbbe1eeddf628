using System.Globalization;
using Slipway.Core.Statistics;
using Slipway.Platform.Foundation;
using Slipway.Platform.Serving.Predictions;

namespace Slipway.Platform.Monitoring;

/// <summary>What a window's outcomes say.</summary>
/// <param name="Results">All predictions together first, then each version in each role.</param>
internal sealed record QualityReport(
    long Predictions, long Labelled, IReadOnlyList<QualityResult> Results, DriftResult? Label, Finding Performance,
    IReadOnlyList<Verdict> Verdicts)
{
    public static QualityReport Of(
        MonitorDefinition monitor, WindowLength window, long startUs, PredictionWindow log, ReferenceProfile? reference, int judgement,
        long nowMs)
    {
        int[] all = [.. Enumerable.Range(0, log.Rows)];
        var arms = all.GroupBy(row => (Version: log.Versions[row], Role: log.Roles[row]))
            .OrderBy(arm => arm.Key.Version, StringComparer.Ordinal).ThenBy(arm => arm.Key.Role);
        var whole = Measure(monitor, log, all);
        List<QualityResult> results = [Result("", "", all)];
        results.AddRange(arms.Select(arm => Result(arm.Key.Version, EnumName.Of(arm.Key.Role), [.. arm])));
        var labels = Outcomes(log, all);
        var labelled = labels.Count(label => !float.IsNaN(label));
        if (reference is null)
        {
            return new(log.Rows, labelled, results, null, Finding.Unknown, []);
        }

        var version = MeasureOnce([.. all.Where(row => log.Versions[row] == reference.ModelVersion)]);
        Verdict[] rules = [.. monitor.Quality.Rules.Select(rule => Judge(rule, monitor.Quality, version, reference, window))];
        var performance = rules.Any(v => v.Finding == Finding.Bad) ? Finding.Bad
            : rules.Any(v => v.Finding == Finding.Clean) ? Finding.Clean : Finding.Unknown;
        var label = Prior(monitor, reference.Label, labels, window, startUs);
        return new(log.Rows, labelled, results, label, performance, label is null ? rules : [.. rules, WindowReport.Verdict([label])]);

        QualityResult Result(string version, string role, int[] rows) =>
            new(window, startUs, version, role, rows.Length, MeasureOnce(rows), judgement, nowMs);

        // Mostly one version answers everything: then its rows are all rows.
        QualityMetrics? MeasureOnce(int[] rows) => rows.Length == all.Length ? whole : Measure(monitor, log, rows);
    }

    private static QualityMetrics? Measure(MonitorDefinition monitor, PredictionWindow log, int[] rows)
    {
        var scores = new float[rows.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            scores[i] = (float)log.Scores[rows[i]];
        }

        return QualityMeasure.Of(scores, Outcomes(log, rows), monitor.Quality.Threshold);
    }

    private static float[] Outcomes(PredictionWindow log, int[] rows)
    {
        var labels = new float[rows.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            var outcome = log.Outcomes[rows[i]];
            labels[i] = double.IsNaN(outcome) ? float.NaN : outcome >= 0.5 ? 1 : 0;
        }

        return labels;
    }

    /// <summary>Whether the share of positive outcomes moved, over the outcomes that are known.</summary>
    private static DriftResult? Prior(
        MonitorDefinition monitor, Distribution reference, float[] labels, WindowLength window, long startUs)
    {
        float[] known = [.. labels.Where(label => !float.IsNaN(label))];
        return known.Length < monitor.Quality.MinimumOutcomes || reference.Rows == reference.Missing
            ? null
            : DriftMeasure.Correct([DriftMeasure.Results(reference, known, monitor.Drift, window, startUs).First()], monitor.Drift)[0];
    }

    /// <summary>
    /// Degraded when the lower confidence bound of the degradation, d − z₁₋α·√(se² + se_ref² + spread²), is beyond the margin:
    /// a test of "worse by no more than the margin" at level α.
    /// </summary>
    private static Verdict Judge(
        QualityRule rule, QualityPolicy policy, QualityMetrics? window, ReferenceProfile reference, WindowLength length)
    {
        var subject = EnumName.Of(rule.Metric);
        if (window is null || window.Count < policy.MinimumOutcomes)
        {
            return new(
                FindingKind.Performance, subject, Finding.Unknown, null,
                $"{window?.Count ?? 0} outcomes of version {reference.ModelVersion} are known; {policy.MinimumOutcomes} are needed.");
        }

        if (window[rule.Metric] is not { } now || reference.Quality?[rule.Metric] is not { } then)
        {
            return new(
                FindingKind.Performance, subject, Finding.Unknown, null,
                $"{subject} is not defined on the window's outcomes or on those of the reference.");
        }

        var worse = rule.Metric is QualityMetric.LogLoss or QualityMetric.Brier ? now.Value - then.Value : then.Value - now.Value;
        var spread = reference.Spread(rule.Metric, length);
        var error = Math.Sqrt((now.Error * now.Error) + (then.Error * then.Error) + (spread * spread));
        var atLeast = worse - (SpecialFunctions.NormalQuantile(1 - policy.Alpha) * error);
        var bad = atLeast > rule.WorseBy;
        var figures = string.Create(
            CultureInfo.InvariantCulture,
            $"{subject} = {now.Value:g4} against {then.Value:g4} of version {reference.ModelVersion}'s reference: worse by {worse:g3}");
        var verdict = string.Create(
            CultureInfo.InvariantCulture,
            $"with {1 - policy.Alpha:p0} confidence by at least {atLeast:g3}, {(bad ? "" : "not ")}beyond the margin of {rule.WorseBy:g3}");
        return new(FindingKind.Performance, subject, bad ? Finding.Bad : Finding.Clean, now.Value, $"{figures}, {verdict}.");
    }
}
