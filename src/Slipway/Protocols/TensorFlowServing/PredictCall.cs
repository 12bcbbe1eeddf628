using System.Buffers;
using System.Text.Json;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;
using Slipway.Platform.Serving;

namespace Slipway.Protocols.TensorFlowServing;

/// <summary><c>:predict</c> in both formats: <c>instances</c> row by row, <c>inputs</c> tensor by tensor.</summary>
/// <param name="Rows">How many rows the instances are; null in the column format.</param>
internal sealed record PredictCall(OrderedDictionary<string, Tensor> Inputs, int? Rows)
{
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/>, in the words of the protocol.</exception>
    public static PredictCall Read(JsonElement body, TensorModel model)
    {
        var hasRows = body.TryGetProperty("instances", out var instances);
        var hasColumns = body.TryGetProperty("inputs", out var inputs);
        if (hasRows && hasColumns)
        {
            throw SlipwayException.Invalid(
                $"JSON Value: {JsonTensor.Text(body)} Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist ");
        }

        return hasRows ? ReadRows(instances, model)
            : hasColumns ? new PredictCall(ReadColumns(inputs, model), null)
            : throw SlipwayException.Invalid("Missing 'inputs' or 'instances' key");
    }

    public void Write(IBufferWriter<byte> output, OrderedDictionary<string, Tensor> outputs)
    {
        if (Rows is { } rows)
        {
            WriteRows(output, outputs, rows);
            return;
        }

        if (outputs.Count == 1)
        {
            TensorText.Write(output, outputs.GetAt(0).Key, outputs.GetAt(0).Value);
            return;
        }

        WriteObject(output, outputs, TensorText.Write);
    }

    private static PredictCall ReadRows(JsonElement instances, TensorModel model)
    {
        if (instances.ValueKind != JsonValueKind.Array)
        {
            throw SlipwayException.Invalid("Expecting 'instances' to be an list/array");
        }

        var rows = instances.EnumerateArray().ToList();
        if (rows.Count == 0)
        {
            throw SlipwayException.Invalid("No values in 'instances' array");
        }

        var inputs = new OrderedDictionary<string, Tensor>(StringComparer.Ordinal);
        if (IsNamed(rows[0], model))
        {
            for (var i = 0; i < rows.Count; i++)
            {
                CheckNames(rows[i], i, model);
            }

            foreach (var spec in model.Inputs)
            {
                inputs.Add(spec.Name, JsonTensor.ReadRows([.. rows.Select(row => row.GetProperty(spec.Name))], spec));
            }
        }
        else
        {
            inputs.Add(model.Inputs[0].Name, model.Inputs.Count == 1 ? JsonTensor.ReadRows(rows, model.Inputs[0]) : throw SlipwayException.Invalid(
                "instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map"));
        }

        return new PredictCall(inputs, rows.Count);
    }

    private static OrderedDictionary<string, Tensor> ReadColumns(JsonElement value, TensorModel model)
    {
        var inputs = new OrderedDictionary<string, Tensor>(StringComparer.Ordinal);
        if (!IsNamed(value, model))
        {
            inputs.Add(model.Inputs[0].Name, model.Inputs.Count == 1 ? JsonTensor.Read(value, model.Inputs[0]) : throw SlipwayException.Invalid(
                "inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map"));
            return inputs;
        }

        foreach (var spec in model.Inputs)
        {
            inputs.Add(spec.Name, value.TryGetProperty(spec.Name, out var tensor) ? JsonTensor.Read(tensor, spec) : throw SlipwayException.Invalid(
                $"Missing named input tensor: {spec.Name} in 'inputs'; model '{model.Name}' takes {Names(model)}"));
        }

        return value.EnumerateObject().Select(member => member.Name).FirstOrDefault(name => !inputs.ContainsKey(name)) is { } unknown
            ? throw SlipwayException.Invalid($"Unknown input tensor: {unknown} in 'inputs'; model '{model.Name}' takes {Names(model)}")
            : inputs;
    }

    /// <summary>An object of inputs by name, unless it is a string in base64.</summary>
    private static bool IsNamed(JsonElement value, TensorModel model) => value.ValueKind == JsonValueKind.Object
        && !(model.Inputs is [{ Type: TensorType.Bytes, Name: not "b64" }] && value.TryGetProperty("b64", out _));

    private static void CheckNames(JsonElement row, int index, TensorModel model)
    {
        if (row.ValueKind != JsonValueKind.Object
            || row.EnumerateObject().Count() != model.Inputs.Count || !model.Inputs.All(spec => row.TryGetProperty(spec.Name, out _)))
        {
            throw SlipwayException.Invalid(
                $"Failed to process element: {index} of 'instances' list. JSON object: {JsonTensor.Text(row)} keys must be equal to: {Names(model)}");
        }
    }

    private static string Names(TensorModel model) => string.Join(',', model.Inputs.Select(spec => spec.Name));

    private static void WriteRows(IBufferWriter<byte> output, OrderedDictionary<string, Tensor> outputs, int rows)
    {
        foreach (var (name, tensor) in outputs)
        {
            if (tensor.Shape.Length == 0 || tensor.Shape[0] != rows)
            {
                throw SlipwayException.Invalid(
                    $"Tensor name: {name} has inconsistent batch size: {(tensor.Shape.Length == 0 ? 1 : tensor.Shape[0])} expecting: {rows}");
            }
        }

        output.Write("["u8);
        for (var row = 0; row < rows; row++)
        {
            var index = row;
            output.Write(row > 0 ? ", "u8 : ""u8);
            if (outputs.Count == 1)
            {
                TensorText.WriteRow(output, outputs.GetAt(0).Key, outputs.GetAt(0).Value, row);
            }
            else
            {
                WriteObject(output, outputs, (to, name, tensor) => TensorText.WriteRow(to, name, tensor, index));
            }
        }

        output.Write("]"u8);
    }

    private static void WriteObject(
        IBufferWriter<byte> output, OrderedDictionary<string, Tensor> outputs, Action<IBufferWriter<byte>, string, Tensor> write)
    {
        output.Write("{"u8);
        for (var i = 0; i < outputs.Count; i++)
        {
            var (name, tensor) = outputs.GetAt(i);
            output.Write(i > 0 ? ", \""u8 : "\""u8);
            output.Write(JsonEncodedText.Encode(name).EncodedUtf8Bytes);
            output.Write("\": "u8);
            write(output, name, tensor);
        }

        output.Write("}"u8);
    }
}
