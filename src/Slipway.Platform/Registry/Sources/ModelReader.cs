using System.Text;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Inference;
using Slipway.Platform.Foundation.Blobs;

namespace Slipway.Platform.Registry.Sources;

/// <summary>Finds the ONNX model in a folder or a file and reads its signature. Pickles and code are never opened.</summary>
internal sealed class ModelReader(BlobStore blobs)
{
    /// <summary>Files beside MLmodel that say what the model was made with.</summary>
    private static readonly string[] Documents = ["conda.yaml", "python_env.yaml", "requirements.txt"];

    private const int MaxDocumentBytes = 64 << 10;

    /// <param name="path">Where in the folder to look: a folder with an <c>MLmodel</c>, or an <c>.onnx</c> file itself.</param>
    public async Task<FoundModel> ReadAsync(OpenInFolder open, string path, CancellationToken cancel)
    {
        if (path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
        {
            await using var file = await open(path, cancel);
            return file is null ? FoundModel.Nothing($"there is no file '{path}'") : await ReadAsync(file, null, cancel);
        }

        string At(string name) => path.Length == 0 ? name : $"{path}/{name}";
        if (await TextAsync(open, At(MlflowModelFile.Name), MlflowModelFile.MaxBytes, cancel) is not { } text)
        {
            return FoundModel.Nothing("there is no MLmodel where it comes from");
        }

        var described = MlflowModelFile.Parse(text);
        var documents = new Dictionary<string, string> { [MlflowModelFile.Name] = text };
        foreach (var name in Documents)
        {
            if (await TextAsync(open, At(name), MaxDocumentBytes, cancel) is { } document)
            {
                documents[name] = document;
            }
        }

        var found = described.OnnxFile is null
            ? FoundModel.Nothing($"it has no ONNX flavour, only {string.Join(", ", described.Flavors)}")
            : await OnnxAsync(open, At(described.OnnxFile), described.Columns, cancel);
        return found with { Documents = documents };
    }

    /// <summary>Stores an ONNX file and reads its graph.</summary>
    /// <param name="declared">The inputs as somebody named them; null leaves them to the graph.</param>
    /// <returns>Nothing, with the reason, when it is not one that can be served.</returns>
    public async Task<FoundModel> ReadAsync(Stream onnx, IReadOnlyList<ColumnSchema>? declared, CancellationToken cancel)
    {
        var stored = await blobs.PutContentAsync(onnx, cancel);
        try
        {
            using var model = OnnxModel.Load(blobs.LocalPath(stored.Key), "the file");
            return new FoundModel(stored, OnnxSignature.Of(model, declared), null, new Dictionary<string, string>());
        }
        catch (SlipwayException failure) when (failure.Kind is ErrorKind.Invalid or ErrorKind.Unsupported)
        {
            return FoundModel.Nothing(failure.Message);
        }
    }

    private async Task<FoundModel> OnnxAsync(
        OpenInFolder open, string path, IReadOnlyList<ColumnSchema>? declared, CancellationToken cancel)
    {
        await using var file = await open(path, cancel);
        return file is null ? FoundModel.Nothing($"its MLmodel names the file '{path}', which is not there") : await ReadAsync(file, declared, cancel);
    }

    /// <returns>Null when there is no such file, or it is longer than a description has reason to be.</returns>
    private static async Task<string?> TextAsync(OpenInFolder open, string path, int maxBytes, CancellationToken cancel)
    {
        await using var file = await open(path, cancel);
        if (file is null)
        {
            return null;
        }

        var bytes = new byte[maxBytes + 1];
        var length = await file.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancel);
        var text = Encoding.UTF8.GetString(bytes, 0, length);
        return length <= maxBytes && !text.Contains('\0') ? text : null;
    }
}
