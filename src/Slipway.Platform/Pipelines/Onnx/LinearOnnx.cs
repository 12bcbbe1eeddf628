using Microsoft.ML.Calibrators;
using Slipway.Platform.Pipelines.Trainers;

namespace Slipway.Platform.Pipelines.Onnx;

/// <summary>Logistic regression as ONNX: Imputer → Scaler → LinearRegressor.</summary>
internal static class LinearOnnx
{
    /// <param name="offset">The mean of each feature, which a missing value stands for.</param>
    /// <param name="scale">1 / standard deviation; 0 for a feature that does not vary.</param>
    public static byte[] Write(IReadOnlyList<string> features,
        float[] offset, float[] scale, float[] weights, float bias, PlattCalibrator calibrator)
    {
        // Folding the standardisation into the weights would save a node and lose the digits that a large mean cancels.
        OnnxNode[] scoring =
        [
            new OnnxNode("Imputer", [OnnxClassifier.Input], "imputed", OnnxClassifier.MachineLearning)
                .With("imputed_value_floats", offset)
                .With("replaced_value_float", float.NaN),
            new OnnxNode("Scaler", ["imputed"], "standardised", OnnxClassifier.MachineLearning)
                .With("offset", offset)
                .With("scale", scale),
            new OnnxNode("LinearRegressor", ["standardised"], OnnxClassifier.Score, OnnxClassifier.MachineLearning)
                .With("coefficients", weights)
                .With("intercepts", [bias])
                .With("targets", 1L),
        ];
        return OnnxClassifier.Write(features, scoring, calibrator, TrainerOptions.LogisticRegression);
    }
}
