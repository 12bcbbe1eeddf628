using System.CommandLine;
using System.IO.Compression;
using Slipway.Client;
using Slipway.Core.Errors;

namespace Slipway.Commands.Client;

/// <summary><c>slipway models import</c>: a version from an ONNX file, an MLflow model folder, or a model that the server has.</summary>
internal static class ModelImport
{
    public static Command Create()
    {
        var name = new Argument<string>("NAME");
        var source = new Argument<string>("SOURCE") { Description = "An ONNX file, an MLflow model folder or its zip, or an address such as runs:/ID/model" };
        var version = new Option<string?>("--version") { HelpName = "X.Y.Z", Description = "Default: the next minor version" };
        return ClientFlags.Bind(new Command("import", "Import a model as a version; the model is registered when there is none.") { name, source, version }, async (parse, client, output, cancel) =>
        {
            var model = parse.GetRequiredValue(name);
            await client.Models.RegisterAsync(new NewModel(model), cancel);
            var made = await ImportAsync(client, model, parse.GetRequiredValue(source), parse.GetValue(version), cancel);
            output.Say(made, $"Imported {made.Model}/{made.Version}, number {made.Number}.");
        });
    }

    private static async Task<ModelVersion> ImportAsync(SlipwayClient client, string model, string source, string? version, CancellationToken cancel)
    {
        if (Directory.Exists(source))
        {
            return await ImportFolderAsync(client, model, source, version, cancel);
        }

        return File.Exists(source) ? await client.Models.ImportFileAsync(model, source, version, cancel: cancel)
            : source.Contains(":/", StringComparison.Ordinal) ? await client.Models.ImportSourceAsync(model, source, version, cancel)
            : throw SlipwayException.Invalid($"There is no file or folder '{source}'.");
    }

    private static async Task<ModelVersion> ImportFolderAsync(SlipwayClient client, string model, string folder, string? version, CancellationToken cancel)
    {
        var zip = Path.Combine(Path.GetTempPath(), $"slipway-{Guid.CreateVersion7():N}.zip");
        try
        {
            await ZipFile.CreateFromDirectoryAsync(folder, zip, cancel);
            return await client.Models.ImportFileAsync(model, zip, version, cancel: cancel);
        }
        finally
        {
            File.Delete(zip);
        }
    }
}
