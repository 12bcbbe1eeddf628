using System.Buffers;
using Slipway.Core.Errors;

namespace Slipway.Core.Statistics;

/// <summary>One bin of a reliability diagram.</summary>
/// <param name="Lowest">The smallest score in it.</param>
/// <param name="Highest">The largest score in it.</param>
/// <param name="MeanScore">What the model promised.</param>
/// <param name="PositiveShare">What came true.</param>
public sealed record CalibrationBin(double Lowest, double Highest, long Count, double MeanScore, double PositiveShare);

/// <summary>How well probabilities told two classes apart.</summary>
/// <param name="Auc">Chance that a positive scores above a negative, a tie counting half; null when one class is absent.</param>
/// <param name="LogLoss">Mean of −ln of the probability given to what happened, taken as at least 2⁻⁵²: finite.</param>
/// <param name="Brier">Mean squared error of the probability.</param>
/// <param name="Precision">TP/(TP + FP); null when nothing was predicted positive.</param>
/// <param name="Recall">TP/(TP + FN); null when nothing was positive.</param>
/// <param name="F1">2·TP/(2·TP + FP + FN); null when nothing was or was predicted positive.</param>
/// <param name="ExpectedCalibrationError">Σ (count/n)·|mean score − positive share| over the bins.</param>
/// <param name="CalibrationBins">Ten of equal count, ascending; equal scores stay in one bin, so there may be fewer.</param>
public sealed record BinaryClassificationMetrics(
    long Count,
    long Positives,
    double Threshold,
    double? Auc,
    double LogLoss,
    double Brier,
    double? Precision,
    double? Recall,
    double? F1,
    double Accuracy,
    long TruePositives,
    long FalsePositives,
    long TrueNegatives,
    long FalseNegatives,
    double ExpectedCalibrationError,
    IReadOnlyList<CalibrationBin> CalibrationBins);

public static class BinaryClassification
{
    private const int Bins = 10;
    private const double Clip = 2.220446049250313e-16;

    /// <summary>O(n log n); the order of the rows does not matter.</summary>
    /// <param name="scores">Probabilities of the positive class, in [0, 1].</param>
    /// <param name="labels">What happened, shape of <paramref name="scores"/>.</param>
    /// <param name="threshold">A score of at least this is predicted positive.</param>
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Invalid"/> when there is no row, the shapes differ or a score is not a probability.
    /// </exception>
    public static BinaryClassificationMetrics Evaluate(
        ReadOnlySpan<double> scores, ReadOnlySpan<bool> labels, double threshold = 0.5)
    {
        Require(scores, labels);
        var (keys, classes) = (ArrayPool<double>.Shared.Rent(scores.Length), ArrayPool<bool>.Shared.Rent(scores.Length));
        try
        {
            scores.CopyTo(keys);
            labels.CopyTo(classes);
            Array.Sort(keys, classes, 0, scores.Length);
            return Measure(keys.AsSpan(0, scores.Length), classes.AsSpan(0, scores.Length), threshold);
        }
        finally
        {
            ArrayPool<double>.Shared.Return(keys);
            ArrayPool<bool>.Shared.Return(classes);
        }
    }

    private static void Require(ReadOnlySpan<double> scores, ReadOnlySpan<bool> labels)
    {
        if (scores.IsEmpty || scores.Length != labels.Length)
        {
            throw SlipwayException.Invalid(
                $"Every row needs a score and a label; got {scores.Length} scores and {labels.Length} labels.");
        }

        foreach (var score in scores)
        {
            if (!(score >= 0 && score <= 1))
            {
                throw SlipwayException.Invalid($"A score is a probability between 0 and 1; got {score}.");
            }
        }
    }

    private static BinaryClassificationMetrics Measure(ReadOnlySpan<double> scores, ReadOnlySpan<bool> labels, double threshold)
    {
        long n = scores.Length;
        long tp = 0, fp = 0, fn = 0;
        double loss = 0, squares = 0;
        for (var i = 0; i < scores.Length; i++)
        {
            var predicted = scores[i] >= threshold;
            tp += predicted && labels[i] ? 1 : 0;
            fp += predicted && !labels[i] ? 1 : 0;
            fn += !predicted && labels[i] ? 1 : 0;
            var error = labels[i] ? 1 - scores[i] : scores[i];
            squares += error * error;
            loss -= Math.Log(Math.Max(Clip, labels[i] ? scores[i] : 1 - scores[i]));
        }

        var calibration = Calibrate(scores, labels);
        return new(
            n, tp + fn, threshold, Auc(scores, labels, tp + fn), loss / n, squares / n, Ratio(tp, tp + fp), Ratio(tp, tp + fn),
            Ratio(2 * tp, (2 * tp) + fp + fn), (double)(n - fp - fn) / n, tp, fp, n - tp - fp - fn, fn,
            calibration.Sum(b => Math.Abs(b.MeanScore - b.PositiveShare) * b.Count / n), calibration);
    }

    private static double? Ratio(long part, long whole) => whole == 0 ? null : (double)part / whole;

    /// <summary>
    /// (Σ ranks of positives − P(P + 1)/2)/(P·N), equal scores sharing their mean rank (Mann and Whitney 1947).
    /// </summary>
    private static double? Auc(ReadOnlySpan<double> sorted, ReadOnlySpan<bool> labels, long positives)
    {
        long negatives = sorted.Length - positives;
        if (positives == 0 || negatives == 0)
        {
            return null;
        }

        // Pairs won, counted in halves: whole numbers, so the sum is exact up to 2⁵³.
        double halves = 0;
        long below = 0;
        for (var start = 0; start < sorted.Length;)
        {
            long tiedNegatives = 0;
            var end = start;
            for (; end < sorted.Length && sorted[end] == sorted[start]; end++)
            {
                tiedNegatives += labels[end] ? 0 : 1;
            }

            halves += (double)(end - start - tiedNegatives) * ((2 * below) + tiedNegatives);
            below += tiedNegatives;
            start = end;
        }

        return halves / (2.0 * positives * negatives);
    }

    private static List<CalibrationBin> Calibrate(ReadOnlySpan<double> sorted, ReadOnlySpan<bool> labels)
    {
        var bins = new List<CalibrationBin>(Bins);
        var start = 0;
        for (var bin = 1; bin <= Bins; bin++)
        {
            var end = Math.Max(start, (int)((long)bin * sorted.Length / Bins));
            while (end > start && end < sorted.Length && sorted[end] == sorted[end - 1])
            {
                end++;
            }

            if (end > start)
            {
                bins.Add(Summarize(sorted[start..end], labels[start..end]));
                start = end;
            }
        }

        return bins;
    }

    private static CalibrationBin Summarize(ReadOnlySpan<double> scores, ReadOnlySpan<bool> labels)
    {
        var sum = 0.0;
        foreach (var score in scores)
        {
            sum += score;
        }

        return new(scores[0], scores[^1], scores.Length, sum / scores.Length, (double)labels.Count(true) / scores.Length);
    }
}
