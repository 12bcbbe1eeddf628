using System.Globalization;
using System.Text.Json;
using Slipway.Inference;
using Slipway.Platform.Serving;

namespace Slipway.Protocols.TensorFlowServing;

/// <summary>A model as TensorFlow describes one: a single signature.</summary>
internal static class TensorFlowMetadata
{
    public static void Write(Utf8JsonWriter json, TensorModel model, string signature)
    {
        json.WriteStartObject("model_spec");
        json.WriteString("name", model.Name);
        json.WriteString("signature_name", "");
        json.WriteString("version", model.Versions[0]);
        json.WriteEndObject();

        // Twice: a field of that name which holds a message with a field of that name.
        json.WriteStartObject("metadata");
        json.WriteStartObject("signature_def");
        json.WriteStartObject("signature_def");
        json.WriteStartObject(signature);
        WriteTensors(json, "inputs", model.Inputs);
        WriteTensors(json, "outputs", model.Outputs);
        json.WriteString("method_name", "tensorflow/serving/predict");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteTensors(Utf8JsonWriter json, string name, IReadOnlyList<TensorSpec> specs)
    {
        json.WriteStartObject(name);
        foreach (var spec in specs)
        {
            json.WriteStartObject(spec.Name);
            json.WriteString("dtype", TensorFlowTypes.Enum(spec.Type));
            json.WriteStartObject("tensor_shape");
            json.WriteStartArray("dim");
            foreach (var size in spec.Shape)
            {
                json.WriteStartObject();
                json.WriteString("size", size.ToString(CultureInfo.InvariantCulture));
                json.WriteString("name", "");
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteBoolean("unknown_rank", spec.Shape.Count == 0);
            json.WriteEndObject();
            json.WriteString("name", $"{spec.Name}:0");
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
