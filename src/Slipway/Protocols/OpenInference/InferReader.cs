using System.Buffers;
using System.Text.Json;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;

namespace Slipway.Protocols.OpenInference;

/// <summary>Reads the JSON of an inference request of the Open Inference Protocol v2, members in any order.</summary>
internal ref partial struct InferReader
{
    private const int MaxDepth = 100;

    private readonly BinaryInputs binary;
    private readonly string? caller;
    private Utf8JsonReader reader;

    private InferReader(in ReadOnlySequence<byte> json, BinaryInputs binary, string? caller)
    {
        reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        this.binary = binary;
        this.caller = caller;
    }

    /// <param name="json">The body up to the binary data.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the member or the input that is wrong.</exception>
    public static InferRequest Read(in ReadOnlySequence<byte> json, BinaryInputs binary, string? caller)
    {
        if (json.IsEmpty)
        {
            throw SlipwayException.Invalid("failed to parse the request JSON buffer: The document is empty. at 0");
        }

        var parser = new InferReader(json, binary, caller);
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
        IReadOnlyList<WantedOutput> outputs = [];
        var parameters = new InferParameters();
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
                case "parameters":
                    ReadParameters(parameters);
                    break;
                default:
                    // The protocol grows; what this server does not know it may ignore.
                    reader.Skip();
                    break;
            }
        }

        reader.Read();
        return inputs is null
            ? throw SlipwayException.Invalid("the request has no 'inputs'")
            : new InferRequest(id, inputs, outputs, parameters.Options(caller), parameters.IsBinaryWanted);
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

        binary.CheckAllTaken();
        return inputs;
    }

    private (string Name, Tensor Tensor) ReadInput()
    {
        string? name = null;
        string? type = null;
        long[]? shape = null;
        long? size = null;
        Tensor? tensor = null;
        var later = default(Utf8JsonReader);
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
                case "data" when name is not null && type is not null && shape is not null:
                    tensor = TensorData.Read(ref reader, name, TensorTypes.Parse(type), shape);
                    break;
                case "data":
                    // It stands before what says how to read it.
                    later = reader;
                    hasData = true;
                    reader.Skip();
                    break;
                case "parameters":
                    size = ReadBinarySize();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        if (name is null || type is null || shape is null || (tensor is null && !hasData && size is null))
        {
            throw SlipwayException.Invalid($"input '{name}' needs 'name', 'datatype', 'shape' and 'data', or a 'binary_data_size' in its parameters");
        }

        if (size is not null && (tensor is not null || hasData))
        {
            throw SlipwayException.Invalid($"input '{name}' has both 'data' and 'binary_data_size'");
        }

        tensor ??= size is { } bytes
            ? binary.Take(name, TensorTypes.Parse(type), shape, bytes)
            : TensorData.Read(ref later, name, TensorTypes.Parse(type), shape);
        return (name, tensor);
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

    private List<WantedOutput> ReadOutputs()
    {
        Expect(JsonTokenType.StartArray, "'outputs' is an array of objects");
        var outputs = new List<WantedOutput>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            Expect(JsonTokenType.StartObject, "'outputs' is an array of objects");
            outputs.Add(ReadOutput());
        }

        return outputs;
    }

    private WantedOutput ReadOutput()
    {
        string? name = null;
        var (isBinary, classes) = ((bool?)null, 0);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var member = reader.GetString();
            reader.Read();
            switch (member)
            {
                case "name":
                    name = Text("'name' of an output");
                    break;
                case "parameters":
                    (isBinary, classes) = ReadOutputParameters();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return new WantedOutput(name ?? throw SlipwayException.Invalid("an output needs a 'name'"), isBinary, classes);
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
