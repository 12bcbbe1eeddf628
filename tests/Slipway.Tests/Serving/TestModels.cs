using System.Text.Json;
using Slipway.Core.Tensors;
using Slipway.Platform.Pipelines.Onnx;
using Slipway.Tests.Inference;

namespace Slipway.Tests.Serving;

/// <summary>ONNX models small enough to know their answers by heart.</summary>
internal static class TestModels
{
    /// <summary>One feature, which is the probability.</summary>
    public static byte[] Echo { get; } = OnnxFile.Of("Identity", TensorType.Float32, [-1, 1], ["features"], "probability");

    /// <summary>One feature x; the probability is 1 − x.</summary>
    public static byte[] Inverse { get; } = Of(1, [new OnnxNode("Sub", ["one", "features"], "probability")], [OnnxTensor.Of("one", 1f)], [-1, 1]);

    /// <summary>One feature: 0 gives 0.25, 1 gives 0.75, anything above makes the native run fail.</summary>
    public static byte[] Brittle { get; } = Of(
        1,
        [
            new OnnxNode("Cast", ["features"], "index").With("to", OnnxTensor.Int64),
            new OnnxNode("Gather", ["table", "index"], "probability"),
        ],
        [OnnxTensor.Of("table", 0.25f, 0.75f)],
        [-1, 1]);

    /// <summary>One feature, which is the probability; 0.5 where it is missing.</summary>
    public static byte[] Forgiving { get; } = Of(
        1,
        [
            new OnnxNode("IsNaN", ["features"], "missing"),
            new OnnxNode("Where", ["missing", "half", "features"], "probability"),
        ],
        [OnnxTensor.Of("half", 0.5f)],
        [-1, 1]);

    /// <summary>One feature; the probability is √x, NaN below 0.</summary>
    public static byte[] Root { get; } = Of(1, [new OnnxNode("Sqrt", ["features"], "probability")], [], [-1, 1]);

    /// <summary>1 / (1 + exp(−w·x − b)), with the outputs label (INT64) and probability (FP32) per row.</summary>
    public static byte[] Logistic(float[] weights, float bias, string[]? features = null) => Of(
        weights.Length,
        [
            new OnnxNode("Mul", ["features", "weights"], "products"),
            new OnnxNode("ReduceSum", ["products", "axis"], "sum").With("keepdims", 0L),
            new OnnxNode("Add", ["sum", "bias"], "logit"),
            new OnnxNode("Sigmoid", ["logit"], "probability"),
            new OnnxNode("Greater", ["probability", "half"], "positive"),
            new OnnxNode("Cast", ["positive"], "label").With("to", OnnxTensor.Int64),
        ],
        [OnnxTensor.Of("weights", weights), OnnxTensor.Of("axis", 1L), OnnxTensor.Of("bias", bias), OnnxTensor.Of("half", 0.5f)],
        [-1],
        features,
        withLabel: true);

    private static byte[] Of(
        int features, OnnxNode[] nodes, OnnxTensor[] constants, long[] output, string[]? names = null, bool withLabel = false)
    {
        var graph = new ProtoWriter();
        foreach (var node in nodes)
        {
            graph.Message(1, node.Message);
        }

        graph.Text(2, "graph");
        foreach (var constant in constants)
        {
            graph.Message(5, constant.Message);
        }

        graph.Message(11, OnnxFile.Value("features", TensorType.Float32, [-1, features]));
        if (withLabel)
        {
            graph.Message(12, OnnxFile.Value("label", TensorType.Int64, output));
        }

        graph.Message(12, OnnxFile.Value("probability", TensorType.Float32, output));
        var model = OnnxFile.Model(graph);
        return names is null
            ? model
            : [.. model, .. new ProtoWriter().Message(14, new ProtoWriter().Text(1, "features").Text(2, JsonSerializer.Serialize(names))).Written.ToArray()];
    }
}
