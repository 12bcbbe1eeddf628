using Slipway.Core.Statistics;

namespace Slipway.Platform.Monitoring;

public enum Finding
{
    Clean,
    Bad,

    /// <summary>Nobody can say: too little data, or nothing to compare with.</summary>
    Unknown,
}

/// <summary>A closed window.</summary>
/// <param name="Reference">The model version it was compared with; null when there was none.</param>
/// <param name="Latency">Null without predictions, as are the scores.</param>
/// <param name="Tested">Features for which there was a test, and <paramref name="Drifted"/> of them.</param>
/// <param name="Labelled">Outcomes known when it was judged last; null before that.</param>
/// <param name="Completeness">Labelled over predictions, 0 to 1; null before it was judged.</param>
/// <param name="Judgements">How often its quality was judged; above 1 it was looked at again for late outcomes.</param>
public sealed record MonitorWindow(
    string Endpoint, WindowLength Window, long StartUs, long EndUs, string? Reference, long Predictions, LatencySummary? Latency,
    ScoreSummary? Scores, IReadOnlyList<ArmVolume> Arms, Finding Drift, int Tested, int Drifted, Finding Performance, long? Labelled,
    double? Completeness, int Judgements, long ClosedMs, long? JudgedMs);

/// <summary>In microseconds.</summary>
public sealed record LatencySummary(long P50, long P95, long P99);

/// <param name="Deciles">The 10th to the 90th percentile.</param>
/// <param name="PositiveRate">The share of predictions that said positive.</param>
public sealed record ScoreSummary(double Mean, IReadOnlyList<double> Deciles, double PositiveRate);

/// <summary>What one version was given in one role.</summary>
public sealed record ArmVolume(string ModelVersion, string Role, long Predictions);

/// <summary>The drift of one feature in one window.</summary>
/// <param name="Feature">Or <c>$score</c> for the predictions and <c>$label</c> for the outcomes.</param>
/// <param name="Aspect">Whether its values moved, or the share of them that is missing.</param>
public sealed record DriftResult(
    WindowLength Window, long StartUs, string Feature, DriftAspect Aspect, DriftDecision Decision, Histogram? Histogram);

public enum DriftAspect
{
    Values,
    Missing,
}

/// <summary>Shares of the reference and of the window over the same bins.</summary>
/// <param name="Bins">Upper edges, the last bin reaching to infinity; or the categories.</param>
public sealed record Histogram(IReadOnlyList<string> Bins, IReadOnlyList<double> Reference, IReadOnlyList<double> Current);

/// <summary>The quality of one window's predictions whose outcome is known.</summary>
/// <param name="ModelVersion">And <paramref name="Role"/>: both empty for all predictions together.</param>
/// <param name="Metrics">Null while no outcome is known.</param>
public sealed record QualityResult(
    WindowLength Window, long StartUs, string ModelVersion, string Role, long Predictions, QualityMetrics? Metrics, int Judgement,
    long JudgedMs);

/// <param name="Error">Standard error, by the formula of the metric; 0 where the rows show no spread.</param>
public readonly record struct MetricEstimate(double Value, double Error);

/// <summary>Quality of a binary classifier, with standard errors where a rule may rest on them.</summary>
/// <param name="Auc">Null when one class is absent; error after DeLong, DeLong and Clarke-Pearson (1988).</param>
/// <param name="Precision">Null when nothing was predicted positive; binomial error, as for recall and accuracy.</param>
/// <param name="CalibrationError">Expected calibration error over ten bins of equal count; biased upwards in small windows.</param>
public sealed record QualityMetrics(
    long Count, long Positives, MetricEstimate? Auc, MetricEstimate LogLoss, MetricEstimate Brier, MetricEstimate? Precision,
    MetricEstimate? Recall, double? F1, MetricEstimate Accuracy, double CalibrationError, IReadOnlyList<CalibrationBin> Calibration)
{
    public MetricEstimate? this[QualityMetric metric] => metric switch
    {
        QualityMetric.Auc => Auc,
        QualityMetric.LogLoss => LogLoss,
        QualityMetric.Brier => Brier,
        QualityMetric.Precision => Precision,
        QualityMetric.Recall => Recall,
        _ => Accuracy,
    };
}

/// <summary>What one window says about one subject, for rules over successive windows.</summary>
internal sealed record Verdict(FindingKind Kind, string Subject, Finding Finding, double? Value, string Reason);
