using System.Buffers;
using Google.Protobuf;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;
using Slipway.Platform.Serving;
using Slipway.Protocols.OpenInference.Wire;

namespace Slipway.Protocols.OpenInference.Grpc;

/// <summary>An answer of gRPC: raw bytes for every output, as Triton answers whatever form the request had.</summary>
internal static class GrpcAnswer
{
    public static ModelInferResponse Write(string id, TensorAnswer answer, bool isFinal)
    {
        if (answer.Outputs.Values.Sum(TensorBytes.Size) is > int.MaxValue and var size)
        {
            throw SlipwayException.Invalid($"an answer over gRPC has at most {int.MaxValue} bytes; got {size}");
        }

        var written = new ModelInferResponse { ModelName = answer.Name, ModelVersion = answer.Version, Id = id };
        if (isFinal)
        {
            written.Parameters["triton_final_response"] = new InferParameter { BoolParam = true };
        }

        foreach (var (name, tensor) in answer.Outputs)
        {
            var output = new ModelInferResponse.Types.InferOutputTensor { Name = name, Datatype = tensor.Type.Wire() };
            output.Shape.AddRange(tensor.Shape.ToArray());
            written.Outputs.Add(output);
            written.RawOutputContents.Add(Bytes(tensor));
        }

        return written;
    }

    private static ByteString Bytes(Tensor tensor)
    {
        if (tensor.Type != TensorType.Bytes)
        {
            return ByteString.CopyFrom(tensor.Raw);
        }

        var buffer = new ArrayBufferWriter<byte>(Math.Max(1, (int)TensorBytes.Size(tensor)));
        TensorBytes.Write(tensor, buffer);
        return UnsafeByteOperations.UnsafeWrap(buffer.WrittenMemory);
    }
}
