using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using Slipway.Core.Tensors;

namespace Slipway.Tests.OpenInference;

/// <summary>Tensors as bytes behind the JSON.</summary>
public sealed class BinaryTests(InferenceHost host) : IClassFixture<InferenceHost>
{
    private static byte[] Floats(params float[] values) => MemoryMarshal.AsBytes<float>(values).ToArray();

    private static string Input(string type, int bytes, string shape = "[1,2]", string more = "") =>
        $$$"""{"inputs":[{"name":"x","shape":{{{shape}}},"datatype":"{{{type}}}","parameters":{"binary_data_size":{{{bytes}}}}}]{{{more}}}}""";

    public static TheoryData<TensorType> Types => [.. Enum.GetValues<TensorType>()];

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Every_type_comes_back_as_the_bytes_that_were_sent(TensorType type)
    {
        byte[] bytes = type switch
        {
            TensorType.Bool => [1, 0],
            TensorType.Bytes => [3, 0, 0, 0, 0x61, 0xc3, 0xbc, 0, 0, 0, 0],
            _ => [.. Enumerable.Range(1, 2 * type.ElementBytes()).Select(i => (byte)i)],
        };

        var (status, json, binary) = await host.InferAsync(
            $"same_{type.Wire()}", Input(type.Wire(), bytes.Length, more: ""","parameters":{"binary_data_output":true}"""), bytes);

        Assert.Equal(
            $$$"""200 {"model_name":"same_{{{type.Wire()}}}","model_version":"1","outputs":[{"name":"y","datatype":"{{{type.Wire()}}}","shape":[1,2],"parameters":{"binary_data_size":{{{bytes.Length}}}}}]}""",
            $"{status} {json}");
        Assert.Equal(bytes, binary);
    }

    [Fact]
    public async Task Inputs_take_their_bytes_in_the_order_of_the_request()
    {
        const string json = """
            {"inputs":[{"name":"b","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}},
                       {"name":"a","shape":[1,2],"datatype":"FP32","data":[0.5,0.25]}],
             "outputs":[{"name":"y","parameters":{"binary_data":true}}]}
            """;
        var (status, _, binary) = await host.InferAsync("sum", json, Floats(1, 2));
        Assert.Equal(200, status);
        Assert.Equal(Floats(1.5f, 2.25f), binary);
    }

    [Fact]
    public async Task An_output_says_itself_whether_it_comes_as_bytes()
    {
        const string more = ""","parameters":{"binary_data_output":true},"outputs":[{"name":"y","parameters":{"binary_data":false}}]""";
        var (_, json, binary) = await host.InferAsync("same_FP32", Input("FP32", 8, more: more), Floats(1, 2));
        Assert.EndsWith("\"data\":[1,2]}]}", json, StringComparison.Ordinal);
        Assert.Empty(binary);
    }

