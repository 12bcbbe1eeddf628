using Slipway.Core.Statistics;

namespace Slipway.Platform.Monitoring;

/// <summary>Quality with standard errors.</summary>
internal static class QualityMeasure
{
    // As in BinaryClassification: the loss of a certainty that did not come true is finite.
    private const double Clip = 2.220446049250313e-16;

    /// <summary>Over the rows that have a label and a probability.</summary>
    /// <param name="labels">1, 0, or NaN where the outcome is not known.</param>
    /// <returns>Null when there is no such row.</returns>
    public static QualityMetrics? Of(ReadOnlySpan<float> scores, ReadOnlySpan<float> labels, double threshold)
    {
        var (given, happened, count) = (new double[scores.Length], new bool[scores.Length], 0);
        for (var i = 0; i < scores.Length; i++)
        {
            if (!float.IsNaN(labels[i]) && scores[i] is >= 0 and <= 1)
            {
                (given[count], happened[count]) = (scores[i], labels[i] >= 0.5f);
                count++;
            }
        }

        return count == 0 ? null : Of(given.AsSpan(0, count), happened.AsSpan(0, count), threshold);
    }

    private static QualityMetrics Of(ReadOnlySpan<double> scores, ReadOnlySpan<bool> labels, double threshold)
    {
        var m = BinaryClassification.Evaluate(scores, labels, threshold);
        return new(
            m.Count, m.Positives, Auc(m, scores, labels), Mean(m.LogLoss, scores, labels, LogLoss),
            Mean(m.Brier, scores, labels, static (score, label) => (score - label) * (score - label)),
            Share(m.Precision, m.TruePositives + m.FalsePositives), Share(m.Recall, m.Positives), m.F1,
            Share(m.Accuracy, m.Count)!.Value, m.ExpectedCalibrationError, m.CalibrationBins);
    }

    private static MetricEstimate? Auc(BinaryClassificationMetrics m, ReadOnlySpan<double> scores, ReadOnlySpan<bool> labels)
    {
        if (m.Auc is not { } auc || m.Positives < 2 || m.Count - m.Positives < 2)
        {
            return null;
        }

        // A model that scores all rows alike has AUC ½ without variance, so the error of the difference is that of our AUC.
        return new(auc, DeLong.Compare(new double[scores.Length], scores, labels).StandardError);
    }

    private static double LogLoss(double score, double label) => -Math.Log(Math.Max(Clip, label > 0 ? score : 1 - score));

    /// <summary>The standard error of a mean: s/√n.</summary>
    private static MetricEstimate Mean(
        double mean, ReadOnlySpan<double> scores, ReadOnlySpan<bool> labels, Func<double, double, double> loss)
    {
        var squares = 0.0;
        for (var i = 0; i < scores.Length; i++)
        {
            var d = loss(scores[i], labels[i] ? 1 : 0) - mean;
            squares += d * d;
        }

        var n = scores.Length;
        return new(mean, n < 2 ? 0 : Math.Sqrt(squares / (n - 1) / n));
    }

    /// <summary>The binomial standard error √(p(1 − p)/n).</summary>
    private static MetricEstimate? Share(double? share, long count) =>
        share is { } p ? new(p, Math.Sqrt(p * (1 - p) / count)) : null;
}
