using Slipway.Platform.Pipelines.Onnx;

namespace Slipway.Tests.Trainers;

/// <summary>Expected bytes are the examples of the protocol buffers encoding guide (protobuf.dev/programming-guides/encoding).</summary>
public sealed class ProtoWriterTests
{
    [Fact]
    public void An_integer_is_a_varint() => Assert.Equal("089601", Hex(new ProtoWriter().Int(1, 150)));

    [Fact]
    public void A_negative_integer_takes_ten_bytes() =>
        Assert.Equal("08feffffffffffffffff01", Hex(new ProtoWriter().Int(1, -2)));

    [Fact]
    public void A_string_follows_its_length() => Assert.Equal("120774657374696e67", Hex(new ProtoWriter().Text(2, "testing")));

    [Fact]
    public void A_message_follows_its_length() =>
        Assert.Equal("1a03089601", Hex(new ProtoWriter().Message(3, new ProtoWriter().Int(1, 150))));

    [Fact]
    public void Repeated_integers_are_packed() => Assert.Equal("3206038e029ea705", Hex(new ProtoWriter().Ints(6, [3, 270, 86942])));

    private static string Hex(ProtoWriter writer) => Convert.ToHexStringLower(writer.Written);
}
