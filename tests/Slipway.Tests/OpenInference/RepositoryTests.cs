using System.Text.Json.Nodes;

namespace Slipway.Tests.OpenInference;

/// <summary>Loading and unloading within one server.</summary>
public sealed class RepositoryTests(InferenceHost host) : IClassFixture<InferenceHost>
{
    private const string Row = """{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}]}""";

    private async Task<string?> StateAsync(string model)
    {
        var index = JsonNode.Parse((await host.TextAsync("POST", "/v2/repository/index"))[4..])!.AsArray();
        return index.SingleOrDefault(entry => (string?)entry!["name"] == model)?.ToJsonString();
    }

    [Fact]
    public async Task A_model_from_a_file_goes_and_comes_back()
    {
        Assert.Equal("""{"name":"rest","version":"1","state":"READY","reason":""}""", await StateAsync("rest"));
        Assert.Equal("""200 {"name":"rest","unload":true}""", await host.TextAsync("POST", "/v2/repository/models/rest/unload", """{"parameters":{"unload_dependents":true}}"""));

        Assert.Equal("""{"name":"rest","state":"UNAVAILABLE","reason":"unloaded"}""", await StateAsync("rest"));
        Assert.DoesNotContain("\"rest\"", await host.TextAsync("POST", "/v2/repository/index", """{"ready":true}"""), StringComparison.Ordinal);
        Assert.Equal(
            """404 {"error":"Request for unknown model: 'rest' has no available versions"}""",
            await host.TextAsync("POST", "/v2/models/rest/infer", Row));
        Assert.Equal("""200 {"ready":true}""", await host.TextAsync("GET", "/v2/health/ready"));

        Assert.Equal("""200 {"name":"rest","load":true}""", await host.TextAsync("POST", "/v2/repository/models/rest/load"));
        Assert.StartsWith("200 ", await host.TextAsync("POST", "/v2/models/rest/infer", Row), StringComparison.Ordinal);
        Assert.Equal("""200 {"name":"rest","load":true}""", await host.TextAsync("POST", "/v2/repository/models/rest/load", "{}"));
    }

    [Fact]
    public async Task A_deployed_endpoint_goes_and_comes_back()
    {
        Assert.StartsWith("200 ", await host.TextAsync("POST", "/v2/repository/models/flights/unload"), StringComparison.Ordinal);
        Assert.StartsWith("404 ", await host.TextAsync("GET", "/v2/models/flights/ready"), StringComparison.Ordinal);
        Assert.StartsWith("200 ", await host.TextAsync("POST", "/v2/repository/models/flights/load"), StringComparison.Ordinal);
        Assert.Equal("""200 {"name":"flights","ready":true}""", await host.TextAsync("GET", "/v2/models/flights/ready"));
    }
}
