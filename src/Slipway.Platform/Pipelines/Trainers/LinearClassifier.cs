using System.Collections.Immutable;
using Microsoft.ML;
using Microsoft.ML.Trainers;
using Microsoft.ML.Transforms;
using Slipway.Platform.Pipelines.Onnx;

namespace Slipway.Platform.Pipelines.Trainers;

/// <summary>Logistic regression by L-BFGS over standardised features; a missing value stands for the feature's mean.</summary>
internal static class LinearClassifier
{
    public static FittedModel Fit(MLContext ml, TrainingSet set, TrainerOptions options)
    {
        // After standardising, the mean is 0, which is what a missing value becomes.
        var pipeline = ml.Transforms.NormalizeMeanVariance(RowsView.Features, fixZero: false, maximumExampleCount: long.MaxValue)
            .Append(ml.Transforms.ReplaceMissingValues(RowsView.Features))
            .AppendCacheCheckpoint(ml)
            .Append(ml.BinaryClassification.Trainers.LbfgsLogisticRegression(new LbfgsLogisticRegressionBinaryTrainer.Options
            {
                LabelColumnName = RowsView.Label,
                FeatureColumnName = RowsView.Features,
                L1Regularization = 0,
                L2Regularization = (float)options.L2,
                // With more than one, the sums depend on how the rows fall to the threads.
                NumberOfThreads = 1,
            }));
        var fitted = pipeline.Fit(set.View(float.NaN));
        var model = fitted.LastTransformer.Model;
        float[] weights = [.. model.SubModel.Weights];
        var (offset, scale) = Standardisation(fitted.First(), set.Rows.Names.Count);
        return new FittedModel(fitted, float.NaN, [.. weights.Select(weight => (double)Math.Abs(weight))], [],
            () => LinearOnnx.Write(set.Rows.Names, offset, scale, weights, model.SubModel.Bias, model.Calibrator));
    }

    /// <summary>z = (x − offset)·scale, per feature.</summary>
    private static (float[] Offset, float[] Scale) Standardisation(ITransformer first, int features)
    {
        var affine = (NormalizingTransformer.AffineNormalizerModelParameters<ImmutableArray<float>>)
            ((NormalizingTransformer)first).GetNormalizerModelParameters(0);
        return (affine.Offset.IsDefaultOrEmpty ? new float[features] : [.. affine.Offset], [.. affine.Scale]);
    }
}
