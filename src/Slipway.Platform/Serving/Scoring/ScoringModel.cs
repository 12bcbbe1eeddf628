using System.Security.Cryptography;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Inference;

namespace Slipway.Platform.Serving.Scoring;

/// <summary>A model that makes a probability of a row of features, opened for scoring files.</summary>
public sealed class ScoringModel : IDisposable
{
    private readonly OnnxModel onnx;

    private ScoringModel(string name, string version, string sha256, OnnxModel onnx, IReadOnlyList<ColumnSchema> inputs)
    {
        Name = name;
        Version = version;
        Sha256 = sha256;
        this.onnx = onnx;
        Inputs = inputs;
    }

    public string Name { get; }

    public string Version { get; }

    /// <summary>Of the model's file.</summary>
    public string Sha256 { get; }

    /// <summary>In the order of the model's matrix.</summary>
    public IReadOnlyList<ColumnSchema> Inputs { get; }

    /// <param name="signature">What it was registered with; null for a file that is in no registry, whose inputs are floats that may be missing.</param>
    /// <exception cref="SlipwayException">NotFound without the file; Invalid when it is no ONNX model; Unsupported when it has another
    /// form; FailedPrecondition when the signature does not fit it.</exception>
    public static ScoringModel Open(string file, string name, string version, ModelSignature? signature = null)
    {
        if (!File.Exists(file))
        {
            throw SlipwayException.NotFound($"There is no model file '{file}'.");
        }

        var bytes = File.ReadAllBytes(file);
        var onnx = OnnxModel.Load(bytes, $"{name} {version}");
        try
        {
            var served = new ServedModel(name, version, onnx, signature);
            served.RequireScorer();
            return new ScoringModel(name, version, Convert.ToHexStringLower(SHA256.HashData(bytes)), onnx, served.Inputs);
        }
        catch
        {
            onnx.Dispose();
            throw;
        }
    }

    public void Dispose() => onnx.Dispose();

    /// <param name="rows">Row-major, shape [count, inputs]; NaN where a value is missing.</param>
    internal void Score(ReadOnlySpan<float> rows, int count, Span<float> probabilities, CancellationToken cancel) =>
        onnx.Score(rows, count, probabilities, cancel);
}
