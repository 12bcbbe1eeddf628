using System.Text.Json;
using Microsoft.ML.Calibrators;

namespace Slipway.Platform.Pipelines.Onnx;

/// <summary>
/// The frame around every binary classifier: from a raw score per row to the outputs <c>label</c> and <c>probability</c>,
/// and the file around the graph.
/// </summary>
internal static class OnnxClassifier
{
    public const string Input = "features";

    /// <summary>Name of the tensor, FP32 [N, 1], that the nodes before must produce.</summary>
    public const string Score = "score";

    public const string MachineLearning = "ai.onnx.ml";

    /// <param name="scoring">Nodes from <see cref="Input"/>, FP32 [N, features], to <see cref="Score"/>.</param>
    public static byte[] Write(
        IReadOnlyList<string> features, IEnumerable<OnnxNode> scoring, PlattCalibrator calibrator, string algorithm)
    {
        // P(positive) = 1 / (1 + exp(slope·score + offset)), and the label is positive where score > 0: both as in ML.NET.
        OnnxNode[] nodes =
        [
            .. scoring,
            new OnnxNode("Reshape", [Score, "flat"], "score_per_row"),
            new OnnxNode("Mul", ["score_per_row", "slope"], "scaled"),
            new OnnxNode("Add", ["scaled", "offset"], "logit"),
            new OnnxNode("Sigmoid", ["logit"], "probability"),
            new OnnxNode("Greater", ["score_per_row", "zero"], "positive"),
            new OnnxNode("Cast", ["positive"], "label").With("to", OnnxTensor.Int64),
        ];
        OnnxTensor[] constants =
        [
            OnnxTensor.Of("flat", -1L),
            OnnxTensor.Of("slope", (float)-calibrator.Slope),
            OnnxTensor.Of("offset", (float)-calibrator.Offset),
            OnnxTensor.Of("zero", 0f),
        ];
        return Model(Graph(nodes, constants, features.Count), features, algorithm);
    }

    private static ProtoWriter Graph(OnnxNode[] nodes, OnnxTensor[] constants, int features)
    {
        var graph = new ProtoWriter();
        foreach (var node in nodes)
        {
            graph.Message(1, node.Message);
        }

        graph.Text(2, "classifier");
        foreach (var constant in constants)
        {
            graph.Message(5, constant.Message);
        }

        return graph
            .Message(11, Value(Input, OnnxTensor.Float, features))
            .Message(12, Value("label", OnnxTensor.Int64))
            .Message(12, Value("probability", OnnxTensor.Float));
    }

    /// <summary>ValueInfoProto of the shape [N], or [N, columns].</summary>
    private static ProtoWriter Value(string name, int type, int? columns = null)
    {
        var shape = new ProtoWriter().Message(1, new ProtoWriter().Text(2, "N"));
        if (columns is { } count)
        {
            shape.Message(1, new ProtoWriter().Int(1, count));
        }

        var tensor = new ProtoWriter().Int(1, type).Message(2, shape);
        return new ProtoWriter().Text(1, name).Message(2, new ProtoWriter().Message(1, tensor));
    }

    private static byte[] Model(ProtoWriter graph, IReadOnlyList<string> features, string algorithm) => new ProtoWriter()
        .Int(1, 8)
        .Text(2, "slipway")
        .Text(3, typeof(OnnxClassifier).Assembly.GetName().Version!.ToString(3))
        .Message(7, graph)
        .Message(8, new ProtoWriter().Text(1, string.Empty).Int(2, 15))
        .Message(8, new ProtoWriter().Text(1, MachineLearning).Int(2, 3))
        .Message(14, Entry("features", JsonSerializer.Serialize(features)))
        .Message(14, Entry("algorithm", algorithm))
        .Written.ToArray();

    private static ProtoWriter Entry(string key, string value) => new ProtoWriter().Text(1, key).Text(2, value);
}
