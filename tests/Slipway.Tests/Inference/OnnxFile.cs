using Slipway.Core.Tensors;
using Slipway.Platform.Pipelines.Onnx;

namespace Slipway.Tests.Inference;

/// <summary>Writes ONNX models of one operator.</summary>
internal static class OnnxFile
{
    /// <summary>output = op(inputs), all of one element type and shape; a negative dimension is dynamic.</summary>
    public static byte[] Of(string op, TensorType type, long[] shape, string[] inputs, string output, long opset = 15)
    {
        var graph = new ProtoWriter().Message(1, new OnnxNode(op, inputs, output).Message).Text(2, "graph");
        foreach (var input in inputs)
        {
            graph.Message(11, Value(input, type, shape));
        }

        graph.Message(12, Value(output, type, shape));
        return Model(graph, opset);
    }

    public static byte[] Model(ProtoWriter graph, long opset = 15) => new ProtoWriter()
        .Int(1, 8)
        .Message(7, graph)
        .Message(8, new ProtoWriter().Text(1, string.Empty).Int(2, opset))
        .Message(14, new ProtoWriter().Text(1, "author").Text(2, "tests"))
        .Written.ToArray();

    public static ProtoWriter Value(string name, TensorType type, long[] shape) =>
        new ProtoWriter().Text(1, name).Message(2, TypeOf(type, shape));

    /// <summary>ValueInfoProto of a sequence of tensors.</summary>
    public static ProtoWriter Sequence(string name, TensorType type, long[] shape) => new ProtoWriter().Text(1, name)
        .Message(2, new ProtoWriter().Message(4, new ProtoWriter().Message(1, TypeOf(type, shape))));

    private static ProtoWriter TypeOf(TensorType type, long[] shape)
    {
        var dims = new ProtoWriter();
        foreach (var dim in shape)
        {
            dims.Message(1, dim < 0 ? new ProtoWriter().Text(2, "N") : new ProtoWriter().Int(1, dim));
        }

        return new ProtoWriter().Message(1, new ProtoWriter().Int(1, ElementType(type)).Message(2, dims));
    }

    // TensorProto.DataType of onnx.proto.
    private static int ElementType(TensorType type) => type switch
    {
        TensorType.Float32 => 1,
        TensorType.UInt8 => 2,
        TensorType.Int8 => 3,
        TensorType.UInt16 => 4,
        TensorType.Int16 => 5,
        TensorType.Int32 => 6,
        TensorType.Int64 => 7,
        TensorType.Bytes => 8,
        TensorType.Bool => 9,
        TensorType.Float16 => 10,
        TensorType.Float64 => 11,
        TensorType.UInt32 => 12,
        TensorType.UInt64 => 13,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };
}
