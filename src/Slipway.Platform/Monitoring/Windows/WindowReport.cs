using System.Globalization;
using Slipway.Core.Statistics;
using Slipway.Platform.Foundation;
using Slipway.Platform.Serving.Predictions;

namespace Slipway.Platform.Monitoring;

/// <summary>What closing a window finds.</summary>
internal sealed record WindowReport(MonitorWindow Window, IReadOnlyList<DriftResult> Drift, IReadOnlyList<Verdict> Verdicts)
{
    /// <param name="reference">Null while the endpoint has none: then the window is described and nothing is tested.</param>
    public static WindowReport Of(
        MonitorDefinition monitor, WindowLength window, long startUs, PredictionWindow log, ReferenceProfile? reference, long nowMs)
    {
        var drift = reference is null ? [] : Compare(monitor, window, startUs, log, reference);
        var features = drift.Where(r => r.Feature[0] != '$').GroupBy(r => r.Feature, StringComparer.Ordinal)
            .Select(results => FindingOf([.. results])).ToList();
        var (tested, drifted) = (features.Count(f => f != Finding.Unknown), features.Count(f => f == Finding.Bad));
        var dataset = tested == 0 ? Finding.Unknown
            : drifted > 0 && drifted >= monitor.Drift.DatasetShare * tested ? Finding.Bad : Finding.Clean;
        var summary = new MonitorWindow(
            monitor.Endpoint, window, startUs, startUs + window.Microseconds, reference?.ModelVersion, log.Rows, Latency(log), Scores(log),
            Arms(log), dataset, tested, drifted, Finding.Unknown, null, null, 0, nowMs, null);
        Verdict[] verdicts =
        [
            Volume(monitor, log.Rows), .. drift.GroupBy(r => r.Feature, StringComparer.Ordinal).Select(r => Verdict([.. r])),
            new(FindingKind.DatasetDrift, "", dataset, tested == 0 ? null : (double)drifted / tested, Say(drift, tested, drifted)),
        ];
        return new(summary, drift, verdicts);
    }

    public static Verdict Verdict(IReadOnlyList<DriftResult> results)
    {
        var telling = results.FirstOrDefault(r => r.Decision.Verdict == DriftVerdict.Drift) ?? results[0];
        var what = telling.Aspect == DriftAspect.Missing ? "Missing values: " : "";
        return new(FindingKind.Drift, telling.Feature, FindingOf(results), telling.Decision.Effect, what + telling.Decision.Reason);
    }

    private static Finding FindingOf(IReadOnlyList<DriftResult> results) =>
        results.Any(r => r.Decision.Verdict == DriftVerdict.Drift) ? Finding.Bad
        : results.Any(r => r.Aspect == DriftAspect.Values && r.Decision.Verdict == DriftVerdict.NoDrift) ? Finding.Clean : Finding.Unknown;

    private static IReadOnlyList<DriftResult> Compare(
        MonitorDefinition monitor, WindowLength window, long startUs, PredictionWindow log, ReferenceProfile reference)
    {
        // Another version may take other inputs and gives other scores; traffic is split at random, so one version's rows will do.
        int[] rows = [.. Enumerable.Range(0, log.Rows).Where(row => log.Versions[row] == reference.ModelVersion)];
        var watched = monitor.Features.Where(f => f.Windows?.Contains(window) ?? true).Select(f => reference.Features[f.Name]).ToList();
        if (rows.Length < monitor.MinimumRows)
        {
            var reason = $"The window holds {rows.Length} predictions of version {reference.ModelVersion}; {monitor.MinimumRows} are needed.";
            return
            [
                .. watched.Append(reference.Score).Select(d =>
                    new DriftResult(window, startUs, d.Name, DriftAspect.Values, Refused(d, rows.Length, reason), null)),
            ];
        }

        var values = new float[rows.Length];
        var results = new List<DriftResult>(watched.Count + 1);
        foreach (var distribution in watched)
        {
            var position = reference.Position(distribution.Name);
            for (var i = 0; i < rows.Length; i++)
            {
                values[i] = log.Features(rows[i])[position];
            }

            results.AddRange(DriftMeasure.Results(distribution, values, monitor.Drift, window, startUs));
        }

        for (var i = 0; i < rows.Length; i++)
        {
            values[i] = (float)log.Scores[rows[i]];
        }

        results.AddRange(DriftMeasure.Results(reference.Score, values, monitor.Drift, window, startUs));
        return DriftMeasure.Correct(results, monitor.Drift);
    }

    private static DriftDecision Refused(Distribution reference, int rows, string reason) => new(
        DriftVerdict.NotEnoughData, "none", null, null, null, "none", null, 0, reference.Rows - reference.Missing, rows, reason);

    private static Verdict Volume(MonitorDefinition monitor, int rows) => new(
        FindingKind.MissingData, "", rows < monitor.MinimumRows ? Finding.Bad : Finding.Clean, rows,
        $"The window holds {rows} predictions; {monitor.MinimumRows} are expected at least.");

    private static string Say(IReadOnlyList<DriftResult> drift, int tested, int drifted)
    {
        var names = drift.Where(r => r.Decision.Verdict == DriftVerdict.Drift && r.Feature[0] != '$').Select(r => r.Feature).Distinct();
        return drifted == 0
            ? string.Create(CultureInfo.InvariantCulture, $"None of {tested} tested features drifted.")
            : string.Create(
                CultureInfo.InvariantCulture, $"{drifted} of {tested} tested features drifted: {string.Join(", ", names.Take(10))}.");
    }

    private static LatencySummary? Latency(PredictionWindow log)
    {
        if (log.Rows == 0)
        {
            return null;
        }

        var sorted = log.LatenciesUs.ToArray();
        Array.Sort(sorted);
        return new(At(sorted, 0.5), At(sorted, 0.95), At(sorted, 0.99));
    }

    private static ScoreSummary? Scores(PredictionWindow log)
    {
        if (log.Rows == 0)
        {
            return null;
        }

        var sorted = log.Scores.ToArray();
        Array.Sort(sorted);
        double[] deciles = [.. Enumerable.Range(1, 9).Select(i => At(sorted, i / 10.0))];
        return new(sorted.Average(), deciles, (double)log.Labels.Count(true) / log.Rows);
    }

    /// <summary>The inverse of the empirical distribution: an observed value.</summary>
    private static T At<T>(T[] sorted, double share) => sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];

    private static List<ArmVolume> Arms(PredictionWindow log) =>
    [
        .. Enumerable.Range(0, log.Rows).CountBy(row => (Version: log.Versions[row], Role: log.Roles[row]))
            .Select(arm => new ArmVolume(arm.Key.Version, EnumName.Of(arm.Key.Role), arm.Value))
            .OrderBy(arm => arm.ModelVersion, StringComparer.Ordinal).ThenBy(arm => arm.Role, StringComparer.Ordinal),
    ];
}
