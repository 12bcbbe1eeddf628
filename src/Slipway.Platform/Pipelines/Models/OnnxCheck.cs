using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;
using Slipway.Inference;
using Slipway.Platform.Pipelines.Trainers;

namespace Slipway.Platform.Pipelines.Models;

/// <param name="MaxDifference">Largest absolute difference of the probabilities.</param>
/// <param name="LabelMismatches">Rows that the two label differently.</param>
public sealed record OnnxAgreement(int Rows, double MaxDifference, int LabelMismatches);

/// <summary>An exported model must answer as the trained one does: scores within 1e-5, and every label.</summary>
internal static class OnnxCheck
{
    public const int Rows = 10_000;
    public const double Tolerance = 1e-5;

    /// <param name="table">At most <see cref="Rows"/> of its rows are compared, evenly spread.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> when the two disagree.</exception>
    public static OnnxAgreement Verify(TrainedModel trained, byte[] onnx, Table table)
    {
        var count = Math.Min(Rows, table.Rows);
        var sample = table.Take([.. Enumerable.Range(0, count).Select(i => (int)((long)i * table.Rows / count))]);
        var (probabilities, labels) = trained.Predict(sample);
        using var model = OnnxModel.Load(onnx, "exported");
        var matrix = FeatureMatrix.From(sample, trained.Features);
        var outputs = model.Run([Tensor.Of(matrix.Values.ToArray(), count, trained.Features.Count)]);
        var exportedLabels = outputs[IndexOf(model, "label")].Values<long>();
        var exported = outputs[IndexOf(model, OnnxScorer.Probability)].Values<float>();
        var (difference, mismatches) = (0.0, 0);
        for (var row = 0; row < count; row++)
        {
            difference = Math.Max(difference, Math.Abs(probabilities[row] - exported[row]));
            mismatches += labels[row] == (exportedLabels[row] == 1) ? 0 : 1;
        }

        return difference <= Tolerance && mismatches == 0
            ? new OnnxAgreement(count, difference, mismatches)
            : throw new SlipwayException(
                ErrorKind.FailedPrecondition,
                $"The exported ONNX model differs from the trained one by up to {difference:g3} over {count} rows (limit {Tolerance:g1}), and labels {mismatches} rows otherwise.");
    }

    private static int IndexOf(OnnxModel model, string output) => model.Outputs.Select(o => o.Name).ToList().IndexOf(output);
}
