using Slipway.Core.Errors;
using Slipway.Inference;

namespace Slipway.Platform.Serving;

/// <summary>A model served straight from a file, as <c>serve --model NAME=FILE</c> asks: no registry, gone with the process.</summary>
public sealed record LocalModel(string Name, string File)
{
    /// <summary>The version that such a model answers with.</summary>
    public const string Version = "1";
}

/// <summary>Loads the models that were given on the command line.</summary>
internal sealed class LocalModels(IEnumerable<LocalModel> models, EndpointHost host)
{
    /// <exception cref="SlipwayException">Naming the file that is missing or not an ONNX model, or the name that is not one.</exception>
    public async Task LoadAsync(CancellationToken cancel)
    {
        foreach (var model in models)
        {
            await LoadAsync(model, cancel);
        }
    }

    /// <summary>Reads an unloaded model's file again.</summary>
    /// <returns>False when no model of that name was given on the command line.</returns>
    /// <exception cref="SlipwayException">As above.</exception>
    public async Task<bool> ReloadAsync(string name, CancellationToken cancel)
    {
        var model = models.FirstOrDefault(model => model.Name == name);
        if (model is not null && host.Unloaded.Any(endpoint => endpoint.Name == name))
        {
            await LoadAsync(model, cancel);
        }

        return model is not null;
    }

    private async Task LoadAsync(LocalModel model, CancellationToken cancel)
    {
        var (name, file) = model;
        Endpoint.CheckName(name);
        var served = Open(name, file);
        try
        {
            await served.WarmUpAsync(cancel);
            host.PutLocal(
                new Endpoint(name, name, null, [new Variant(LocalModel.Version, 100, VariantRole.Champion)], new EndpointOptions()), served);
        }
        catch
        {
            served.Leave();
            throw;
        }
    }

    private static ServedModel Open(string name, string file)
    {
        var onnx = OnnxModel.Load(file, name);
        try
        {
            return new ServedModel(name, LocalModel.Version, onnx, null);
        }
        catch
        {
            onnx.Dispose();
            throw;
        }
    }
}
