using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;
using Slipway.Inference;
using Slipway.Platform.Foundation.Blobs;

namespace Slipway.Platform.Pipelines.Models;

/// <summary>A model file in the blob store, as steps hand it to each other.</summary>
/// <param name="Features">In the order of the model's input.</param>
public sealed record ModelBlob(string Key, string Sha256, long Bytes, IReadOnlyList<string> Features, ModelSignature Signature);

/// <summary>Scores tables with ONNX models that are not deployed: in evaluation, gates and batch work.</summary>
public sealed class ModelScorer(BlobStore blobs)
{
    /// <returns>The probability of the positive class for each row.</returns>
    /// <exception cref="SlipwayException">NotFound without the blob, Invalid when the table lacks a feature.</exception>
    public double[] Score(ModelBlob model, Table rows, CancellationToken cancel)
    {
        using var onnx = OnnxModel.Load(blobs.LocalPath(model.Key), Path.GetFileName(model.Key));
        return Score(onnx, FeatureMatrix.From(rows, model.Features), cancel);
    }

    /// <summary>Widened to double without change, so that equal scores compare equal.</summary>
    public static double[] Score(OnnxModel onnx, FeatureMatrix rows, CancellationToken cancel)
    {
        var scores = new float[rows.Rows];
        onnx.Score(rows.Values.Span, rows.Rows, scores, cancel);
        return Array.ConvertAll(scores, score => (double)score);
    }
}
