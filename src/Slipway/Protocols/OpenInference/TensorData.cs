using System.Text;
using System.Text.Json;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;

namespace Slipway.Protocols.OpenInference;

/// <summary>The <c>data</c> of a tensor in JSON: flat and row-major, or nested as its shape says.</summary>
internal static class TensorData
{
    private delegate bool Parse<T>(ref Utf8JsonReader reader, out T value);

    /// <summary>Reads from the array that the reader stands on. What it allocates follows the data, never the shape.</summary>
    /// <remarks>JSON has no NaN: a null is one where the type is floating.</remarks>
    public static Tensor Read(ref Utf8JsonReader reader, string name, TensorType type, long[] shape) => type switch
    {
        TensorType.Bool => Read<bool>(ref reader, name, type, shape, Bool),
        TensorType.UInt8 => Read<byte>(ref reader, name, type, shape, (ref r, out v) => Number(ref r, out v) && r.TryGetByte(out v)),
        TensorType.UInt16 => Read<ushort>(ref reader, name, type, shape, (ref r, out v) => Number(ref r, out v) && r.TryGetUInt16(out v)),
        TensorType.UInt32 => Read<uint>(ref reader, name, type, shape, (ref r, out v) => Number(ref r, out v) && r.TryGetUInt32(out v)),
        TensorType.UInt64 => Read<ulong>(ref reader, name, type, shape, (ref r, out v) => Number(ref r, out v) && r.TryGetUInt64(out v)),
        TensorType.Int8 => Read<sbyte>(ref reader, name, type, shape, (ref r, out v) => Number(ref r, out v) && r.TryGetSByte(out v)),
        TensorType.Int16 => Read<short>(ref reader, name, type, shape, (ref r, out v) => Number(ref r, out v) && r.TryGetInt16(out v)),
        TensorType.Int32 => Read<int>(ref reader, name, type, shape, (ref r, out v) => Number(ref r, out v) && r.TryGetInt32(out v)),
        TensorType.Int64 => Read<long>(ref reader, name, type, shape, (ref r, out v) => Number(ref r, out v) && r.TryGetInt64(out v)),
        TensorType.Float32 => Read<float>(ref reader, name, type, shape, Single),
        TensorType.Float64 => Read<double>(ref reader, name, type, shape, Double),
        TensorType.Bytes => Read<byte[]>(ref reader, name, type, shape, Bytes),
        _ => throw SlipwayException.Invalid(
            $"receiving {type.Wire()} data via JSON is not supported. Please use the binary data format for input {name}"),
    };

    private static Tensor Read<T>(ref Utf8JsonReader reader, string name, TensorType type, long[] shape, Parse<T> parse)
    {
        var count = TensorShape.Elements(shape);
        var values = new List<T>();
        var scalarDepth = -1;
        ReadLevel(ref reader, 0);
        return values.Count == count ? Tensor.Of(values.ToArray(), shape) : throw Mismatch();

        void ReadLevel(ref Utf8JsonReader at, int depth)
        {
            if (at.TokenType != JsonTokenType.StartArray)
            {
                throw SlipwayException.Invalid($"'data' of input '{name}' is an array");
            }

            var length = 0L;
            for (; at.Read() && at.TokenType != JsonTokenType.EndArray; length++)
            {
                if (at.TokenType == JsonTokenType.StartArray)
                {
                    ReadLevel(ref at, depth + 1);
                }
                else
                {
                    scalarDepth = scalarDepth < 0 || scalarDepth == depth ? depth : throw Mismatch();
                    values.Add(parse(ref at, out var value) ? value : throw WrongElement(name, type, values.Count));
                }
            }

            // Flat data has its count checked at the end; nested data has to have the shape at every level.
            var isNested = depth > 0 || scalarDepth > 0;
            if (isNested && (depth >= shape.Length || length != shape[depth] || (scalarDepth >= 0 && scalarDepth != shape.Length - 1)))
            {
                throw Mismatch();
            }
        }
    }

    private static bool Number<T>(ref Utf8JsonReader reader, out T value) where T : struct
    {
        value = default;
        return reader.TokenType == JsonTokenType.Number;
    }

    private static bool Bool(ref Utf8JsonReader reader, out bool value)
    {
        value = reader.TokenType == JsonTokenType.True;
        return reader.TokenType is JsonTokenType.True or JsonTokenType.False;
    }

    private static bool Single(ref Utf8JsonReader reader, out float value)
    {
        value = float.NaN;
        return reader.TokenType == JsonTokenType.Null || (reader.TokenType == JsonTokenType.Number && reader.TryGetSingle(out value));
    }

    private static bool Double(ref Utf8JsonReader reader, out double value)
    {
        value = double.NaN;
        return reader.TokenType == JsonTokenType.Null || (reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out value));
    }

    private static bool Bytes(ref Utf8JsonReader reader, out byte[] value)
    {
        value = reader.TokenType == JsonTokenType.String ? Encoding.UTF8.GetBytes(reader.GetString()!) : [];
        return reader.TokenType == JsonTokenType.String;
    }

    private static SlipwayException Mismatch() =>
        SlipwayException.Invalid("Unable to parse 'data': Shape does not match true shape of 'data' field");

    private static SlipwayException WrongElement(string name, TensorType type, int index) =>
        SlipwayException.Invalid($"Unable to parse 'data': element {index} of input '{name}' is not a {type.Wire()}");
}
