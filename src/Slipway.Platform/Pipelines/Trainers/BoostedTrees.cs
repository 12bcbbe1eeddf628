using Microsoft.ML;
using Microsoft.ML.Calibrators;
using Microsoft.ML.Trainers.FastTree;
using Microsoft.ML.Trainers.LightGbm;
using Slipway.Platform.Pipelines.Onnx;

namespace Slipway.Platform.Pipelines.Trainers;

/// <summary>Gradient-boosted trees: LightGBM or FastTree.</summary>
/// <remarks>
/// A missing value stands below every number, in training and in scoring. Left to themselves, FastTree skips training rows
/// that hold a NaN, and ML.NET rebuilds LightGBM's "missing goes right" as "missing counts as threshold + 1", which as a
/// float is the threshold itself for 1e300 (the split "missing | any number") and beyond 2²⁴: the NaN goes left, and a label
/// that equals "is missing" is predicted for none of its rows. As the lowest value a NaN is an ordinary value to both: a
/// split can set it apart, and it takes the same way in training, in ML.NET and in ONNX.
/// </remarks>
internal static class BoostedTrees
{
    private const float Missing = float.MinValue;

    public static FittedModel FitLightGbm(MLContext ml, TrainingSet set, TrainerOptions options)
    {
        var trainer = ml.BinaryClassification.Trainers.LightGbm(new LightGbmBinaryTrainer.Options
        {
            LabelColumnName = RowsView.Label,
            FeatureColumnName = RowsView.Features,
            NumberOfIterations = options.Trees,
            NumberOfLeaves = options.Leaves,
            MinimumExampleCountPerLeaf = options.MinRowsPerLeaf,
            LearningRate = options.LearningRate,
            MaximumBinCountPerFeature = options.Bins,
            Sigmoid = 1,
            HandleMissingValue = false,
            UseCategoricalSplit = false,
            Seed = options.Seed,
            NumberOfThreads = options.ThreadCount,
            // Otherwise LightGBM times both layouts and takes the faster, by chance; by rows takes half the time at 20 features.
            Deterministic = true,
            ForceRowWise = true,
            Booster = new GradientBooster.Options
            {
                L2Regularization = options.L2,
                FeatureFraction = options.FeatureFraction,
                SubsampleFraction = options.RowFraction,
                SubsampleFrequency = options.RowFraction < 1 ? 1 : 0,
            },
        });
        var fitted = trainer.Fit(set.View(Missing));
        return Fitted(fitted, set.Rows.Names, fitted.Model.SubModel, fitted.Model.Calibrator, TrainerOptions.LightGbm);
    }

    public static FittedModel FitFastTree(MLContext ml, TrainingSet set, TrainerOptions options)
    {
        var trainer = ml.BinaryClassification.Trainers.FastTree(new FastTreeBinaryTrainer.Options
        {
            LabelColumnName = RowsView.Label,
            FeatureColumnName = RowsView.Features,
            NumberOfTrees = options.Trees,
            NumberOfLeaves = options.Leaves,
            MinimumExampleCountPerLeaf = options.MinRowsPerLeaf,
            LearningRate = options.LearningRate,
            MaximumBinCountPerFeature = options.Bins,
            FeatureFraction = options.FeatureFraction,
            BaggingSize = options.RowFraction < 1 ? 1 : 0,
            BaggingExampleFraction = options.RowFraction,
            Seed = options.Seed,
            FeatureSelectionSeed = options.Seed,
            NumberOfThreads = options.ThreadCount,
            DiskTranspose = false,
        });
        var fitted = trainer.Fit(set.View(Missing));
        return Fitted(fitted, set.Rows.Names, fitted.Model.SubModel, fitted.Model.Calibrator, TrainerOptions.FastTree);
    }

    private static FittedModel Fitted(ITransformer transformer, IReadOnlyList<string> features,
        TreeEnsembleModelParametersBasedOnRegressionTree model, PlattCalibrator calibrator, string algorithm)
    {
        var trees = model.TrainedTreeEnsemble.Trees;
        return new FittedModel(transformer, Missing, Gains(trees, features.Count), trees,
            () => TreeEnsembleOnnx.Write(features, trees, calibrator, algorithm));
    }

    private static double[] Gains(IReadOnlyList<RegressionTree> trees, int features)
    {
        var gains = new double[features];
        foreach (var tree in trees)
        {
            for (var node = 0; node < tree.NumberOfNodes; node++)
            {
                gains[tree.NumericalSplitFeatureIndexes[node]] += Math.Max(0, tree.SplitGains[node]);
            }
        }

        return gains;
    }
}
