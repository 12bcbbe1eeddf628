using Slipway.Core.Tensors;
using Slipway.Platform.Pipelines.Onnx;

namespace Slipway.Tests.Inference;

/// <summary>Models of one feature that do not go well with batches.</summary>
internal static class BatchModels
{
    /// <summary>Every row's probability is its share of all rows' exponentials.</summary>
    public static byte[] Shares { get; } = Of(new OnnxNode("Softmax", ["features"], "probability").With("axis", 0L).Message);

    /// <summary>Goes on for about as long as anybody can wait.</summary>
    public static byte[] Endless { get; } = Of(Loop(), OnnxTensor.Of("trips", 1_000_000_000_000L));

    private static byte[] Of(ProtoWriter node, params OnnxTensor[] constants)
    {
        var graph = new ProtoWriter().Message(1, node).Text(2, "graph");
        foreach (var constant in constants)
        {
            graph.Message(5, constant.Message);
        }

        return OnnxFile.Model(graph
            .Message(11, OnnxFile.Value("features", TensorType.Float32, [-1, 1]))
            .Message(12, OnnxFile.Value("probability", TensorType.Float32, [-1, 1])));
    }

    private static ProtoWriter Loop()
    {
        var body = new ProtoWriter()
            .Message(1, new OnnxNode("Identity", ["go"], "again").Message)
            .Message(1, new OnnxNode("Identity", ["value"], "next").Message)
            .Text(2, "body")
            .Message(11, OnnxFile.Value("trip", TensorType.Int64, []))
            .Message(11, OnnxFile.Value("go", TensorType.Bool, []))
            .Message(11, OnnxFile.Value("value", TensorType.Float32, [-1, 1]))
            .Message(12, OnnxFile.Value("again", TensorType.Bool, []))
            .Message(12, OnnxFile.Value("next", TensorType.Float32, [-1, 1]));
        var attribute = new ProtoWriter().Text(1, "body").Message(6, body).Int(20, 5);
        return new OnnxNode("Loop", ["trips", "", "features"], "probability").Message.Message(5, attribute);
    }
}
