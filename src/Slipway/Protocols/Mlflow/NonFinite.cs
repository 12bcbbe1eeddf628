using System.Buffers;

namespace Slipway.Protocols.Mlflow;

/// <summary>
/// The bare tokens <c>NaN</c>, <c>Infinity</c> and <c>-Infinity</c>, which Python writes into JSON and JSON does not have.
/// </summary>
internal static class NonFinite
{
    /// <summary>The same JSON with those tokens as text; the very same bytes where there are none.</summary>
    public static ReadOnlySequence<byte> Quote(ReadOnlySequence<byte> json)
    {
        var bytes = json.IsSingleSegment ? json.FirstSpan : json.ToArray();
        if (bytes.IndexOf("NaN"u8) < 0 && bytes.IndexOf("Infinity"u8) < 0)
        {
            return json;
        }

        var quoted = new ArrayBufferWriter<byte>(bytes.Length + 64);
        var inText = false;
        for (var i = 0; i < bytes.Length; i++)
        {
            var token = inText ? 0 : TokenAt(bytes[i..]);
            if (token > 0)
            {
                quoted.Write("\""u8);
                quoted.Write(bytes.Slice(i, token));
                quoted.Write("\""u8);
                i += token - 1;
                continue;
            }

            quoted.Write(bytes.Slice(i, 1));
            if (inText && bytes[i] == '\\' && i + 1 < bytes.Length)
            {
                quoted.Write(bytes.Slice(++i, 1));
            }
            else if (bytes[i] == '"')
            {
                inText = !inText;
            }
        }

        return new ReadOnlySequence<byte>(quoted.WrittenMemory);
    }

    private static int TokenAt(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith("NaN"u8) ? 3 : bytes.StartsWith("Infinity"u8) ? 8 : bytes.StartsWith("-Infinity"u8) ? 9 : 0;
}
