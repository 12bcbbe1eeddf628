using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests;

/// <summary><c>serve --model NAME=FILE</c>: a file is served at once, no registry needed.</summary>
public sealed class LocalModelTests
{
    [Fact]
    public async Task A_file_that_is_not_a_model_is_named()
    {
        using var folder = new TempFolder();
        var file = folder.WriteText("not.onnx", "This is a text.");

        var result = await SlipwayProcess.RunAsync(
            ["serve", "--model", "x=not.onnx", "--data", "data", "--urls", "http://127.0.0.1:0", "--grpc-urls", "http://127.0.0.1:0"],
            folder.FullPath);

        Assert.StartsWith(
            $"slipway: '{file}' is not an ONNX model that can be run", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Equal("", result.Output);
    }

    /// <remarks>The oracle is ML.NET, which scored the rows before the model became a file.</remarks>
    [Fact]
    public async Task A_model_file_answers_over_both_interfaces_as_it_scored_when_it_was_trained()
    {
        using var folder = new TempFolder();
        var trained = SmallModel.Train();
        var expected = trained.Score(SmallModel.Rows);
        var (heights, widths) = (SmallModel.Rows.Columns[0].Doubles.ToArray(), SmallModel.Rows.Columns[1].Doubles.ToArray());
        await File.WriteAllBytesAsync(folder.Combine("m.onnx"), trained.ToOnnx(), TestContext.Current.CancellationToken);
        await using var server = await SlipwayServer.StartAsync("--model", $"m={folder.Combine("m.onnx")}");

        var inferred = await PostAsync(server, "/v2/models/m/infer", new
        {
            inputs = new[] { new { name = "features", shape = new[] { heights.Length, 2 }, datatype = "FP32", data = heights.Zip(widths).Select(r => new[] { r.First, r.Second }) } },
        });
        var predicted = await PostAsync(server, "/api/v1/endpoints/m/predict", new { inputs = new { height = heights, width = widths } });

        var output = inferred["outputs"]!.AsArray().Single(o => o!["name"]!.GetValue<string>() == "probability")!;
        Same(expected, output["data"]!.AsArray());
        Same(expected, predicted["predictions"]!.AsArray().Select(p => p!["probability"]));
        Assert.True(expected.Distinct().Count() > 1, "A model that scores all rows alike proves nothing.");
    }

    private static async Task<JsonNode> PostAsync(SlipwayServer server, string path, object body)
    {
        using var answer = await server.Http.PostAsJsonAsync(path, body, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    private static void Same(double[] expected, IEnumerable<JsonNode?> actual)
    {
        var given = actual.Select(node => node!.GetValue<double>()).ToArray();
        Assert.Equal(expected.Length, given.Length);
        Assert.All(expected.Zip(given), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }
}
