using System.Buffers;
using System.Text.Json;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;

namespace Slipway.Protocols.OpenInference;

/// <summary>Reads the JSON of an inference request of the Open Inference Protocol v2, members in any order.</summary>
internal ref struct InferReader
{
    private const int MaxDepth = 100;

    private Utf8JsonReader reader;

    private InferReader(in ReadOnlySequence<byte> body) =>
        reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth });

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the member or the input that is wrong.</exception>
    public static InferRequest Read(in ReadOnlySequence<byte> body)
    {
        var parser = new InferReader(body);
        try
        {
            return parser.Read();
        }
        catch (InvalidOperationException)
        {
            // What the reader says to text that is not UTF-8 and to half a surrogate pair.
            throw SlipwayException.Invalid("failed to parse the request JSON buffer: it holds text that is not valid Unicode");
        }
        catch (JsonException failure)
        {
            // The reader stops before it enters the level that is too deep.
            throw SlipwayException.Invalid(parser.reader.CurrentDepth >= MaxDepth - 1
                ? $"JSON nesting depth exceeds maximum allowed limit ({MaxDepth})"
                : $"failed to parse the request JSON buffer: line {failure.LineNumber + 1}, position {failure.BytePositionInLine + 1}");
        }
    }

    private InferRequest Read()
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw SlipwayException.Invalid("the request is a JSON object with 'inputs'");
        }

        string? id = null;
        OrderedDictionary<string, Tensor>? inputs = null;
        IReadOnlyList<string> outputs = [];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var member = reader.GetString();
            reader.Read();
            switch (member)
            {
                case "id":
                    id = Text("'id'");
                    break;
                case "inputs":
                    inputs = ReadInputs();
                    break;
                case "outputs":
                    outputs = ReadOutputs();
                    break;
                default:
                    // Parameters are for extensions; what this server does not know it may ignore.
                    reader.Skip();
                    break;
            }
        }

        reader.Read();
        return new InferRequest(id, inputs ?? throw SlipwayException.Invalid("the request has no 'inputs'"), outputs);
    }

    private OrderedDictionary<string, Tensor> ReadInputs()
    {
        Expect(JsonTokenType.StartArray, "'inputs' is an array of objects");
        var inputs = new OrderedDictionary<string, Tensor>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            Expect(JsonTokenType.StartObject, "'inputs' is an array of objects");
            var (name, tensor) = ReadInput();
            if (!inputs.TryAdd(name, tensor))
            {
                throw SlipwayException.Invalid($"input '{name}' stands twice in the request");
            }
        }

        return inputs;
    }

    private (string Name, Tensor Tensor) ReadInput()
    {
        string? name = null;
        string? type = null;
        long[]? shape = null;
        var data = default(Utf8JsonReader);
        var hasData = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var member = reader.GetString();
            reader.Read();
            switch (member)
            {
                case "name":
                    name = Text("'name' of an input");
                    break;
                case "datatype":
                    type = Text("'datatype' of an input");
                    break;
                case "shape":
                    shape = ReadShape();
                    break;
                case "data":
                    // It may stand before the type that says how to read it.
                    data = reader;
                    hasData = true;
                    reader.Skip();
                    break;
                case "parameters":
                    RefuseBinary();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        if (name is null || type is null || shape is null || !hasData)
        {
            throw SlipwayException.Invalid($"input '{name}' needs 'name', 'datatype', 'shape' and 'data'");
        }

        return (name, TensorData.Read(ref data, name, TensorTypes.Parse(type), shape));
    }

    private long[] ReadShape()
    {
        Expect(JsonTokenType.StartArray, "'shape' is an array of whole numbers");
        var dims = new List<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            dims.Add(reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var dim)
                ? dim
                : throw SlipwayException.Invalid("'shape' is an array of whole numbers"));
        }

        return [.. dims];
    }

    private List<string> ReadOutputs()
    {
        Expect(JsonTokenType.StartArray, "'outputs' is an array of objects");
        var names = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            Expect(JsonTokenType.StartObject, "'outputs' is an array of objects");
            string? name = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isName = reader.ValueTextEquals("name");
                reader.Read();
                if (isName)
                {
                    name = Text("'name' of an output");
                }
                else
                {
                    reader.Skip();
                }
            }

            names.Add(name ?? throw SlipwayException.Invalid("an output needs a 'name'"));
        }

        return names;
    }

    private void RefuseBinary()
    {
        Expect(JsonTokenType.StartObject, "'parameters' is an object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("binary_data_size"))
            {
                throw new SlipwayException(ErrorKind.Unsupported, "binary tensor data is not supported; send 'data' as JSON");
            }

            reader.Read();
            reader.Skip();
        }
    }

    private readonly string Text(string what) => reader.TokenType == JsonTokenType.String
        ? reader.GetString()!
        : throw SlipwayException.Invalid($"{what} is a string");

    private readonly void Expect(JsonTokenType token, string rule)
    {
        if (reader.TokenType != token)
        {
            throw SlipwayException.Invalid(rule);
        }
    }
}
