using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;
using Slipway.Platform.Serving;

namespace Slipway.Protocols.OpenInference;

/// <summary>Writes answers of the Open Inference Protocol v2, members in the order that Triton has them.</summary>
internal static class InferWriter
{
    /// <summary>Quotes and umlauts stay themselves; no answer is ever part of a page.</summary>
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The answer but for the bytes of what is wanted in binary form.</summary>
    /// <returns>How many bytes those are; null when nothing is wanted in binary form.</returns>
    public static long? WriteAnswer(IBufferWriter<byte> output, InferRequest request, TensorAnswer answer)
    {
        using var json = new Utf8JsonWriter(output, Options);
        json.WriteStartObject();
        if (!string.IsNullOrEmpty(request.Id))
        {
            json.WriteString("id", request.Id);
        }

        json.WriteString("model_name", answer.Name);
        json.WriteString("model_version", answer.Version);
        json.WriteStartArray("outputs");
        long? binary = null;
        foreach (var (name, tensor) in answer.Outputs)
        {
            var size = request.IsBinary(name) ? TensorBytes.Size(tensor) : (long?)null;
            WriteOutput(json, name, tensor, size);
            binary = size is null ? binary : (binary ?? 0) + size;
        }

        json.WriteEndArray();
        json.WriteEndObject();
        return binary;
    }

    private static void WriteOutput(Utf8JsonWriter json, string name, Tensor tensor, long? size)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("datatype", tensor.Type.Wire());
        WriteShape(json, tensor.Shape);
        if (size is { } bytes)
        {
            json.WriteStartObject("parameters");
            json.WriteNumber("binary_data_size", bytes);
            json.WriteEndObject();
        }
        else
        {
            json.WriteStartArray("data");
            WriteData(json, name, tensor);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    public static void WriteShape(Utf8JsonWriter json, ReadOnlySpan<long> shape, string name = "shape")
    {
        json.WriteStartArray(name);
        foreach (var dim in shape)
        {
            json.WriteNumberValue(dim);
        }

        json.WriteEndArray();
    }

    private static void WriteData(Utf8JsonWriter json, string name, Tensor tensor)
    {
        switch (tensor.Type)
        {
            case TensorType.Bool: Each<bool>(tensor, json.WriteBooleanValue); break;
            case TensorType.UInt8: Each<byte>(tensor, value => json.WriteNumberValue((uint)value)); break;
            case TensorType.UInt16: Each<ushort>(tensor, value => json.WriteNumberValue((uint)value)); break;
            case TensorType.UInt32: Each<uint>(tensor, json.WriteNumberValue); break;
            case TensorType.UInt64: Each<ulong>(tensor, json.WriteNumberValue); break;
            case TensorType.Int8: Each<sbyte>(tensor, value => json.WriteNumberValue((int)value)); break;
            case TensorType.Int16: Each<short>(tensor, value => json.WriteNumberValue((int)value)); break;
            case TensorType.Int32: Each<int>(tensor, json.WriteNumberValue); break;
            case TensorType.Int64: Each<long>(tensor, json.WriteNumberValue); break;
            case TensorType.Float32: Each<float>(tensor, value => WriteFloat(json, value)); break;
            case TensorType.Float64: Each<double>(tensor, value => WriteDouble(json, value)); break;
            case TensorType.Bytes: Each<byte[]>(tensor, value => WriteText(json, name, value)); break;
            default:
                throw SlipwayException.Invalid(
                    $"sending {tensor.Type.Wire()} data via JSON is not supported. Please use the binary data format for output {name}");
        }
    }

    private static void Each<T>(Tensor tensor, Action<T> write)
    {
        foreach (var value in tensor.Values<T>())
        {
            write(value);
        }
    }

    /// <summary>JSON has neither NaN, which is null here, nor infinity, which is a number that every parser takes to be one.</summary>
    private static void WriteFloat(Utf8JsonWriter json, float value)
    {
        if (float.IsFinite(value))
        {
            json.WriteNumberValue(value);
        }
        else
        {
            WriteDouble(json, value);
        }
    }

    private static void WriteDouble(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumberValue(value);
        }
        else if (double.IsNaN(value))
        {
            json.WriteNullValue();
        }
        else
        {
            json.WriteRawValue(value > 0 ? "1e999" : "-1e999");
        }
    }

    private static void WriteText(Utf8JsonWriter json, string name, byte[] value) => json.WriteStringValue(
        System.Text.Unicode.Utf8.IsValid(value)
            ? Encoding.UTF8.GetString(value)
            : throw SlipwayException.Invalid($"output '{name}' holds bytes that are not UTF-8 text; JSON cannot carry them"));
}
