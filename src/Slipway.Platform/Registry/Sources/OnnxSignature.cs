using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;
using Slipway.Inference;

namespace Slipway.Platform.Registry.Sources;

/// <summary>What an ONNX graph says of its inputs and outputs.</summary>
internal static class OnnxSignature
{
    /// <summary>
    /// A model of one FP32 matrix has a column per feature, called as its metadata <c>features</c> says or f0, f1, …; any other
    /// has one per input. Outputs are as the graph names them.
    /// </summary>
    public static ModelSignature Of(OnnxModel onnx) => new(
        onnx.Scorer is { } scorer
            ? [.. (onnx.Features ?? [.. Enumerable.Range(0, scorer.FeatureCount).Select(i => $"f{i}")]).Select(name => new ColumnSchema(name, DataType.Float32))]
            : [.. onnx.Inputs.Select(ColumnOf)],
        [.. onnx.Outputs.Select(ColumnOf)]);

    /// <summary>The same with inputs that somebody declared, where they are columns and fit the graph.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when they do not fit.</exception>
    public static ModelSignature Of(OnnxModel onnx, IReadOnlyList<ColumnSchema>? declared)
    {
        var graph = Of(onnx);
        if (declared is null)
        {
            return graph;
        }

        if (declared.Count != graph.Inputs.Count)
        {
            throw SlipwayException.Invalid(
                $"the signature names {declared.Count} inputs ({Names(declared)}); the ONNX graph takes {graph.Inputs.Count} ({Names(graph.Inputs)})");
        }

        var named = onnx.Scorer is null || onnx.Features is not null;
        return !named || declared.Select(c => c.Name).SequenceEqual(graph.Inputs.Select(c => c.Name))
            ? graph with { Inputs = declared }
            : throw SlipwayException.Invalid(
                $"the signature names the inputs {Names(declared)}; the ONNX graph {Names(graph.Inputs)}");
    }

    private static string Names(IEnumerable<ColumnSchema> columns) => string.Join(", ", columns.Select(c => c.Name));

    private static ColumnSchema ColumnOf(TensorSpec spec) => new(spec.Name, spec.Type switch
    {
        TensorType.Bool => DataType.Bool,
        TensorType.Float16 or TensorType.Float32 => DataType.Float32,
        TensorType.Float64 => DataType.Float64,
        TensorType.Bytes => DataType.String,
        _ => DataType.Int64,
    });
}
