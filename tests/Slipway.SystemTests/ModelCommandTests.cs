using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests;

/// <summary><c>slipway models import</c>, <c>search</c> and <c>verify</c>, typed against a real server.</summary>
public sealed class ModelCommandTests : IAsyncLifetime
{
    private static readonly Lazy<byte[]> Onnx = new(() => SmallModel.Train().ToOnnx());

    private SlipwayServer server = null!;

    public async ValueTask InitializeAsync()
    {
        server = await SlipwayServer.StartAsync();
        await File.WriteAllBytesAsync(server.Folder.Combine("m.onnx"), Onnx.Value, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync() => await server.DisposeAsync();

    private async Task<string> PrintedAsync(params string[] args)
    {
        var result = await server.RunAsync(args);
        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        return result.Output;
    }

    private async Task<(int ExitCode, string Line)> RefusedAsync(params string[] args)
    {
        var result = await server.RunAsync(args);
        Assert.Equal("", result.Output);
        return (result.ExitCode, Assert.Single(result.ErrorLines));
    }

    [Fact]
    public async Task A_file_an_mlflow_folder_and_another_version_become_versions_that_are_found_and_verified()
    {
        Assert.Equal("Imported delay/1.2.0, number 1.\n", await PrintedAsync("models", "import", "delay", "m.onnx", "--version", "1.2.0"));

        server.Folder.WriteText(
            "exported/MLmodel",
            """
            flavors: {onnx: {data: model.onnx}}
            signature:
              inputs: '[{"type": "double", "name": "height"}, {"type": "double", "name": "width"}]'
            """);
        File.Copy(server.Folder.Combine("m.onnx"), server.Folder.Combine("exported/model.onnx"));
        var folder = await server.JsonAsync("models", "import", "delay", "exported");
        Assert.Equal(("1.3.0", 2), ((string?)folder["version"], (int)folder["number"]!));
        Assert.Equal("float64", (string?)folder["signature"]!["inputs"]![0]!["type"]);

        Assert.Equal("price", (string?)(await server.JsonAsync("models", "import", "price", "m.onnx"))["model"]);
        Assert.Equal("Imported price/2.0.0, number 2.\n", await PrintedAsync("models", "import", "price", "models:/delay/2", "--version", "2.0.0"));

        await PrintedAsync("models", "alias", "delay", "champion", "1.3.0");
        Assert.Equal(["delay 1.3.0"], await FoundAsync("alias = 'champion'"));
        Assert.Equal(["delay 1.2.0", "delay 1.3.0", "price 1.0.0", "price 2.0.0"], await FoundAsync("stage = 'development'"));
        Assert.Matches(@"(?m)^MODEL +VERSION +NUMBER +STAGE +ALIASES ", await PrintedAsync("models", "search", "version = '2.0.0'"));
        Assert.Equal("There are no versions.\n", await PrintedAsync("models", "search", "metrics.auc > 0.5"));
        Assert.Matches(@"(?m)^price +default ", await PrintedAsync("models", "search", "name LIKE 'pri%'", "--models"));

        Assert.Matches(@"^\d+ files hold, signed by \S+\.\n$", await PrintedAsync("models", "verify", "delay", "champion"));
        Assert.True((bool)(await server.JsonAsync("models", "verify", "price", "2.0.0"))["intact"]!);
    }

    [Fact]
    public async Task A_file_that_was_changed_on_the_disk_fails_verification_and_nothing_else_does()
    {
        await PrintedAsync("models", "import", "delay", "m.onnx");
        var stored = Directory.EnumerateFiles(server.DataDirectory, "*", SearchOption.AllDirectories)
            .Single(file => new FileInfo(file).Length == Onnx.Value.Length && File.ReadAllBytes(file).AsSpan().SequenceEqual(Onnx.Value));
        await File.WriteAllBytesAsync(stored, [.. Onnx.Value.Reverse()], TestContext.Current.CancellationToken);

        var changed = await server.RunAsync("models", "verify", "delay", "1");

        Assert.Equal((1, "It does not hold: its file model.onnx was changed after it was signed\n", ""), (changed.ExitCode, changed.Output, changed.Errors));
        await File.WriteAllBytesAsync(stored, Onnx.Value, TestContext.Current.CancellationToken);
        Assert.Contains("files hold", await PrintedAsync("models", "verify", "delay", "1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_imported_found_or_verified_is_one_line_and_makes_no_version()
    {
        server.Folder.WriteText("text.onnx", "This is a text.");
        server.Folder.WriteText("pickled/MLmodel", "flavors:\n  sklearn: {pickled_model: model.pkl}\n");

        Assert.Equal((2, "slipway: There is no file or folder 'gone.onnx'."), await RefusedAsync("models", "import", "delay", "gone.onnx"));
        Assert.StartsWith("slipway: This cannot be imported as a model that is served: ", (await RefusedAsync("models", "import", "delay", "text.onnx")).Line, StringComparison.Ordinal);
        Assert.Contains("it has no ONNX flavour, only sklearn", (await RefusedAsync("models", "import", "delay", "pickled")).Line, StringComparison.Ordinal);
        Assert.Contains("'1.x'", (await RefusedAsync("models", "import", "delay", "m.onnx", "--version", "1.x")).Line, StringComparison.Ordinal);
        Assert.Empty(await FoundAsync("name = 'delay'"));

        var (exitCode, line) = await RefusedAsync("models", "search", "stage = ");
        Assert.Equal(2, exitCode);
        Assert.Contains("Expected 3 tokens", line, StringComparison.Ordinal);
        Assert.Equal(1, (await RefusedAsync("models", "verify", "delay", "7")).ExitCode);
    }

    private async Task<IEnumerable<string>> FoundAsync(string filter) =>
        (await server.JsonAsync("models", "search", filter)).AsArray().Select(v => $"{v!["model"]} {v["version"]}").Order(StringComparer.Ordinal);
}
