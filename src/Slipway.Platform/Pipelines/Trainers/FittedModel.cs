using Microsoft.ML;
using Microsoft.ML.Trainers.FastTree;

namespace Slipway.Platform.Pipelines.Trainers;

/// <summary>What an algorithm hands back.</summary>
/// <param name="Transformer">Gives the columns Probability and PredictedLabel for rows of <see cref="RowsView"/>.</param>
/// <param name="MissingAs">What a missing value is for <paramref name="Transformer"/>.</param>
/// <param name="Weights">Unnormalised importance per feature, ≥ 0.</param>
/// <param name="Trees">Empty for a linear model.</param>
/// <param name="Onnx">Writes the same model as ONNX.</param>
internal sealed record FittedModel(
    ITransformer Transformer, float MissingAs, double[] Weights, IReadOnlyList<RegressionTree> Trees, Func<byte[]> Onnx);
