using System.Buffers;
using Google.Protobuf.Collections;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;
using Slipway.Protocols.OpenInference.Wire;

namespace Slipway.Protocols.OpenInference.Grpc;

/// <summary>A request of gRPC as the protocol's own: tensors from raw bytes or from the typed lists, never from both.</summary>
internal static class GrpcRequest
{
    /// <param name="marksFinal">Whether the answer shall say that it is the last of the request.</param>
    public static InferRequest Read(ModelInferRequest request, string? caller, out bool marksFinal)
    {
        var parameters = new InferParameters();
        foreach (var (name, value) in request.Parameters)
        {
            parameters.Add(name, Value(value));
        }

        marksFinal = parameters.IsFinalMarked;
        return new InferRequest(
            request.Id.Length == 0 ? null : request.Id, ReadInputs(request), [.. request.Outputs.Select(ReadOutput)],
            parameters.Options(caller), IsBinaryWanted: true);
    }

    private static OrderedDictionary<string, Tensor> ReadInputs(ModelInferRequest request)
    {
        var inputs = new OrderedDictionary<string, Tensor>(StringComparer.Ordinal);
        var isRaw = request.RawInputContents.Count > 0;
        for (var i = 0; i < request.Inputs.Count; i++)
        {
            var input = request.Inputs[i];
            if (input.Parameters.Keys.Any(name => name.StartsWith("shared_memory_", StringComparison.Ordinal)))
            {
                throw new SlipwayException(ErrorKind.Unsupported, "shared memory is not supported; send the data with the request");
            }

            if (!inputs.TryAdd(input.Name, isRaw ? ReadRaw(request, i) : ReadTyped(request, input)))
            {
                throw SlipwayException.Invalid($"input '{input.Name}' stands twice in the request");
            }
        }

        return !isRaw || request.RawInputContents.Count == request.Inputs.Count
            ? inputs
            : throw SlipwayException.Invalid($"unexpected additional input data for model '{request.ModelName}'");
    }

    private static Tensor ReadRaw(ModelInferRequest request, int index)
    {
        var input = request.Inputs[index];
        if (input.Contents is not null)
        {
            throw SlipwayException.Invalid(
                $"contents field must not be specified when using raw_input_contents for '{input.Name}' for model '{request.ModelName}'");
        }

        return index < request.RawInputContents.Count
            ? TensorBytes.Read(
                TensorTypes.Parse(input.Datatype), [.. input.Shape], new ReadOnlySequence<byte>(request.RawInputContents[index].Memory), input.Name,
                request.ModelName)
            : throw Missing(request, input);
    }

    /// <summary>INT8 to UINT16 travel in wider lists and keep their low bytes. FP16 has no list: it comes raw.</summary>
    private static Tensor ReadTyped(ModelInferRequest request, ModelInferRequest.Types.InferInputTensor input)
    {
        var contents = input.Contents ?? new InferTensorContents();
        var type = TensorTypes.Parse(input.Datatype);
        return type switch
        {
            TensorType.Bool => Take(contents.BoolContents, v => v),
            TensorType.Int8 => Take(contents.IntContents, v => unchecked((sbyte)v)),
            TensorType.Int16 => Take(contents.IntContents, v => unchecked((short)v)),
            TensorType.Int32 => Take(contents.IntContents, v => v),
            TensorType.Int64 => Take(contents.Int64Contents, v => v),
            TensorType.UInt8 => Take(contents.UintContents, v => unchecked((byte)v)),
            TensorType.UInt16 => Take(contents.UintContents, v => unchecked((ushort)v)),
            TensorType.UInt32 => Take(contents.UintContents, v => v),
            TensorType.UInt64 => Take(contents.Uint64Contents, v => v),
            TensorType.Float32 => Take(contents.Fp32Contents, v => v),
            TensorType.Float64 => Take(contents.Fp64Contents, v => v),
            TensorType.Bytes => Take(contents.BytesContents, v => v.ToByteArray()),
            _ => Take(new RepeatedField<float>(), v => (Half)v),
        };

        Tensor Take<TFrom, TTo>(RepeatedField<TFrom> list, Func<TFrom, TTo> convert)
        {
            var sent = CountOf(contents);
            var count = TensorShape.Elements([.. input.Shape]);
            if (sent != list.Count)
            {
                throw SlipwayException.Invalid(
                    $"unexpected explicit tensor data for input tensor '{input.Name}' for model '{request.ModelName}' of type '{type.Wire()}'");
            }

            if (list.Count != count)
            {
                throw sent == 0 ? Missing(request, input) : SlipwayException.Invalid(
                    $"unexpected number of elements {sent} for input tensor '{input.Name}' for model '{request.ModelName}', expecting {count}");
            }

            var values = new TTo[list.Count];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = convert(list[i]);
            }

            return Tensor.Of(values, [.. input.Shape]);
        }
    }

    private static int CountOf(InferTensorContents contents) => contents.BoolContents.Count + contents.IntContents.Count
        + contents.Int64Contents.Count + contents.UintContents.Count + contents.Uint64Contents.Count + contents.Fp32Contents.Count
        + contents.Fp64Contents.Count + contents.BytesContents.Count;

    private static WantedOutput ReadOutput(ModelInferRequest.Types.InferRequestedOutputTensor output)
    {
        if (output.Parameters.Keys.Any(name => name.StartsWith("shared_memory_", StringComparison.Ordinal)))
        {
            throw new SlipwayException(ErrorKind.Unsupported, "shared memory is not supported; the data comes with the answer");
        }

        return new WantedOutput(
            output.Name, Classes: output.Parameters.TryGetValue("classification", out var classes) ? Classification.Count(Value(classes)) : 0);
    }

    private static object? Value(InferParameter parameter) => parameter.ParameterChoiceCase switch
    {
        InferParameter.ParameterChoiceOneofCase.BoolParam => parameter.BoolParam,
        InferParameter.ParameterChoiceOneofCase.Int64Param => parameter.Int64Param,
        InferParameter.ParameterChoiceOneofCase.StringParam => parameter.StringParam,
        InferParameter.ParameterChoiceOneofCase.DoubleParam => parameter.DoubleParam,
        InferParameter.ParameterChoiceOneofCase.Uint64Param => parameter.Uint64Param,
        _ => null,
    };

    private static SlipwayException Missing(ModelInferRequest request, ModelInferRequest.Types.InferInputTensor input) =>
        SlipwayException.Invalid($"unable to find data for input tensor '{input.Name}' for model '{request.ModelName}' in request.");
}
