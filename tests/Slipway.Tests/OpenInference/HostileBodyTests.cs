using System.Text;

namespace Slipway.Tests.OpenInference;

/// <summary>Bodies of no client, sent to the whole server: it refuses them, and goes on.</summary>
public sealed class HostileBodyTests(InferenceHost host) : IClassFixture<InferenceHost>
{
    private const string Infer = """{"id":"r","parameters":{"timeout":1000000},"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[[1,2]]}],"outputs":[{"name":"y","parameters":{"classification":1}}]}""";
    private const string Predict = """{"signature_name":"serving_default","instances":[{"x":[1.0,NaN]},{"x":[-Infinity,"\u00fc"]}]}""";

    [Theory]
    [InlineData("/v2/models/same_FP32/infer", Infer)]
    [InlineData("/v2/models/same_BYTES/infer", Infer)]
    [InlineData("/v1/models/same_FP32:predict", Predict)]
    [InlineData("/v1/models/flights:classify", """{"context":{"b":1},"examples":[{"a":[1.5]},{"a":2}]}""")]
    [InlineData("/v2/repository/index", """{"ready":true,"x":{}}""")]
    public async Task A_damaged_body_is_never_an_error_of_the_server(string path, string valid)
    {
        var random = new Random(7);
        for (var i = 0; i < 150; i++)
        {
            var body = Encoding.UTF8.GetBytes(valid);
            for (var damage = random.Next(4); damage >= 0; damage--)
            {
                body[random.Next(body.Length)] = (byte)random.Next(256);
            }

            Array.Resize(ref body, random.Next(3) == 0 ? random.Next(body.Length) : body.Length);
            var (status, _, answer) = await host.SendAsync(
                "POST", path, body, random.Next(4) == 0 ? [("Inference-Header-Content-Length", $"{random.Next(-1, body.Length + 2)}")] : []);
            Assert.True(status is 200 or 400, $"{status} {Encoding.UTF8.GetString(answer)} for {Encoding.UTF8.GetString(body)}");
        }
    }

    [Theory]
    [InlineData("[9223372036854775807,9223372036854775807]", 400)]
    [InlineData("[-1,2]", 400)]
    [InlineData("[2147483648,0]", 400)]
    [InlineData("[0,9223372036854775807]", 400)]
    [InlineData("[0,2]", 200)]
    public async Task A_shape_that_lies_costs_nothing(string shape, int status) => Assert.StartsWith(
        $"{status} ",
        await host.TextAsync(
            "POST", "/v2/models/wide/infer",
            $$$"""{"inputs":[{"name":"x","shape":{{{shape}}},"datatype":"FP32","data":[]}],"outputs":[{"name":"y","parameters":{"classification":1}}]}"""),
        StringComparison.Ordinal);

    [Fact]
    public async Task An_empty_object_of_parameters_asks_for_nothing() =>
        Assert.Equal("""200 {"name":"sum","load":true}""", await host.TextAsync("POST", "/v2/repository/models/sum/load", """{"parameters":{}}"""));
}