    [Fact]
    public async Task A_body_without_json_is_the_one_input()
    {
        var (status, headers, body) = await host.SendAsync(
            "POST", "/v2/models/flights/infer", Floats(0, 0), ("Inference-Header-Content-Length", "0"));

        // label (INT64) 0, as 0.5 is not above the threshold, then the probability.
        var json = int.Parse(headers.GetValues("Inference-Header-Content-Length").Single(), System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(200, status);
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 0, .. Floats(0.5f)], body[json..]);
    }

    [Fact]
    public async Task The_open_dimension_of_a_body_without_json_follows_from_its_size()
    {
        var (status, _, body) = await host.SendAsync("POST", "/v2/models/wide/infer", Floats(1, 2, 3), ("Inference-Header-Content-Length", "0"));
        Assert.Equal(200, status);
        Assert.Contains("\"shape\":[1,3]", Encoding.UTF8.GetString(body), StringComparison.Ordinal);
        Assert.Equal(
            """400 {"error":"a raw binary request needs a model of one input; model 'sum' has 2"}""",
            await host.TextAsync("POST", "/v2/models/sum/infer", "x", ("Inference-Header-Content-Length", "0")));
        Assert.Equal(
            """400 {"error":"input byte size mismatch for input 'x' for model 'same_FP32'. Expected 8, got 12"}""",
            await host.TextAsync("POST", "/v2/models/same_FP32/infer", "abcdefghijkl", ("Inference-Header-Content-Length", "0")));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task The_length_of_the_json_is_that_of_the_unpacked_body(string encoding)
    {
        var json = Encoding.UTF8.GetBytes(Input("FP32", 8));
        using var packed = new MemoryStream();
        await using (Stream pack = encoding == "gzip"
            ? new GZipStream(packed, CompressionMode.Compress, leaveOpen: true)
            : new ZLibStream(packed, CompressionMode.Compress, leaveOpen: true))
        {
            await pack.WriteAsync((byte[])[.. json, .. Floats(3, 4)], TestContext.Current.CancellationToken);
        }

        var (status, _, body) = await host.SendAsync(
            "POST", "/v2/models/same_FP32/infer", packed.ToArray(), ("Content-Encoding", encoding),
            ("Inference-Header-Content-Length", $"{json.Length}"));

        Assert.Equal(200, status);
        Assert.EndsWith("\"data\":[3,4]}]}", Encoding.UTF8.GetString(body), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_encoding_is_refused_with_those_that_are_known()
    {
        var (status, headers, body) = await host.SendAsync("POST", "/v2/models/same_FP32/infer", [1], ("Content-Encoding", "zstd"));
        Assert.Equal((501, """{"error":"Unsupported compression type 'zstd'"}"""), (status, Encoding.UTF8.GetString(body)));
        Assert.Equal(["gzip", "deflate"], headers.GetValues("Accept-Encoding").SelectMany(value => value.Split(", ")));
    }

    [Theory]
    [InlineData("same_FP32", 8, 4, "unexpected size for input 'x', expecting 4 additional bytes for model 'same_FP32'")]
    [InlineData("same_FP32", 4, 4, "input byte size mismatch for input 'x' for model 'same_FP32'. Expected 8, got 4")]
    [InlineData("same_FP32", 8, 9, "unexpected additional input data for model 'same_FP32'")]
    [InlineData("same_FP32", -1, 8, "'binary_data_size' of input 'x' is a whole number ≥ 0; got -1")]
    public async Task Bytes_that_are_not_as_declared_are_refused(string model, int declared, int sent, string error)
    {
        var (status, json, _) = await host.InferAsync(model, Input("FP32", declared), new byte[sent]);
        Assert.Equal($$"""400 {"error":"{{error}}"}""", $"{status} {json}");
    }

    [Theory]
    [InlineData("9", "inference header size should be in range (0, 8), got: 9")]
    [InlineData("-1", "inference header size should be in range (0, 8), got: -1")]
    [InlineData("99999999999999999999", "inference header size should be in range (0, 8), got: 99999999999999999999")]
    [InlineData("x", "inference header size should be in range (0, 8), got: x")]
    public async Task A_length_of_the_json_that_cannot_be_is_refused(string length, string error) => Assert.Equal(
        $$"""400 {"error":"{{error}}"}""",
        await host.TextAsync("POST", "/v2/models/same_FP32/infer", "12345678", ("Inference-Header-Content-Length", length)));

    [Fact]
    public async Task Elements_of_BYTES_keep_to_their_lengths()
    {
        static byte[] Length(uint length)
        {
            var bytes = new byte[4];
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, length);
            return bytes;
        }

        async Task RefusedAsync(string error, byte[] bytes)
        {
            var (status, json, _) = await host.InferAsync("same_BYTES", Input("BYTES", bytes.Length), bytes);
            Assert.Equal($$"""400 {"error":"{{error}}"}""", $"{status} {json}");
        }

        await RefusedAsync(
            "incomplete string length indicator for inference input 'x' for model 'same_BYTES': expecting 4 bytes, got 3", [0, 0, 0]);
        await RefusedAsync(
            "incomplete string data for inference input 'x' for model 'same_BYTES': expecting string of length 4294967295, got 0 bytes",
            Length(uint.MaxValue));
        await RefusedAsync(
            "unexpected number of string elements 1 for inference input 'x' for model 'same_BYTES', expecting 2", [.. Length(1), 65]);
    }
}
