using System.Buffers;
using System.Text;
using System.Text.Json;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;
using Slipway.Inference;
using Slipway.Platform.Serving;

namespace Slipway.Protocols.TensorFlowServing;

/// <summary>
/// <c>:classify</c> and <c>:regress</c>: examples are objects of features, by the columns of the model's matrix or by its inputs; what
/// all of them share may stand in <c>context</c>.
/// </summary>
internal static class ExampleCall
{
    public static OrderedDictionary<string, Tensor> Read(JsonElement body, TensorModel model, string verb)
    {
        if (!body.TryGetProperty("examples", out var examples) || examples.ValueKind != JsonValueKind.Array || examples.GetArrayLength() == 0)
        {
            throw SlipwayException.Invalid($"When method is {verb}, key 'examples' is expected and must be a list/array with at least one example");
        }

        var shared = body.TryGetProperty("context", out var context) ? context : (JsonElement?)null;
        var rows = examples.EnumerateArray().Select((example, i) => Features(example, shared, i)).ToList();
        var isByColumn = model.Features.Count > 0 && !rows[0].ContainsKey(model.Inputs[0].Name);
        var inputs = new OrderedDictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var spec in model.Inputs)
        {
            inputs.Add(spec.Name, isByColumn ? Matrix(rows, model, spec) : ReadInput(rows, spec));
        }

        Check(rows, isByColumn ? model.Features : [.. model.Inputs.Select(spec => spec.Name)]);
        return inputs;
    }

    /// <summary>The output that holds the scores.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the model has none of the kind.</exception>
    public static TensorSpec OutputOf(TensorModel model, string verb)
    {
        var floats = model.Outputs.Where(spec => spec.Type is TensorType.Float32);
        return floats.FirstOrDefault(spec => spec.Name == OnnxScorer.Probability)
            ?? floats.FirstOrDefault(spec => verb == "regress" ? spec.Shape is [_] or [_, 1] : spec.Shape is [_, not 1])
            ?? throw SlipwayException.Invalid(verb == "regress"
                ? $"Model '{model.Name}' gives no number per example; regress needs a float output [rows] or [rows,1]"
                : $"Model '{model.Name}' gives no scores; classify needs an output 'probability', or a float output [rows,classes]");
    }

    /// <summary>A probability alone is that of class 1; the labels are the classes' indexes.</summary>
    public static void Write(IBufferWriter<byte> output, Tensor scores, string verb)
    {
        var values = scores.Values<float>();
        var rows = scores.Shape.Length == 0 ? 1 : (int)scores.Shape[0];
        var width = rows == 0 ? 0 : values.Length / rows;
        output.Write("["u8);
        for (var row = 0; row < rows; row++)
        {
            output.Write(row > 0 ? ", "u8 : ""u8);
            var scored = values.Slice(row * width, width);
            if (verb == "regress")
            {
                TensorText.WriteFloat(output, scored.Length == 1 ? scored[0] : throw SlipwayException.Invalid(
                    $"regress needs one number per example; the model gave {scored.Length}"));
            }
            else
            {
                WriteClasses(output, scored is [var probability] ? [1 - probability, probability] : scored);
            }
        }

        output.Write("]"u8);
    }

    private static void WriteClasses(IBufferWriter<byte> output, ReadOnlySpan<float> scores)
    {
        output.Write("["u8);
        for (var i = 0; i < scores.Length; i++)
        {
            output.Write(Encoding.ASCII.GetBytes($"{(i > 0 ? ", " : "")}[\"{i}\", "));
            TensorText.WriteFloat(output, scores[i]);
            output.Write("]"u8);
        }

        output.Write("]"u8);
    }

    private static Dictionary<string, JsonElement> Features(JsonElement example, JsonElement? shared, int index)
    {
        if (example.ValueKind != JsonValueKind.Object || shared is { ValueKind: not JsonValueKind.Object })
        {
            throw SlipwayException.Invalid($"Example {index} and 'context' must be JSON objects of features; got {JsonTensor.Text(example)}");
        }

        IEnumerable<JsonProperty> common = shared is { } context ? context.EnumerateObject() : [];
        var features = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in common.Concat(example.EnumerateObject()))
        {
            features[member.Name] = member.Value;
        }

        return features;
    }

    private static Tensor Matrix(List<Dictionary<string, JsonElement>> rows, TensorModel model, TensorSpec spec)
    {
        var values = new float[rows.Count * model.Features.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var (row, feature) = (i / model.Features.Count, model.Features[i % model.Features.Count]);
            var value = Feature(rows[row], feature, row);
            values[i] = JsonTensor.Read(value is { ValueKind: JsonValueKind.Array } && value.GetArrayLength() == 1 ? value[0] : value, spec) is { Shape.Length: 0 } one
                ? one.Values<float>()[0]
                : throw SlipwayException.Invalid($"Feature: {feature} of example: {row} must be one value; got {JsonTensor.Text(value)}");
        }

        return Tensor.Of(values, rows.Count, model.Features.Count);
    }

    /// <summary>A value alone is a list of one where the input has a dimension for it, and the other way round.</summary>
    private static Tensor ReadInput(List<Dictionary<string, JsonElement>> rows, TensorSpec spec)
    {
        var tensor = JsonTensor.ReadRows([.. rows.Select((row, i) => Feature(row, spec.Name, i))], spec);
        long[]? shape = (tensor.Shape.Length, spec.Shape.Count) switch
        {
            (1, 2) => [rows.Count, 1],
            (2, 1) when tensor.Shape[1] == 1 => [rows.Count],
            _ => null,
        };
        return shape is null ? tensor : tensor.Reshape(shape);
    }

    private static JsonElement Feature(Dictionary<string, JsonElement> row, string name, int index) => row.TryGetValue(name, out var value)
        ? value
        : throw SlipwayException.Invalid($"Feature: {name} is missing in example: {index}");

    private static void Check(List<Dictionary<string, JsonElement>> rows, IReadOnlyList<string> known)
    {
        for (var i = 0; i < rows.Count; i++)
        {
            if (rows[i].Keys.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
            {
                throw SlipwayException.Invalid($"Feature: {unknown} of example: {i} is none of the model's: {string.Join(',', known)}");
            }
        }
    }
}
