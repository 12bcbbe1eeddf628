using System.IO.Compression;
using System.Text;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Registry;
using Slipway.Platform.Tracking;
using Slipway.Tests.Serving;
using static Slipway.Tests.Registry.RegistryKit;

namespace Slipway.Tests.Registry;

public sealed class ImportTests() : OnBothEngines(null)
{
    /// <summary>As <c>mlflow.onnx.log_model</c> writes it for a dataframe of two columns.</summary>
    private const string MLmodel =
        """
        artifact_path: model
        flavors:
          onnx:
            code: null
            data: model.onnx
            onnx_version: 1.19.0
            providers:
            - CPUExecutionProvider
          python_function:
            env: {conda: conda.yaml, virtualenv: python_env.yaml}
            loader_module: mlflow.onnx
            python_version: 3.12.3
        mlflow_version: 3.11.1
        model_uuid: c326d2091ea142adb79a394b54276a96
        signature:
          inputs: '[{"type": "long", "name": "hour", "required": true}, {"type": "double", "name": "delay_3h", "required": false}]'
          outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1]}}]'
          params: null
        utc_time_created: '2026-11-23 12:31:10.000000'
        """;

    private static readonly byte[] Onnx = TestModels.Logistic([1f, -2f], 0.5f);

    private RegistryKit kit = null!;
    private string run = null!;

    protected override async Task PrepareAsync()
    {
        kit = new RegistryKit(Db, Folder.Combine("blobs"), Time);
        await kit.Registry.RegisterModelAsync(Carl, new NewModel("delay"), Cancel);
        run = (await kit.Tracking.StartRunAsync(Carl, new RunStart(0), Cancel)).Id;
    }

    private async Task PutAsync(string path, byte[] content) =>
        await kit.Get<RunArtifacts>().PutAsync(Carl, run, path, new MemoryStream(content), Cancel);

    private Task<ModelVersion> FromSourceAsync(string source, Actor? actor = null) =>
        kit.Import.FromSourceAsync(actor ?? Carl, new NewVersion("delay") { Source = source }, Cancel);

