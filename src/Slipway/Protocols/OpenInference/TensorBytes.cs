using System.Buffers;
using System.Buffers.Binary;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;

namespace Slipway.Protocols.OpenInference;

/// <summary>
/// Tensors as bytes: little-endian and row-major, BOOL one byte, each element of BYTES after its length (u32). Read with one copy
/// from wherever the bytes are into the tensor, written without any in between.
/// </summary>
internal static class TensorBytes
{
    /// <param name="name">The input and its model, for the errors.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when bytes and shape do not agree. What it allocates
    /// follows the bytes that are there, never the shape.</exception>
    public static Tensor Read(TensorType type, ReadOnlySpan<long> shape, in ReadOnlySequence<byte> bytes, string name, string model)
    {
        long count = TensorShape.Elements(shape);
        if (type == TensorType.Bytes)
        {
            return Tensor.Of(ReadElements(bytes, count, name, model), shape);
        }

        var size = count * type.ElementBytes();
        if (size != bytes.Length)
        {
            throw SlipwayException.Invalid($"input byte size mismatch for input '{name}' for model '{model}'. Expected {size}, got {bytes.Length}");
        }

        var tensor = Tensor.Zeros(type, shape);
        bytes.CopyTo(tensor.Raw);
        if (type == TensorType.Bool)
        {
            Normalize(tensor.Raw);
        }

        return tensor;
    }

    /// <summary>How many bytes <see cref="Write"/> writes.</summary>
    public static long Size(Tensor tensor)
    {
        if (tensor.Type != TensorType.Bytes)
        {
            return (long)tensor.Count * tensor.Type.ElementBytes();
        }

        var size = 0L;
        foreach (var element in tensor.Values<byte[]>())
        {
            size += sizeof(uint) + element.Length;
        }

        return size;
    }

    public static void Write(Tensor tensor, IBufferWriter<byte> output)
    {
        if (tensor.Type != TensorType.Bytes)
        {
            output.Write(tensor.Raw);
            return;
        }

        foreach (var element in tensor.Values<byte[]>())
        {
            BinaryPrimitives.WriteUInt32LittleEndian(output.GetSpan(sizeof(uint)), (uint)element.Length);
            output.Advance(sizeof(uint));
            output.Write(element);
        }
    }

    private static byte[][] ReadElements(in ReadOnlySequence<byte> bytes, long count, string name, string model)
    {
        var reader = new SequenceReader<byte>(bytes);
        var elements = new List<byte[]>();
        while (!reader.End)
        {
            if (!reader.TryReadLittleEndian(out int signed))
            {
                throw SlipwayException.Invalid(
                    $"incomplete string length indicator for inference input '{name}' for model '{model}': expecting 4 bytes, got {reader.Remaining}");
            }

            var length = (uint)signed;
            if (length > reader.Remaining)
            {
                throw SlipwayException.Invalid(
                    $"incomplete string data for inference input '{name}' for model '{model}': expecting string of length {length}, got {reader.Remaining} bytes");
            }

            var element = new byte[length];
            reader.TryCopyTo(element);
            reader.Advance(length);
            elements.Add(element);
        }

        return elements.Count == count ? [.. elements] : throw SlipwayException.Invalid(
            $"unexpected number of string elements {elements.Count} for inference input '{name}' for model '{model}', expecting {count}");
    }

    /// <summary>Any byte but 0 is true, and a bool of this runtime has to be 0 or 1.</summary>
    private static void Normalize(Span<byte> flags)
    {
        foreach (ref var flag in flags)
        {
            flag = flag == 0 ? (byte)0 : (byte)1;
        }
    }
}
