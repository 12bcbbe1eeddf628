using System.Text.Json;
using Slipway.Core.Tensors;
using Slipway.Inference;
using Slipway.Platform.Serving;

namespace Slipway.Protocols.OpenInference;

/// <summary>What a model is, in the protocol's two forms: metadata, and the configuration that Triton has for it.</summary>
internal static class ModelWriter
{
    public const string Platform = "onnxruntime_onnx";
    public const string Backend = "onnxruntime";

    public static void WriteMetadata(Utf8JsonWriter json, TensorModel model)
    {
        json.WriteString("name", model.Name);
        json.WriteStartArray("versions");
        foreach (var version in model.Versions)
        {
            json.WriteStringValue(version);
        }

        json.WriteEndArray();
        json.WriteString("platform", Platform);
        WriteSpecs(json, "inputs", model.Inputs);
        WriteSpecs(json, "outputs", model.Outputs);
        json.WriteStartObject("properties");
        json.WriteEndObject();
    }

    private static void WriteSpecs(Utf8JsonWriter json, string name, IReadOnlyList<TensorSpec> specs)
    {
        json.WriteStartArray(name);
        foreach (var spec in specs)
        {
            json.WriteStartObject();
            json.WriteString("name", spec.Name);
            json.WriteString("datatype", spec.Type.Wire());
            InferWriter.WriteShape(json, [.. spec.Shape]);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>Where requests have a greatest number of rows, the first dimension is left out, as Triton leaves its batch.</summary>
    public static void WriteConfig(Utf8JsonWriter json, TensorModel model)
    {
        json.WriteString("name", model.Name);
        json.WriteString("platform", Platform);
        json.WriteString("backend", Backend);
        json.WriteNumber("max_batch_size", model.MaxRows ?? 0);
        WriteConfigTensors(json, "input", model.Inputs, model.MaxRows is not null);
        WriteConfigTensors(json, "output", model.Outputs, model.MaxRows is not null);
    }

    /// <summary>A dimension list is never empty there: one value per row is [1], reshaped from [].</summary>
    public static (long[] Dims, bool IsReshaped) ConfigDims(TensorSpec spec, bool isBatch)
    {
        var dims = isBatch ? [.. spec.Shape.Skip(1)] : (long[])[.. spec.Shape];
        return dims.Length == 0 ? ([1], true) : (dims, false);
    }

    private static void WriteConfigTensors(Utf8JsonWriter json, string name, IReadOnlyList<TensorSpec> specs, bool isBatch)
    {
        json.WriteStartArray(name);
        foreach (var spec in specs)
        {
            var (dims, isReshaped) = ConfigDims(spec, isBatch);
            json.WriteStartObject();
            json.WriteString("name", spec.Name);
            json.WriteString("data_type", spec.Type == TensorType.Bytes ? "TYPE_STRING" : $"TYPE_{spec.Type.Wire()}");
            InferWriter.WriteShape(json, dims, "dims");
            if (isReshaped)
            {
                json.WriteStartObject("reshape");
                InferWriter.WriteShape(json, []);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
