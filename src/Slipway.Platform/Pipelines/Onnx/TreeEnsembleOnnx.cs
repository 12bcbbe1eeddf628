using Microsoft.ML.Calibrators;
using Microsoft.ML.Trainers.FastTree;

namespace Slipway.Platform.Pipelines.Onnx;

/// <summary>Boosted trees as ONNX: one TreeEnsembleRegressor in double precision.</summary>
/// <remarks>
/// A TreeEnsembleClassifier of two classes labels by rules of its own, so the raw score comes from the regressor and the
/// frame derives both outputs from it. ML.NET adds the leaves in double and then rounds to float; in double the ensemble
/// does the same, and no label flips where the sum is close to zero. Thresholds are floats, exact in double, so that a value
/// equal to one goes left in both.
/// </remarks>
internal static class TreeEnsembleOnnx
{
    public static byte[] Write(
        IReadOnlyList<string> features, IReadOnlyList<RegressionTree> trees, PlattCalibrator calibrator, string algorithm)
    {
        var nodes = new TreeNodes();
        foreach (var tree in trees)
        {
            nodes.Add(tree);
        }

        OnnxNode[] scoring =
        [
            new OnnxNode("Cast", [OnnxClassifier.Input], "features_double").With("to", OnnxTensor.Double),
            nodes.Into(new OnnxNode(
                "TreeEnsembleRegressor", ["features_double"], OnnxClassifier.Score, OnnxClassifier.MachineLearning)),
        ];
        return OnnxClassifier.Write(features, scoring, calibrator, algorithm);
    }

    /// <summary>The parallel lists in which ONNX spells a tree: inner nodes first, from the root, then the leaves.</summary>
    private sealed class TreeNodes
    {
        private readonly List<long> treeIds = [], nodeIds = [], featureIds = [], whenTrue = [], whenFalse = [];
        private readonly List<string> modes = [];
        private readonly List<double> thresholds = [], leafValues = [];
        private readonly List<long> leafTreeIds = [], leafNodeIds = [];
        private int count;

        public void Add(RegressionTree tree)
        {
            if (tree.NumberOfNodes == 0)
            {
                // ML.NET gives such a tree the answer 0; two equal leaves say the same in a form every runtime accepts.
                AddSplit(0, 0, 0, 1, 2);
                AddLeaf(1, 0);
                AddLeaf(2, 0);
            }

            for (var node = 0; node < tree.NumberOfNodes; node++)
            {
                AddSplit(node, tree.NumericalSplitFeatureIndexes[node], tree.NumericalSplitThresholds[node],
                    IdOf(tree.LeftChild[node], tree), IdOf(tree.RightChild[node], tree));
            }

            for (var leaf = 0; tree.NumberOfNodes > 0 && leaf < tree.NumberOfLeaves; leaf++)
            {
                AddLeaf(tree.NumberOfNodes + leaf, tree.LeafValues[leaf]);
            }

            count++;
        }

        public OnnxNode Into(OnnxNode node) => node
            .With("n_targets", 1L)
            .With("aggregate_function", "SUM")
            .With("post_transform", "NONE")
            .With("nodes_treeids", treeIds)
            .With("nodes_nodeids", nodeIds)
            .With("nodes_featureids", featureIds)
            .With("nodes_modes", modes)
            .With("nodes_values_as_tensor", OnnxTensor.Of("thresholds", [.. thresholds]))
            .With("nodes_truenodeids", whenTrue)
            .With("nodes_falsenodeids", whenFalse)
            .With("target_treeids", leafTreeIds)
            .With("target_nodeids", leafNodeIds)
            .With("target_ids", [.. leafNodeIds.Select(_ => 0L)])
            .With("target_weights_as_tensor", OnnxTensor.Of("leaves", [.. leafValues]));

        // ML.NET writes a child that is a leaf as the complement of the leaf's number.
        private static int IdOf(int child, RegressionTree tree) => child >= 0 ? child : tree.NumberOfNodes + ~child;

        // x > threshold goes right. It is false for NaN, so a missing value goes left, as the lowest value does.
        private void AddSplit(int id, int feature, double threshold, int left, int right) =>
            AddNode(id, "BRANCH_GT", feature, threshold, right, left);

        private void AddLeaf(int id, double value)
        {
            AddNode(id, "LEAF", 0, 0, 0, 0);
            leafTreeIds.Add(count);
            leafNodeIds.Add(id);
            leafValues.Add(value);
        }

        private void AddNode(int id, string mode, int feature, double threshold, int ifTrue, int ifFalse)
        {
            treeIds.Add(count);
            nodeIds.Add(id);
            modes.Add(mode);
            featureIds.Add(feature);
            thresholds.Add(threshold);
            whenTrue.Add(ifTrue);
            whenFalse.Add(ifFalse);
        }
    }
}
