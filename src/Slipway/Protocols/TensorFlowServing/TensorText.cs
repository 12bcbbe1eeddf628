using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Slipway.Core.Tensors;

namespace Slipway.Protocols.TensorFlowServing;

/// <summary>
/// Tensors as the protocol's JSON: floating-point numbers never look like whole ones (<c>1.0</c>), are as short as C's <c>%g</c>
/// can have them and still read back the same, and may be <c>NaN</c>, <c>Infinity</c> and <c>-Infinity</c>.
/// </summary>
internal static class TensorText
{
    /// <param name="name">Of the output: one that ends in <c>_bytes</c> holds bytes, which come as base64.</param>
    public static void Write(IBufferWriter<byte> output, string name, Tensor tensor) =>
        Write(output, name, tensor, 0, tensor.Count, tensor.Shape);

    /// <summary>One row: what stands under an index of the first dimension.</summary>
    public static void WriteRow(IBufferWriter<byte> output, string name, Tensor tensor, int row)
    {
        var width = tensor.Count / (int)tensor.Shape[0];
        Write(output, name, tensor, row * width, width, tensor.Shape[1..]);
    }

    public static void WriteFloat(IBufferWriter<byte> output, float value) => WriteFloating(output, value, 6, 9, isSingle: true);

    private static void Write(IBufferWriter<byte> output, string name, Tensor tensor, int start, int count, ReadOnlySpan<long> shape)
    {
        if (shape.Length == 0)
        {
            WriteElement(output, name, tensor, start);
            return;
        }

        output.Write("["u8);
        var width = shape[0] == 0 ? 0 : count / (int)shape[0];
        for (var i = 0; i < shape[0]; i++)
        {
            if (i > 0)
            {
                output.Write(", "u8);
            }

            Write(output, name, tensor, start + (i * width), width, shape[1..]);
        }

        output.Write("]"u8);
    }

    private static void WriteElement(IBufferWriter<byte> output, string name, Tensor tensor, int index)
    {
        switch (tensor.Buffer)
        {
            case bool[] flags: output.Write(flags[index] ? "true"u8 : "false"u8); break;
            case float[] floats: WriteFloat(output, floats[index]); break;
            case double[] doubles: WriteFloating(output, doubles[index], 15, 17, isSingle: false); break;
            case Half[] halves: WriteFloat(output, (float)halves[index]); break;
            case byte[][] texts: WriteText(output, name, texts[index]); break;
            case sbyte[] or short[] or int[] or long[]: WriteWhole(output, Convert.ToInt64(tensor.Buffer.GetValue(index), CultureInfo.InvariantCulture)); break;
            default: WriteLarge(output, Convert.ToUInt64(tensor.Buffer.GetValue(index), CultureInfo.InvariantCulture)); break;
        }
    }

    private static void WriteWhole(IBufferWriter<byte> output, long value)
    {
        Utf8Formatter.TryFormat(value, output.GetSpan(20), out var written);
        output.Advance(written);
    }

    private static void WriteLarge(IBufferWriter<byte> output, ulong value)
    {
        Utf8Formatter.TryFormat(value, output.GetSpan(20), out var written);
        output.Advance(written);
    }

    private static void WriteText(IBufferWriter<byte> output, string name, byte[] value)
    {
        if (name.EndsWith("_bytes", StringComparison.Ordinal) || !Utf8.IsValid(value))
        {
            output.Write(Encoding.ASCII.GetBytes($$"""{"b64": "{{Convert.ToBase64String(value)}}"}"""));
        }
        else
        {
            output.Write("\""u8);
            output.Write(JsonEncodedText.Encode(value, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
            output.Write("\""u8);
        }
    }

    /// <param name="few">Digits that are enough for most numbers.</param>
    /// <param name="many">Digits that are enough for all.</param>
    private static void WriteFloating(IBufferWriter<byte> output, double value, int few, int many, bool isSingle)
    {
        if (!double.IsFinite(value))
        {
            output.Write(double.IsNaN(value) ? "NaN"u8 : value > 0 ? "Infinity"u8 : "-Infinity"u8);
            return;
        }

        var text = General(value, few);
        var same = isSingle
            ? float.Parse(text, CultureInfo.InvariantCulture).Equals((float)value)
            : double.Parse(text, CultureInfo.InvariantCulture).Equals(value);
        output.Write(Encoding.ASCII.GetBytes(same ? text : General(value, many)));
    }

    /// <summary>C's <c>%.{digits}g</c>, with <c>.0</c> behind what would look like a whole number.</summary>
    private static string General(double value, int digits)
    {
        var scientific = value.ToString($"e{digits - 1}", CultureInfo.InvariantCulture);
        var e = scientific.IndexOf('e', StringComparison.Ordinal);
        var exponent = int.Parse(scientific.AsSpan(e + 1), CultureInfo.InvariantCulture);
        if (exponent < -4 || exponent >= digits)
        {
            return $"{Trimmed(scientific[..e])}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }

        var plain = Trimmed(value.ToString($"F{digits - 1 - exponent}", CultureInfo.InvariantCulture));
        return plain.Contains('.', StringComparison.Ordinal) ? plain : plain + ".0";
    }

    private static string Trimmed(string text) => text.Contains('.', StringComparison.Ordinal) ? text.TrimEnd('0').TrimEnd('.') : text;
}
