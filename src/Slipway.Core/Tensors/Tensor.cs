using System.Runtime.InteropServices;
using Slipway.Core.Errors;

namespace Slipway.Core.Tensors;

/// <summary>A dense array of one element type in row-major order: what goes into a model and comes out of it.</summary>
public sealed class Tensor
{
    private readonly Array values;
    private readonly long[] shape;

    private Tensor(TensorType type, long[] shape, Array values)
    {
        Type = type;
        this.shape = shape;
        this.values = values;
    }

    public TensorType Type { get; }

    public ReadOnlySpan<long> Shape => shape;

    public int Count => values.Length;

    /// <summary>The typed backing array, to be pinned for native code; <see cref="Type"/> says what it holds.</summary>
    public Array Buffer => values;

    /// <summary>A tensor over the given array, which is not copied.</summary>
    /// <typeparam name="T">bool, an integer, <see cref="Half"/>, float, double, or <c>byte[]</c> for BYTES.</typeparam>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the shape does not hold that many elements.</exception>
    public static Tensor Of<T>(T[] values, params ReadOnlySpan<long> shape)
    {
        var count = TensorShape.Elements(shape);
        return count == values.Length
            ? new Tensor(TensorTypes.Of<T>(), shape.ToArray(), values)
            : throw SlipwayException.Invalid($"The shape {TensorShape.Text(shape)} holds {count} elements; got {values.Length}.");
    }

    /// <summary>A tensor of zeros (empty byte strings for BYTES).</summary>
    public static Tensor Zeros(TensorType type, params ReadOnlySpan<long> shape)
    {
        var count = TensorShape.Elements(shape);
        Array values = type switch
        {
            TensorType.Bool => new bool[count],
            TensorType.UInt8 => new byte[count],
            TensorType.UInt16 => new ushort[count],
            TensorType.UInt32 => new uint[count],
            TensorType.UInt64 => new ulong[count],
            TensorType.Int8 => new sbyte[count],
            TensorType.Int16 => new short[count],
            TensorType.Int32 => new int[count],
            TensorType.Int64 => new long[count],
            TensorType.Float16 => new Half[count],
            TensorType.Float32 => new float[count],
            TensorType.Float64 => new double[count],
            TensorType.Bytes => Empty(count),
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
        };
        return new Tensor(type, shape.ToArray(), values);
    }

    /// <summary>A tensor of a fixed-size element type, copied from its little-endian row-major form.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the number of bytes does not match the shape,
    /// or for BYTES, whose elements carry their lengths.</exception>
    public static Tensor FromRaw(TensorType type, ReadOnlySpan<long> shape, ReadOnlySpan<byte> raw)
    {
        var wanted = (long)TensorShape.Elements(shape) * type.ElementBytes();
        if (type == TensorType.Bytes || wanted != raw.Length)
        {
            throw SlipwayException.Invalid(
                $"A {type.Wire()} tensor of shape {TensorShape.Text(shape)} takes {wanted} bytes; got {raw.Length}.");
        }

        var tensor = Zeros(type, shape);
        raw.CopyTo(tensor.Raw);
        return tensor;
    }

    /// <summary>The same elements, not copied, under another shape.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when that shape holds another number of them.</exception>
    public Tensor Reshape(params ReadOnlySpan<long> other) => TensorShape.Elements(other) == Count
        ? new Tensor(Type, other.ToArray(), values)
        : throw SlipwayException.Invalid($"A tensor of {Count} elements does not have the shape {TensorShape.Text(other)}.");

    /// <summary>The elements, to read and to write.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the tensor holds another type.</exception>
    public Span<T> Values<T>() => TensorTypes.Of<T>() == Type
        ? (T[])values
        : throw SlipwayException.Invalid($"The tensor holds {Type.Wire()}, not {TensorTypes.Of<T>().Wire()}.");

    /// <summary>The backing memory of a fixed-size element type, little-endian on every platform this runs on.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for BYTES.</exception>
    public Span<byte> Raw => Type != TensorType.Bytes
        ? MemoryMarshal.CreateSpan(ref MemoryMarshal.GetArrayDataReference(values), checked(values.Length * Type.ElementBytes()))
        : throw SlipwayException.Invalid("The elements of a BYTES tensor have no fixed size.");

    private static byte[][] Empty(int count)
    {
        var elements = new byte[count][];
        Array.Fill(elements, []);
        return elements;
    }
}
