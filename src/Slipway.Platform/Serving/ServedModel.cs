using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Inference;

namespace Slipway.Platform.Serving;

/// <summary>One version of a model, loaded and tried once, shared by the snapshots that use it and freed after the last.</summary>
internal sealed class ServedModel
{
    private const int WarmUpRows = 32;

    private readonly UseCount uses;

    /// <param name="released">Runs when it is let go, before the native session is freed.</param>
    /// <param name="project">Of the model, for good; null for one that is in no registry.</param>
    public ServedModel(
        string model, string version, OnnxModel onnx, ModelSignature? signature, Action<ServedModel>? released = null, string? project = null)
    {
        Model = model;
        Project = project;
        Version = version;
        Onnx = onnx;
        Inputs = SignatureOf(model, version, onnx, signature);
        Names = [.. Inputs.Select(input => input.Name)];
        uses = new UseCount(() =>
        {
            released?.Invoke(this);
            onnx.Dispose();
        });
    }

    public string Model { get; }

    public string? Project { get; }

    public string Version { get; }

    /// <summary>Where its features are looked up: the version that it was trained on, as <c>flight_delay@3</c>; null when requests bring them.</summary>
    public string? FeatureService { get; init; }

    public OnnxModel Onnx { get; }

    /// <summary>The features in the order of the model's matrix; empty for a model of another form.</summary>
    public IReadOnlyList<ColumnSchema> Inputs { get; }

    /// <summary>Of the inputs, in order.</summary>
    public IReadOnlyList<string> Names { get; }

    public bool TryEnter() => uses.TryEnter();

    public void Leave() => uses.Leave();

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Unsupported"/> unless it makes a probability of a matrix.</exception>
    public void RequireScorer()
    {
        if (Onnx.Scorer is null)
        {
            throw new SlipwayException(
                ErrorKind.Unsupported,
                $"Version {Version} of model '{Model}' has no FP32 matrix input with an FP32 output 'probability'; an endpoint needs both.");
        }
    }

    /// <summary>Scores rows of zeros, singly and together: the native session allocates its arenas now, and a model that cannot
    /// run at all is found before it gets traffic. Whether its rows may be batched is found out as well.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> when it cannot.</exception>
    public async Task WarmUpAsync(CancellationToken cancel)
    {
        if (Onnx.Scorer is { } scorer)
        {
            await TryAsync(scorer, cancel);
        }

        _ = Onnx.AnswersRowsAlike;
        Onnx.ClearStatistics();
    }

    private async Task TryAsync(OnnxScorer scorer, CancellationToken cancel)
    {
        try
        {
            var probabilities = new float[WarmUpRows];
            for (var rows = 1; rows <= WarmUpRows; rows += WarmUpRows - 1)
            {
                await scorer.ScoreAsync(new float[rows * scorer.FeatureCount], rows, probabilities, CallOptions.Default, cancel);
            }
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            throw new SlipwayException(
                ErrorKind.FailedPrecondition,
                $"Version {Version} of model '{Model}' cannot be served, it fails on a row of zeros: {failure.Message}",
                failure);
        }
    }

    private static IReadOnlyList<ColumnSchema> SignatureOf(string model, string version, OnnxModel onnx, ModelSignature? signature)
    {
        if (onnx.Scorer is not { } scorer)
        {
            return [];
        }

        var names = onnx.Features ?? [.. Enumerable.Range(0, scorer.FeatureCount).Select(i => $"f{i}")];
        var inputs = signature?.Inputs ?? [.. names.Select(name => new ColumnSchema(name, DataType.Float32))];
        if (inputs.Count != scorer.FeatureCount)
        {
            throw new SlipwayException(
                ErrorKind.FailedPrecondition,
                $"Version {version} of model '{model}' names {inputs.Count} inputs; its ONNX file takes {scorer.FeatureCount} features.");
        }

        if (inputs.FirstOrDefault(input => input.Type.IsArray()) is { } array)
        {
            throw new SlipwayException(
                ErrorKind.FailedPrecondition,
                $"Version {version} of model '{model}' takes {array.TypeText()} as input '{array.Name}'; an endpoint looks up and logs single values. "
                + "Serve such a model by the Open Inference Protocol.");
        }

        return signature is null || onnx.Features is null || onnx.Features.SequenceEqual(inputs.Select(i => i.Name))
            ? inputs
            : throw new SlipwayException(
                ErrorKind.FailedPrecondition,
                $"The signature of version {version} of model '{model}' names other features, or in another order, than its ONNX file.");
    }
}
