namespace Slipway.Platform.Pipelines.Onnx;

/// <summary>One operator of a graph: NodeProto with its AttributeProtos.</summary>
/// <remarks>Field numbers after onnx.proto of ONNX 1.12 (IR version 8).</remarks>
internal sealed class OnnxNode
{
    private enum Kind
    {
        Float = 1,
        Int = 2,
        Text = 3,
        Tensor = 4,
        Floats = 6,
        Ints = 7,
        Texts = 8,
    }

    /// <param name="domain">Empty for the standard operators.</param>
    public OnnxNode(string op, IEnumerable<string> inputs, string output, string domain = "")
    {
        foreach (var input in inputs)
        {
            Message.Text(1, input);
        }

        Message.Text(2, output).Text(3, output).Text(4, op).Text(7, domain);
    }

    public ProtoWriter Message { get; } = new();

    public OnnxNode With(string name, long value) => Add(name, Kind.Int, attribute => attribute.Int(3, value));

    public OnnxNode With(string name, float value) => Add(name, Kind.Float, attribute => attribute.Float(2, value));

    public OnnxNode With(string name, string value) => Add(name, Kind.Text, attribute => attribute.Text(4, value));

    public OnnxNode With(string name, OnnxTensor value) =>
        Add(name, Kind.Tensor, attribute => attribute.Message(5, value.Message));

    public OnnxNode With(string name, float[] values) => Add(name, Kind.Floats, attribute => attribute.Floats(7, values));

    public OnnxNode With(string name, IReadOnlyList<long> values) =>
        Add(name, Kind.Ints, attribute => attribute.Ints(8, [.. values]));

    public OnnxNode With(string name, IReadOnlyList<string> values) => Add(name, Kind.Texts, attribute =>
    {
        foreach (var value in values)
        {
            attribute.Text(9, value);
        }
    });

    private OnnxNode Add(string name, Kind kind, Action<ProtoWriter> write)
    {
        var attribute = new ProtoWriter().Text(1, name);
        write(attribute);
        Message.Message(5, attribute.Int(20, (int)kind));
        return this;
    }
}
