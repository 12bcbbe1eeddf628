using System.Text;
using System.Text.Json;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;
using Slipway.Inference;

namespace Slipway.Protocols.TensorFlowServing;

/// <summary>Nested lists of JSON as a tensor; its shape is that of the first list at every level, which all others have to have.</summary>
internal static class JsonTensor
{
    private delegate bool Parse<T>(JsonElement json, out T value);

    /// <param name="value">The whole tensor.</param>
    public static Tensor Read(JsonElement value, TensorSpec spec) => Read([value], spec, isRows: false);

    /// <summary>One tensor of rows, each given by itself.</summary>
    public static Tensor ReadRows(IReadOnlyList<JsonElement> rows, TensorSpec spec) => Read(rows, spec, isRows: true);

    /// <summary>The start of the value's text, for errors.</summary>
    public static string Text(JsonElement value)
    {
        const int max = 200;
        var text = value.GetRawText();
        return text.Length <= max ? text : text[..max] + "…";
    }

    private static Tensor Read(IReadOnlyList<JsonElement> values, TensorSpec spec, bool isRows) => spec.Type switch
    {
        TensorType.Bool => Read(values, spec, isRows, (JsonElement e, out bool v) => (v = e.ValueKind == JsonValueKind.True) || e.ValueKind == JsonValueKind.False),
        TensorType.UInt8 => Read(values, spec, isRows, (JsonElement e, out byte v) => IsNumber(e, out v) && e.TryGetByte(out v)),
        TensorType.UInt16 => Read(values, spec, isRows, (JsonElement e, out ushort v) => IsNumber(e, out v) && e.TryGetUInt16(out v)),
        TensorType.UInt32 => Read(values, spec, isRows, (JsonElement e, out uint v) => IsNumber(e, out v) && e.TryGetUInt32(out v)),
        TensorType.UInt64 => Read(values, spec, isRows, (JsonElement e, out ulong v) => IsNumber(e, out v) && e.TryGetUInt64(out v)),
        TensorType.Int8 => Read(values, spec, isRows, (JsonElement e, out sbyte v) => IsNumber(e, out v) && e.TryGetSByte(out v)),
        TensorType.Int16 => Read(values, spec, isRows, (JsonElement e, out short v) => IsNumber(e, out v) && e.TryGetInt16(out v)),
        TensorType.Int32 => Read(values, spec, isRows, (JsonElement e, out int v) => IsNumber(e, out v) && e.TryGetInt32(out v)),
        TensorType.Int64 => Read(values, spec, isRows, (JsonElement e, out long v) => IsNumber(e, out v) && e.TryGetInt64(out v)),
        TensorType.Float16 => Read<Half>(values, spec, isRows, IsHalf),
        TensorType.Float32 => Read<float>(values, spec, isRows, IsFloat),
        TensorType.Float64 => Read<double>(values, spec, isRows, IsDouble),
        _ => Read<byte[]>(values, spec, isRows, IsBytes),
    };

    private static Tensor Read<T>(IReadOnlyList<JsonElement> values, TensorSpec spec, bool isRows, Parse<T> parse)
    {
        var shape = new List<long>();
        if (isRows)
        {
            shape.Add(values.Count);
        }

        for (var value = values[0]; value.ValueKind == JsonValueKind.Array;)
        {
            shape.Add(value.GetArrayLength());
            value = shape[^1] == 0 ? default : value[0];
        }

        var elements = new List<T>();
        foreach (var value in values)
        {
            Fill(value, isRows ? 1 : 0);
        }

        return Tensor.Of(elements.ToArray(), [.. shape]);

        void Fill(JsonElement json, int level)
        {
            if (level == shape.Count)
            {
                elements.Add(parse(json, out var element) ? element : throw WrongType(json, spec));
                return;
            }

            if (json.ValueKind != JsonValueKind.Array || json.GetArrayLength() != shape[level])
            {
                throw SlipwayException.Invalid(json.ValueKind == JsonValueKind.Array
                    ? $"Encountered list at unexpected size: {json.GetArrayLength()} at level: {level} expected size: {shape[level]}"
                    : $"JSON Value: {Text(json)} Type: {KindOf(json)} is not a list at level: {level} expected size: {shape[level]}");
            }

            foreach (var child in json.EnumerateArray())
            {
                Fill(child, level + 1);
            }
        }
    }

    private static bool IsNumber<T>(JsonElement json, out T value) where T : struct
    {
        value = default;
        return json.ValueKind == JsonValueKind.Number;
    }

    private static bool IsHalf(JsonElement json, out Half value)
    {
        var isDouble = IsDouble(json, out var wide);
        value = (Half)wide;
        return isDouble;
    }

    /// <summary>Null is what NaN has become on its way here.</summary>
    private static bool IsFloat(JsonElement json, out float value)
    {
        value = float.NaN;
        return json.ValueKind == JsonValueKind.Null || (json.ValueKind == JsonValueKind.Number && json.TryGetSingle(out value));
    }

    private static bool IsDouble(JsonElement json, out double value)
    {
        value = double.NaN;
        return json.ValueKind == JsonValueKind.Null || (json.ValueKind == JsonValueKind.Number && json.TryGetDouble(out value));
    }

    private static bool IsBytes(JsonElement json, out byte[] value)
    {
        value = [];
        if (json.ValueKind == JsonValueKind.String)
        {
            value = Encoding.UTF8.GetBytes(json.GetString()!);
            return true;
        }

        return json.ValueKind == JsonValueKind.Object && json.TryGetProperty("b64", out var base64)
            && base64.ValueKind == JsonValueKind.String && base64.TryGetBytesFromBase64(out value!);
    }

    private static SlipwayException WrongType(JsonElement json, TensorSpec spec) => SlipwayException.Invalid(
        $"JSON Value: {Text(json)} Type: {KindOf(json)} is not of expected type: {TensorFlowTypes.Name(spec.Type)}");

    private static string KindOf(JsonElement json) => json.ValueKind.ToString();
}
