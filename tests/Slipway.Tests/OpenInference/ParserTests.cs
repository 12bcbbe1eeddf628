using System.Buffers;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;
using Slipway.Inference;
using Slipway.Platform.Serving;
using Slipway.Protocols.OpenInference;
using Slipway.Protocols.TensorFlowServing;

namespace Slipway.Tests.OpenInference;

/// <summary>What no client would send: whatever the bytes, a parser reads them or says what is wrong with them.</summary>
public sealed class ParserTests
{
    private const string Json = """
        {"id":"r","parameters":{"priority":1,"x":"y"},"inputs":[{"name":"x","shape":[2,2],"datatype":"FP32","data":[[1,-2.5],[null,4e5]]},
        {"name":"t","datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":5}}],"outputs":[{"name":"y","parameters":{"classification":2}}]}
        """;

    private const string Tensors = """{"signature_name":"serving_default","instances":[{"x":[1.0,NaN],"t":{"b64":"AAE="}},{"x":[-Infinity,2],"t":"\u00fc"}]}""";

    private static readonly TensorModel Model = new(
        "m", ["1"], [new("x", TensorType.Float32, [-1, 2]), new("t", TensorType.Bytes, [-1])], [new("y", TensorType.Float32, [-1])], [], null);

    private static readonly TensorModel Matrix = new(
        "m", ["1"], [new("x", TensorType.Float32, [-1, 2])], [new("probability", TensorType.Float32, [-1])], ["a", "b"], null);

    /// <summary>A valid body with some bytes changed, cut out, doubled, or cut off at the end.</summary>
    private static Gen<byte[]> Mutated(byte[] valid) =>
        from cuts in Gen.Choose(0, 4)
        from places in Gen.ArrayOf(Gen.Choose(0, valid.Length - 1), cuts)
        from bytes in Gen.ArrayOf(Gen.Choose(0, 255), cuts)
        from kinds in Gen.ArrayOf(Gen.Choose(0, 3), cuts)
        select Mutate(valid, places, bytes, kinds);

    private static Arbitrary<byte[]> Bodies(string valid) => Gen.OneOf(
        Gen.ArrayOf(Gen.Choose(0, 255)).Select(values => values.Select(value => (byte)value).ToArray()),
        Mutated(Encoding.UTF8.GetBytes(valid))).ToArbitrary();

    private static byte[] Mutate(byte[] valid, int[] places, int[] bytes, int[] kinds)
    {
        var body = valid.ToList();
        for (var i = 0; i < places.Length && body.Count > 0; i++)
        {
            var place = places[i] % body.Count;
            switch (kinds[i])
            {
                case 0: body[place] = (byte)bytes[i]; break;
                case 1: body.RemoveAt(place); break;
                case 2: body.InsertRange(place, body.GetRange(place, Math.Min(bytes[i], body.Count - place))); break;
                default: body.RemoveRange(place, body.Count - place); break;
            }
        }

        return [.. body];
    }

    /// <summary>Fails with whatever the parser throws that is not the caller's to mend.</summary>
    private static bool IsReadOrRefused(Action read)
    {
        try
        {
            read();
        }
        catch (SlipwayException failure)
        {
            return failure.Message.Length > 0 && failure.Kind is ErrorKind.Invalid or ErrorKind.TooLarge or ErrorKind.Unsupported;
        }

        return true;
    }

    /// <summary>In pieces of seven bytes, as a network may hand them over.</summary>
    private static ReadOnlySequence<byte> InPieces(byte[] body)
    {
        var first = new Piece(body.AsMemory(0, Math.Min(7, body.Length)), 0);
        var last = first;
        for (var at = 7; at < body.Length; at += 7)
        {
            last = last.Append(body.AsMemory(at, Math.Min(7, body.Length - at)));
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    [Fact]
    public void Any_body_of_the_inference_protocol_is_read_or_refused() => Prop.ForAll(Bodies(Json), Gen.Choose(0, 20).ToArbitrary(), (body, binary) =>
        IsReadOrRefused(() => InferReader.Read(
            InPieces(body), new BinaryInputs("m", new ReadOnlySequence<byte>(new byte[binary])), null))).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));

    [Fact]
    public void Any_body_of_TensorFlow_Serving_is_read_or_refused() => Prop.ForAll(Bodies(Tensors), body => IsReadOrRefused(() =>
    {
        using var json = LooseJson.Parse(InPieces(body));
        if (json.RootElement.ValueKind == System.Text.Json.JsonValueKind.Object)
        {
            PredictCall.Read(json.RootElement, Model);
        }
    })).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));

    [Fact]
    public void Any_bytes_of_a_tensor_are_read_or_refused() => Prop.ForAll(
        Gen.ArrayOf(Gen.Choose(0, 3)).Select(values => values.Select(value => (byte)value).ToArray()).ToArbitrary(),
        Gen.ArrayOf(Gen.Elements(-1L, 0, 1, 2, 3, long.MaxValue, long.MinValue, int.MaxValue)).ToArbitrary(),
        (bytes, shape) => Enum.GetValues<TensorType>().All(type =>
            IsReadOrRefused(() => TensorBytes.Read(type, shape, InPieces(bytes), "x", "m")))).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void A_raw_body_is_read_or_refused() => Prop.ForAll(
        Gen.Choose(0, 40).ToArbitrary(),
        Gen.ArrayOf(Gen.Elements(-1L, 0, 1, 2, 3)).ToArbitrary(),
        (size, shape) => Enum.GetValues<TensorType>().All(type => IsReadOrRefused(() => RawRequest.Read(
            new ReadOnlySequence<byte>(new byte[size]),
            new TensorModel("m", ["1"], [new TensorSpec("x", type, shape)], [], [], null), null)))).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("[")]
    [InlineData("{\"inputs\":")]
    public void Depth_is_bounded(string open)
    {
        var body = Encoding.UTF8.GetBytes("{\"inputs\":" + string.Concat(Enumerable.Repeat(open, 100_000)));
        Assert.Equal(
            "JSON nesting depth exceeds maximum allowed limit (100)",
            Assert.Throws<SlipwayException>(() => InferReader.Read(
                new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes("{\"x\":" + Encoding.UTF8.GetString(body))), new BinaryInputs("m", null), null)).Message);
        Assert.StartsWith(
            "JSON Parse error: nesting exceeds 100 levels.",
            Assert.Throws<SlipwayException>(() => LooseJson.Parse(new ReadOnlySequence<byte>(body)).Dispose()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Examples_are_read_or_refused() => Prop.ForAll(
        Bodies("""{"context":{"b":1},"examples":[{"a":[1.5]},{"a":2,"b":NaN}]}"""), body => IsReadOrRefused(() =>
        {
            using var json = LooseJson.Parse(InPieces(body));
            if (json.RootElement.ValueKind == System.Text.Json.JsonValueKind.Object)
            {
                ExampleCall.Read(json.RootElement, Matrix, "classify");
            }
        })).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, long start) => (Memory, RunningIndex) = (memory, start);

        public Piece Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Piece(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
