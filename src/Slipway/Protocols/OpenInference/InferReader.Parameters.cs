using System.Text.Json;
using Slipway.Core.Errors;

namespace Slipway.Protocols.OpenInference;

/// <summary>The objects called <c>parameters</c>: of the request, of an input, of an output.</summary>
internal ref partial struct InferReader
{
    private void ReadParameters(InferParameters parameters)
    {
        Expect(JsonTokenType.StartObject, "'parameters' is an object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            parameters.Add(name, Value());
            reader.Skip();
        }
    }

    private long? ReadBinarySize()
    {
        Expect(JsonTokenType.StartObject, "'parameters' is an object");
        long? size = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (name == "binary_data_size")
            {
                size = Value() as long? ?? throw SlipwayException.Invalid("'binary_data_size' is a whole number");
            }
            else if (name.StartsWith("shared_memory_", StringComparison.Ordinal))
            {
                throw new SlipwayException(ErrorKind.Unsupported, "shared memory is not supported; send the data with the request");
            }

            reader.Skip();
        }

        return size;
    }

    private (bool? IsBinary, int Classes) ReadOutputParameters()
    {
        Expect(JsonTokenType.StartObject, "'parameters' is an object");
        bool? isBinary = null;
        var classes = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            switch (name)
            {
                case "binary_data":
                    isBinary = Value() as bool? ?? throw SlipwayException.Invalid("'binary_data' is a boolean");
                    break;
                case "classification":
                    classes = Classification.Count(Value());
                    break;
                case not null when name.StartsWith("shared_memory_", StringComparison.Ordinal):
                    throw new SlipwayException(ErrorKind.Unsupported, "shared memory is not supported; the data comes with the answer");
            }

            reader.Skip();
        }

        return (isBinary, classes);
    }

    /// <summary>The value that the reader stands on; null for an object, an array or null.</summary>
    private readonly object? Value() => reader.TokenType switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        JsonTokenType.String => reader.GetString(),
        JsonTokenType.Number => reader.TryGetInt64(out var whole) ? (object)whole : reader.TryGetUInt64(out var large) ? large : reader.GetDouble(),
        _ => null,
    };
}
