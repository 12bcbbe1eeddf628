using Slipway.Core.Errors;

namespace Slipway.Core.Tensors;

/// <summary>The element type of a tensor: the data types of the Open Inference Protocol v2.</summary>
public enum TensorType
{
    Bool,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    Int8,
    Int16,
    Int32,
    Int64,

    /// <summary>IEEE 754 half precision, <see cref="Half"/>.</summary>
    Float16,
    Float32,
    Float64,

    /// <summary>Byte strings of any length; text is UTF-8.</summary>
    Bytes,
}

/// <summary>Names and sizes of the element types as they travel over the wire.</summary>
public static class TensorTypes
{
    private static readonly (TensorType Type, string Name, int Bytes, Type Clr)[] Known =
    [
        (TensorType.Bool, "BOOL", 1, typeof(bool)),
        (TensorType.UInt8, "UINT8", 1, typeof(byte)),
        (TensorType.UInt16, "UINT16", 2, typeof(ushort)),
        (TensorType.UInt32, "UINT32", 4, typeof(uint)),
        (TensorType.UInt64, "UINT64", 8, typeof(ulong)),
        (TensorType.Int8, "INT8", 1, typeof(sbyte)),
        (TensorType.Int16, "INT16", 2, typeof(short)),
        (TensorType.Int32, "INT32", 4, typeof(int)),
        (TensorType.Int64, "INT64", 8, typeof(long)),
        (TensorType.Float16, "FP16", 2, typeof(Half)),
        (TensorType.Float32, "FP32", 4, typeof(float)),
        (TensorType.Float64, "FP64", 8, typeof(double)),
        (TensorType.Bytes, "BYTES", 0, typeof(byte[])),
    ];

    /// <summary>The protocol's name, such as <c>FP32</c>.</summary>
    public static string Wire(this TensorType type) => Known[(int)type].Name;

    /// <summary>Bytes of one element; 0 for <see cref="TensorType.Bytes"/>, whose elements have no fixed size.</summary>
    public static int ElementBytes(this TensorType type) => Known[(int)type].Bytes;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for a name the protocol does not know.</exception>
    public static TensorType Parse(string name)
    {
        foreach (var known in Known)
        {
            if (known.Name == name)
            {
                return known.Type;
            }
        }

        throw SlipwayException.Invalid($"'{name}' is not a data type; there are {string.Join(", ", Known.Select(k => k.Name))}.");
    }

    /// <summary>The type whose elements are held as <typeparamref name="T"/>.</summary>
    /// <exception cref="ArgumentException">No tensor holds such elements.</exception>
    public static TensorType Of<T>()
    {
        foreach (var known in Known)
        {
            if (known.Clr == typeof(T))
            {
                return known.Type;
            }
        }

        throw new ArgumentException($"A tensor does not hold elements of {typeof(T)}.");
    }
}
