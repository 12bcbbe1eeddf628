using System.Runtime.InteropServices;

namespace Slipway.Platform.Pipelines.Onnx;

/// <summary>A constant of a graph, shape [length]: TensorProto with raw data.</summary>
internal sealed class OnnxTensor
{
    public const int Float = 1;
    public const int Int64 = 7;
    public const int Double = 11;

    private OnnxTensor(string name, int type, int length, ReadOnlySpan<byte> raw) =>
        Message = new ProtoWriter().Int(1, length).Int(2, type).Text(8, name).Bytes(9, raw);

    public ProtoWriter Message { get; }

    public static OnnxTensor Of(string name, params float[] values) =>
        new(name, Float, values.Length, MemoryMarshal.AsBytes<float>(values));

    public static OnnxTensor Of(string name, params long[] values) =>
        new(name, Int64, values.Length, MemoryMarshal.AsBytes<long>(values));

    public static OnnxTensor Of(string name, params double[] values) =>
        new(name, Double, values.Length, MemoryMarshal.AsBytes<double>(values));
}
