using System.Text.Json.Nodes;
using Slipway.Tests.OpenInference;

namespace Slipway.Tests.TensorFlowServing;

/// <summary>The REST interface of TensorFlow Serving, and KServe's first protocol on the same paths.</summary>
public sealed class TensorFlowServingTests(InferenceHost host) : IClassFixture<InferenceHost>
{
    private Task<string> PostAsync(string path, string body) => host.TextAsync("POST", path, body);

    private async Task RefusedAsync(int status, string error, string method, string path, string? body = null)
    {
        var answer = await host.TextAsync(method, path, body);
        Assert.Equal((status, error), (int.Parse(answer[..3], System.Globalization.CultureInfo.InvariantCulture), (string?)JsonNode.Parse(answer[4..])!["error"]));
    }

    [Fact]
    public async Task Rows_of_one_output_are_a_list_printed_over_several_lines() => Assert.Equal(
        "200 {\n    \"predictions\": [[1.0, 2.5], [-3.0, 9e+06]]\n}",
        await PostAsync("/v1/models/same_FP32:predict", """{"instances": [[1, 2.5], [-3, 9000000]]}"""));

    [Fact]
    public async Task Rows_of_several_outputs_are_objects() => Assert.Equal(
        "200 {\n    \"predictions\": [{\"label\": 0, \"probability\": 0.5}, {\"label\": 1, \"probability\": 0.731058598}]\n}",
        await PostAsync("/v1/models/flights:predict", """{"signature_name": "serving_default", "instances": [[0, 0], [1, 0]]}"""));

    [Fact]
    public async Task Columns_of_one_output_are_a_tensor_and_of_several_an_object()
    {
        Assert.Equal("200 {\n    \"outputs\": [[1.5, 3.0]]\n}", await PostAsync("/v1/models/sum:predict", """{"inputs": {"a": [[1, 2]], "b": [[0.5, 1]]}}"""));
        Assert.Equal(
            "200 {\n    \"outputs\": {\"label\": [0], \"probability\": [0.5]}\n}",
            await PostAsync("/v1/models/flights:predict", """{"signature_name": "", "inputs": [[0, 0]]}"""));
    }

    [Fact]
    public async Task Rows_name_their_inputs() => Assert.Equal(
        "200 {\n    \"predictions\": [[1.5, 3.0]]\n}",
        await PostAsync("/v1/models/sum:predict", """{"instances": [{"b": [0.5, 1], "a": [1, 2]}]}"""));

    [Fact]
    public async Task What_is_not_finite_comes_and_goes_as_bare_words() => Assert.Equal(
        "200 {\n    \"predictions\": [[NaN, Infinity], [-Infinity, NaN]]\n}",
        await PostAsync("/v1/models/same_FP32:predict", """{"instances": [[NaN, Infinity], [-Infinity, null]]}"""));

    [Fact]
    public async Task Numbers_are_as_short_as_they_can_be_and_never_look_whole()
    {
        Assert.Equal(
            "200 {\n    \"predictions\": [[0.1, 1e-05], [16777216.0, 0.333333343], [-0.0, 100000.0]]\n}",
            await PostAsync("/v1/models/same_FP32:predict", """{"instances": [[0.1, 0.00001], [16777216, 0.33333333333], [-0.0, 100000]]}"""));
        Assert.Equal(
            "200 {\n    \"predictions\": [[0.1, 0.30000000000000004], [1e+300, 5.0]]\n}",
            await PostAsync("/v1/models/same_FP64:predict", """{"instances": [[0.1, 0.30000000000000004], [1e300, 5]]}"""));
        Assert.Equal("200 {\n    \"predictions\": [[1, -9223372036854775808]]\n}", await PostAsync("/v1/models/same_INT64:predict", """{"instances": [[1, -9223372036854775808]]}"""));
        Assert.Equal("200 {\n    \"predictions\": [[true, false]]\n}", await PostAsync("/v1/models/same_BOOL:predict", """{"instances": [[true, false]]}"""));
    }

    [Fact]
    public async Task Strings_may_come_in_base64_and_what_is_no_text_goes_so()
    {
        Assert.Equal(
            "200 {\n    \"predictions\": [[\"NaN\\\"\", \"ab\"], [{\"b64\": \"/w==\"}, \"\"]]\n}",
            await PostAsync("/v1/models/same_BYTES:predict", """{"instances": [["NaN\"", {"b64": "YWI="}], [{"b64": "/w=="}, ""]]}"""));
    }

    [Fact]
    public async Task Classes_and_regressions_are_called_results()
    {
        Assert.Equal(
            "200 {\n    \"results\": [[[\"0\", 0.5], [\"1\", 0.5]]]\n}",
            await PostAsync("/v1/models/flights:classify", """{"examples": [{"a": 3, "b": [3]}]}"""));
        Assert.Equal(
            "200 {\n    \"results\": [0.5, 0.5]\n}",
            await PostAsync("/v1/models/flights:regress", """{"context": {"b": 2}, "examples": [{"a": 2}, {"a": 7, "b": 7}]}"""));
        await RefusedAsync(
            400, "Feature: b is missing in example: 0", "POST", "/v1/models/flights:regress", """{"examples": [{"a": 2}]}""");
        await RefusedAsync(
            400, "Feature: c of example: 0 is none of the model's: a,b", "POST", "/v1/models/flights:classify", """{"examples": [{"a": 2, "b": 1, "c": 1}]}""");
    }