    private static MemoryStream Zip(params (string Name, byte[] Content)[] files)
    {
        var zip = new MemoryStream();
        using (var archive = new ZipArchive(zip, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in files)
            {
                using var entry = archive.CreateEntry(name).Open();
                entry.Write(content);
            }
        }

        zip.Position = 0;
        return zip;
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    [Fact]
    public async Task An_mlflow_folder_among_a_runs_artifacts_becomes_a_version_that_is_served()
    {
        await PutAsync("model/MLmodel", Text(MLmodel));
        await PutAsync("model/model.onnx", Onnx);
        await PutAsync("model/requirements.txt", Text("onnx==1.19.0"));
        var version = await FromSourceAsync($"runs:/{run}/model");

        Assert.Equal((run, Onnx.LongLength, (string?)null), (version.RunId, version.File!.Bytes, version.NotServable));
        Assert.Equal(
            [new ColumnSchema("hour", DataType.Int64, false), new ColumnSchema("delay_3h", DataType.Float64)], version.Signature!.Inputs);
        Assert.Equal(["label", "probability"], version.Signature.Outputs.Select(o => o.Name));
        var package = await kit.Packages.GetAsync(Carl, "delay", "1", Cancel);
        Assert.Contains("MLmodel", package.Files.Select(f => f.Name));
        Assert.Contains("requirements.txt", package.Files.Select(f => f.Name));
        Assert.Equal(Onnx, (await kit.Packages.LoadAsync("delay", "1", Cancel)).Bytes);
        Assert.Single((await kit.Lineage.TraceAsync(LineageNode.Run(run), LineageDirection.Downstream, 1, Cancel)).Edges);
    }

    [Theory]
    [InlineData("")]
    [InlineData("exported/")]
    public async Task A_zip_archive_of_the_folder_or_of_what_is_in_it_is_imported(string folder)
    {
        var version = await kit.Import.FromZipAsync(
            Carl, new NewVersion("delay"), Zip(($"{folder}MLmodel", Text(MLmodel)), ($"{folder}model.onnx", Onnx), ($"{folder}model.pkl", Text("cos"))), Cancel);
        Assert.Equal(["hour", "delay_3h"], version.Signature!.Inputs.Select(i => i.Name));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Folder.Combine("tmp")));
    }

    [Fact]
    public async Task A_plain_onnx_file_says_itself_what_it_takes()
    {
        var version = await kit.Import.FromOnnxAsync(Carl, new NewVersion("delay"), new MemoryStream(Onnx), Cancel);
        Assert.Equal([new ColumnSchema("f0", DataType.Float32), new ColumnSchema("f1", DataType.Float32)], version.Signature!.Inputs);
        Assert.Equal([new ColumnSchema("label", DataType.Int64), new ColumnSchema("probability", DataType.Float32)], version.Signature.Outputs);

        var named = TestModels.Logistic([1f, -2f], 0.5f, ["hour", "delay_3h"]);
        version = await kit.Import.FromOnnxAsync(Carl, new NewVersion("delay"), new MemoryStream(named), Cancel);
        Assert.Equal(["hour", "delay_3h"], version.Signature!.Inputs.Select(i => i.Name));
        await PutAsync("m.onnx", named);
        Assert.Equal(version.File, (await FromSourceAsync($"runs:/{run}/m.onnx")).File);
    }

    [Theory]
    [InlineData("there is no MLmodel", "x.txt", "x")]
    [InlineData("it has no ONNX flavour, only sklearn, python_function", "model/MLmodel", "flavors:\n  sklearn: {pickled_model: model.pkl}\n  python_function: {}\n")]
    [InlineData("its MLmodel names the file 'model/gone.onnx', which is not there", "model/MLmodel", "flavors: {onnx: {data: gone.onnx}}\n")]
    [InlineData("MLmodel:1:17: 'data' must be a file inside the folder", "model/MLmodel", "flavors: {onnx: {data: ../../secret.onnx}}\n")]
    [InlineData("MLmodel:1:17: 'data' must be a file inside the folder", "model/MLmodel", "flavors: {onnx: {data: /etc/passwd}}\n")]
    [InlineData("MLmodel:2:1: ", "model/MLmodel", "flavors: [\n")]
    public async Task What_cannot_be_served_is_registered_without_a_file_and_says_why(string why, string path, string content)
    {
        await PutAsync(path, Text(content));
        var version = await FromSourceAsync($"runs:/{run}/model");
        Assert.Null(version.File);
        Assert.Contains(why, version.NotServable, StringComparison.Ordinal);
        Assert.Contains("model/delay/1.0.0 has no ONNX file", await FailsAsync(ErrorKind.FailedPrecondition, () => kit.Packages.OpenModelAsync(Carl, "delay", "1", Cancel)), StringComparison.Ordinal);

        // Whoever imports wants to serve, and is told at once.
        await FailsAsync(ErrorKind.Invalid, () => kit.Import.FromServableSourceAsync(Carl, new NewVersion("delay") { Source = $"runs:/{run}/model" }, Cancel));
        Assert.Single((await kit.Registry.ListVersionsAsync(Carl, "delay", null, 10, Cancel)).Items);
    }

    [Fact]
    public async Task A_description_that_nests_without_end_is_refused_and_ends_nothing()
    {
        await PutAsync("model/MLmodel", Text("flavors: " + new string('[', 500_000)));
        Assert.Contains("this nests deeper than 100 levels", (await FromSourceAsync($"runs:/{run}/model")).NotServable, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_signature_that_does_not_fit_the_graph_is_named()
    {
        var refused = await FailsAsync(ErrorKind.Invalid, () => kit.Import.FromZipAsync(
            Carl, new NewVersion("delay"), Zip(("MLmodel", Text(MLmodel)), ("model.onnx", TestModels.Echo)), Cancel));
        Assert.Contains("the signature names 2 inputs (hour, delay_3h); the ONNX graph takes 1 (f0)", refused, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("The body is not a zip archive", "PK\u0003\u0004 no")]
    [InlineData("This cannot be imported as a model that is served: ", null)]
    public async Task Bytes_that_are_no_model_are_refused(string message, string? zip)
    {
        var error = zip is null
            ? await FailsAsync(ErrorKind.Invalid, () => kit.Import.FromOnnxAsync(Carl, new NewVersion("delay"), Bytes("\u0080\u0003cos\nsystem"), Cancel))
            : await FailsAsync(ErrorKind.Invalid, () => kit.Import.FromZipAsync(Carl, new NewVersion("delay"), Bytes(zip), Cancel));
        Assert.StartsWith(message, error, StringComparison.Ordinal);
        Assert.Empty((await kit.Registry.ListVersionsAsync(Carl, "delay", null, 10, Cancel)).Items);
    }

    [Fact]
    public async Task An_archive_that_unpacks_to_more_than_the_limit_is_refused_by_what_comes_not_by_what_it_says()
    {
        using var folder = new Platform.Registry.Sources.ZippedFolder(Zip(("MLmodel", new byte[200_000])), maxBytes: 100_000);
        await using var file = await folder.OpenAsync("MLmodel", Cancel);
        var error = await Assert.ThrowsAsync<SlipwayException>(() => file!.CopyToAsync(Stream.Null, Cancel));
        Assert.Equal((ErrorKind.TooLarge, "'MLmodel' in the zip archive unpacks to more than the limit of 100000 bytes."), (error.Kind, error.Message));
    }

    [Fact]
    public async Task A_source_elsewhere_is_kept_and_nothing_is_fetched()
    {
        var version = await FromSourceAsync("s3://bucket/model");
        Assert.Equal(("s3://bucket/model", "its source is not among the artifacts of this server"), (version.Source, version.NotServable));
        version = await FromSourceAsync("runs:/0c06e93cbb46401aab6eaf4f733a9a72/sub"); // a run of another server
        Assert.Equal(("0c06e93cbb46401aab6eaf4f733a9a72", true), (version.RunId, version.File is null));
    }

    [Fact]
    public async Task A_logged_model_brings_its_run_and_its_files()
    {
        var logged = await kit.Get<LoggedModelService>().CreateAsync(Carl, new NewLoggedModel(0, SourceRunId: run), Cancel);
        var owner = ArtifactOwner.LoggedModel(logged.Id);
        await kit.Get<RunArtifacts>().PutAsync(Carl, owner, "MLmodel", new MemoryStream(Text(MLmodel)), Cancel);
        await kit.Get<RunArtifacts>().PutAsync(Carl, owner, "model.onnx", new MemoryStream(Onnx), Cancel);
        var version = await FromSourceAsync($"models:/{logged.Id}");
        Assert.Equal((run, logged.Id, Onnx.LongLength), (version.RunId, version.ModelId, version.File!.Bytes));

        await kit.Registry.RegisterModelAsync(Carl, new NewModel("copy"), Cancel);
        var copy = await kit.Import.FromSourceAsync(Carl, new NewVersion("copy") { Source = "models:/delay/1" }, Cancel);
        Assert.Equal((version.File, run), (copy.File, copy.RunId));
        await FailsAsync(ErrorKind.NotFound, () => FromSourceAsync("models:/delay/7"));
        await FailsAsync(ErrorKind.NotFound, () => FromSourceAsync("models:/m-c326d2091ea142adb79a394b54276a96"));
    }

    [Fact]
    public async Task Nobody_registers_what_they_may_not_read()
    {
        var secret = await kit.Experiments.CreateAsync(new Actor("root", Role.Admin), new NewExperiment("s", "secret"), Cancel);
        var hidden = (await kit.Tracking.StartRunAsync(Carl, new RunStart(secret.Id), Cancel)).Id;
        await kit.Get<RunArtifacts>().PutAsync(Carl, hidden, "m.onnx", new MemoryStream(Onnx), Cancel);
        var sue = new Actor("sue", Role.None, new Dictionary<string, Role> { ["project/default"] = Role.Contributor });
        await FailsAsync(ErrorKind.Forbidden, () => FromSourceAsync($"runs:/{hidden}/m.onnx", sue));
        await FailsAsync(ErrorKind.Forbidden, () => kit.Import.FromSourceAsync(
            sue, new NewVersion("delay") { Source = "s3://bucket/m", RunId = hidden }, Cancel));
        Assert.Empty((await kit.Registry.ListVersionsAsync(Carl, "delay", null, 10, Cancel)).Items);
    }
}
