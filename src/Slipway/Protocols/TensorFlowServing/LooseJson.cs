using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Slipway.Core.Errors;

namespace Slipway.Protocols.TensorFlowServing;

/// <summary>
/// JSON with the bare words <c>NaN</c>, <c>Infinity</c> and <c>-Infinity</c> for numbers, as the protocol's clients send it. NaN is
/// read as null and an infinity as a number beyond all others; the tensors make of both what was meant.
/// </summary>
internal static class LooseJson
{
    private const int MaxDepth = 100;

    /// <summary>The document may lie in the given memory: it ends before the memory does.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/>, in the words of the protocol.</exception>
    public static JsonDocument Parse(in ReadOnlySequence<byte> body)
    {
        var text = body.IsSingleSegment ? body.First : body.ToArray();
        if (text.Span.IndexOfAnyExcept(" \t\r\n"u8) < 0)
        {
            throw SlipwayException.Invalid("JSON Parse error: The document is empty");
        }

        if (text.Span.IndexOf("NaN"u8) >= 0 || text.Span.IndexOf("Infinity"u8) >= 0)
        {
            text = WithoutWords(text.Span);
        }

        try
        {
            var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = MaxDepth });
            CheckText(text.Span);
            return document;
        }
        catch (JsonException failure)
        {
            var offset = Offset(text.Span, failure);
            throw SlipwayException.Invalid(Depth(text.Span[..offset]) >= MaxDepth
                ? $"JSON Parse error: nesting exceeds {MaxDepth} levels. at offset: {offset}"
                : $"JSON Parse error: Invalid value. at offset: {offset}");
        }
    }

    /// <summary>The document finds text that is not UTF-8, and half a surrogate pair, only when it is asked for.</summary>
    private static void CheckText(ReadOnlySpan<byte> text)
    {
        if (Utf8.IsValid(text) && text.IndexOf("\\u"u8) < 0)
        {
            return;
        }

        try
        {
            for (var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = MaxDepth }); reader.Read();)
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                {
                    reader.GetString();
                }
            }
        }
        catch (InvalidOperationException)
        {
            throw SlipwayException.Invalid("JSON Parse error: Invalid encoding in string.");
        }
    }

    /// <summary>Replaces the words outside of strings; the blanks keep what stands beside them from becoming part of a number.</summary>
    private static ReadOnlyMemory<byte> WithoutWords(ReadOnlySpan<byte> text)
    {
        var output = new ArrayBufferWriter<byte>(text.Length + 64);
        for (var isText = false; !text.IsEmpty;)
        {
            var length = WordLength(isText ? default : text, out var number);
            if (length > 0)
            {
                output.Write(number);
            }
            else
            {
                length = isText && text[0] == '\\' && text.Length > 1 ? 2 : 1;
                isText ^= text[0] == '"';
                output.Write(text[..length]);
            }

            text = text[length..];
        }

        return output.WrittenMemory;
    }

    private static int WordLength(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> number)
    {
        number = text.StartsWith("NaN"u8) ? " null "u8
            : text.StartsWith("-Infinity"u8) ? " -1e999 "u8
            : text.StartsWith("Infinity"u8) ? " 1e999 "u8
            : default;
        return number.IsEmpty ? 0 : text[0] switch { (byte)'N' => 3, (byte)'-' => 9, _ => 8 };
    }

    private static int Offset(ReadOnlySpan<byte> text, JsonException failure)
    {
        var start = 0;
        for (var line = 0L; line < failure.LineNumber && text[start..].IndexOf((byte)'\n') is >= 0 and var end; line++)
        {
            start += end + 1;
        }

        return (int)Math.Min(start + (failure.BytePositionInLine ?? 0), text.Length);
    }

    private static int Depth(ReadOnlySpan<byte> text)
    {
        var (depth, isText) = (0, false);
        for (var i = 0; i < text.Length; i++)
        {
            switch ((char)text[i])
            {
                case '\\' when isText:
                    i++;
                    break;
                case '"':
                    isText = !isText;
                    break;
                case '[' or '{' when !isText:
                    depth++;
                    break;
                case ']' or '}' when !isText:
                    depth--;
                    break;
            }
        }

        return depth;
    }
}