    [Fact]
    public async Task A_status_has_the_members_of_both_protocols()
    {
        var status = JsonNode.Parse((await host.TextAsync("GET", "/v1/models/flights"))[4..])!;
        Assert.Equal(
            """{"name":"flights","ready":true,"model_version_status":[{"version":"1.0.0","state":"AVAILABLE","status":{"error_code":"OK","error_message":""}}]}""",
            status.ToJsonString());
        Assert.Contains("sum", JsonNode.Parse((await host.TextAsync("GET", "/v1/models"))[4..])!["models"]!.AsArray().Select(name => (string?)name));
    }

    [Fact]
    public async Task Versions_and_labels_name_what_answers()
    {
        foreach (var path in (string[])["/versions/1.0.0", "/labels/champion", "/labels/CHAMPION"])
        {
            Assert.StartsWith("200 ", await host.TextAsync("GET", $"/v1/models/flights{path}"), StringComparison.Ordinal);
            Assert.StartsWith("200 ", await PostAsync($"/V1/Models/flights{path}:Predict", """{"instances": [[0, 0]]}"""), StringComparison.Ordinal);
        }

        await RefusedAsync(400, "Unrecognized servable version label: canary", "POST", "/v1/models/flights/labels/canary:predict", "{}");
        await RefusedAsync(404, "Servable not found for request: Specific(flights, 50)", "POST", "/v1/models/flights/versions/50:predict", "{}");
        await RefusedAsync(404, "Servable not found for request: Latest(none)", "GET", "/v1/models/none");
        await RefusedAsync(
            400, "Failed to convert version: 99999999999999999999 to numeric.", "GET", "/v1/models/flights/versions/99999999999999999999");
    }

    [Fact]
    public async Task Metadata_is_that_of_one_signature() => Assert.Equal(
        """{"model_spec":{"name":"same_BYTES","signature_name":"","version":"1"},"metadata":{"signature_def":{"signature_def":{"serving_default":{"inputs":{"x":{"dtype":"DT_STRING","tensor_shape":{"dim":[{"size":"-1","name":""},{"size":"2","name":""}],"unknown_rank":false},"name":"x:0"}},"outputs":{"y":{"dtype":"DT_STRING","tensor_shape":{"dim":[{"size":"-1","name":""},{"size":"2","name":""}],"unknown_rank":false},"name":"y:0"}},"method_name":"tensorflow/serving/predict"}}}}}""",
        JsonNode.Parse((await host.TextAsync("GET", "/v1/models/same_BYTES/metadata"))[4..])!.ToJsonString());

    [Theory]
    [InlineData("GET", "/v1/foo")]
    [InlineData("GET", "/v1")]
    [InlineData("POST", "/v1/models/flights")]
    [InlineData("GET", "/v1/models/flights:predict")]
    [InlineData("POST", "/v1/models/flights:explain")]
    [InlineData("DELETE", "/v1/models/flights")]
    public async Task What_no_client_asks_for_is_malformed(string method, string path) =>
        await RefusedAsync(400, $"Malformed request: {method} {path}", method, path);

    [Theory]
    [InlineData("", "JSON Parse error: The document is empty")]
    [InlineData("x", "JSON Parse error: Invalid value. at offset: 0")]
    [InlineData("{}", "Missing 'inputs' or 'instances' key")]
    [InlineData("""{"inputs":1,"instances":1}""", """JSON Value: {"inputs":1,"instances":1} Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist """)]
    [InlineData("""{"instances":1}""", "Expecting 'instances' to be an list/array")]
    [InlineData("""{"instances":[]}""", "No values in 'instances' array")]
    [InlineData("""{"instances":[["x",1]]}""", "JSON Value: \"x\" Type: String is not of expected type: float")]
    [InlineData("""{"instances":[[1,2],[1,2,3]]}""", "Encountered list at unexpected size: 3 at level: 1 expected size: 2")]
    [InlineData("""{"instances":[{"y":1}]}""", """Failed to process element: 0 of 'instances' list. JSON object: {"y":1} keys must be equal to: x""")]
    [InlineData("""{"signature_name":1,"instances":[1]}""", """JSON Value: {"signature_name":1,"instances":[1]} 'signature_name' key must be a string value.""")]
    [InlineData("""{"signature_name":"z","instances":[1]}""", "Serving signature name: \"z\" not found in signature def")]
    [InlineData("""{"instances":[[1,2,3]]}""", "unexpected shape for input 'x' for model 'same_FP32'. Expected [-1,2], got [1,3].")]
    public async Task A_body_that_is_wrong_is_refused_in_the_protocols_words(string body, string error) =>
        await RefusedAsync(400, error, "POST", "/v1/models/same_FP32:predict", body);

    [Fact]
    public async Task Several_inputs_want_objects() => await RefusedAsync(
        400, "instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map",
        "POST", "/v1/models/sum:predict", """{"instances": [[1, 2]]}""");
}
