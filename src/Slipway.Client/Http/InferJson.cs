using System.Globalization;
using System.Text;
using System.Text.Json;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;

namespace Slipway.Client.Http;

/// <summary>Requests and answers of the Open Inference Protocol v2; JSON has no NaN, so a floating-point one is null.</summary>
internal static class InferJson
{
    public static void Write(Utf8JsonWriter json, IReadOnlyDictionary<string, Tensor> inputs)
    {
        json.WriteStartObject();
        json.WriteString("id", Guid.CreateVersion7().ToString("N"));
        json.WriteStartArray("inputs");
        foreach (var (name, tensor) in inputs)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteString("datatype", tensor.Type.Wire());
            json.WriteStartArray("shape");
            foreach (var dim in tensor.Shape)
            {
                json.WriteNumberValue(dim);
            }

            json.WriteEndArray();
            json.WriteStartArray("data");
            foreach (var element in tensor.Buffer)
            {
                WriteElement(json, element);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Unsupported"/> for an answer that is not one of this protocol.</exception>
    public static InferAnswer Read(JsonElement answer)
    {
        try
        {
            var outputs = new OrderedDictionary<string, Tensor>(StringComparer.Ordinal);
            foreach (var output in answer.GetProperty("outputs").EnumerateArray())
            {
                long[] shape = [.. output.GetProperty("shape").EnumerateArray().Select(dim => dim.GetInt64())];
                var type = TensorTypes.Parse(output.GetProperty("datatype").GetString()!);
                outputs.Add(output.GetProperty("name").GetString()!, ReadTensor(type, shape, [.. Flat(output.GetProperty("data"))]));
            }

            return new InferAnswer(
                answer.GetProperty("model_name").GetString() ?? "",
                answer.TryGetProperty("model_version", out var version) ? version.GetString() ?? "" : "",
                outputs);
        }
        catch (Exception bad) when (bad is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new SlipwayException(ErrorKind.Unsupported, $"The answer is not one of the Open Inference Protocol v2: {bad.Message}", bad);
        }
    }

    private static void WriteElement(Utf8JsonWriter json, object? element)
    {
        switch (element)
        {
            case bool value: json.WriteBooleanValue(value); break;
            case float value when float.IsFinite(value): json.WriteNumberValue(value); break;
            case double value when double.IsFinite(value): json.WriteNumberValue(value); break;
            case Half value when Half.IsFinite(value): json.WriteNumberValue((float)value); break;
            case float or double or Half: json.WriteNullValue(); break;
            case byte[] value: json.WriteStringValue(Encoding.UTF8.GetString(value)); break;
            case ulong value: json.WriteNumberValue(value); break;
            default: json.WriteNumberValue(Convert.ToInt64(element, CultureInfo.InvariantCulture)); break;
        }
    }

    /// <summary>Data may be nested as the shape says.</summary>
    private static IEnumerable<JsonElement> Flat(JsonElement data) => data.ValueKind == JsonValueKind.Array
        ? data.EnumerateArray().SelectMany(Flat)
        : [data];

    private static Tensor ReadTensor(TensorType type, long[] shape, JsonElement[] data) => type switch
    {
        TensorType.Bool => Tensor.Of([.. data.Select(e => e.GetBoolean())], shape),
        TensorType.UInt8 => Tensor.Of([.. data.Select(e => e.GetByte())], shape),
        TensorType.UInt16 => Tensor.Of([.. data.Select(e => e.GetUInt16())], shape),
        TensorType.UInt32 => Tensor.Of([.. data.Select(e => e.GetUInt32())], shape),
        TensorType.UInt64 => Tensor.Of([.. data.Select(e => e.GetUInt64())], shape),
        TensorType.Int8 => Tensor.Of([.. data.Select(e => e.GetSByte())], shape),
        TensorType.Int16 => Tensor.Of([.. data.Select(e => e.GetInt16())], shape),
        TensorType.Int32 => Tensor.Of([.. data.Select(e => e.GetInt32())], shape),
        TensorType.Int64 => Tensor.Of([.. data.Select(e => e.GetInt64())], shape),
        TensorType.Float16 => Tensor.Of([.. data.Select(e => e.ValueKind == JsonValueKind.Null ? Half.NaN : (Half)e.GetSingle())], shape),
        TensorType.Float32 => Tensor.Of([.. data.Select(e => e.ValueKind == JsonValueKind.Null ? float.NaN : e.GetSingle())], shape),
        TensorType.Float64 => Tensor.Of([.. data.Select(e => e.ValueKind == JsonValueKind.Null ? double.NaN : e.GetDouble())], shape),
        _ => Tensor.Of([.. data.Select(e => Encoding.UTF8.GetBytes(e.GetString() ?? ""))], shape),
    };
}
