using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Slipway.Core.Data;

/// <summary>
/// An array value as bytes, in memory and in stores alike: its elements one after the other, little-endian. A bool is 1 byte, a float32 4,
/// an int64, float64 and timestamp 8; a string is its length (4 bytes) and its UTF-8. No element is missing.
/// </summary>
public static class PackedArray
{
    public static byte[] Of(ReadOnlySpan<bool> elements) => MemoryMarshal.AsBytes(elements).ToArray();

    /// <summary>Integers or timestamps.</summary>
    public static byte[] Of(ReadOnlySpan<long> elements) => MemoryMarshal.AsBytes(elements).ToArray();

    public static byte[] Of(ReadOnlySpan<float> elements) => MemoryMarshal.AsBytes(elements).ToArray();

    public static byte[] Of(ReadOnlySpan<double> elements) => MemoryMarshal.AsBytes(elements).ToArray();

    public static byte[] Of(ReadOnlySpan<string> elements)
    {
        var length = 0;
        foreach (var element in elements)
        {
            length += sizeof(int) + Encoding.UTF8.GetByteCount(element);
        }

        var (packed, at) = (new byte[length], 0);
        foreach (var element in elements)
        {
            var bytes = Encoding.UTF8.GetBytes(element, packed.AsSpan(at + sizeof(int)));
            BinaryPrimitives.WriteInt32LittleEndian(packed.AsSpan(at), bytes);
            at += sizeof(int) + bytes;
        }

        return packed;
    }

    /// <summary>Elements of whatever numbers, strings or bools, as those of an array type.</summary>
    /// <exception cref="InvalidCastException">An element is of another kind, or null.</exception>
    public static byte[] Of(DataType array, System.Collections.ICollection elements)
    {
        var culture = System.Globalization.CultureInfo.InvariantCulture;
        var all = elements.Cast<object?>().Select(element => element ?? throw new InvalidCastException("An element is null."));
        return array.Element() switch
        {
            DataType.Bool => Of([.. all.Select(element => (bool)element)]),
            DataType.String => Of([.. all.Select(element => element.ToString()!)]),
            DataType.Float32 => Of([.. all.Select(element => System.Convert.ToSingle(element, culture))]),
            DataType.Float64 => Of([.. all.Select(element => System.Convert.ToDouble(element, culture))]),
            _ => Of([.. all.Select(element => System.Convert.ToInt64(element, culture))]),
        };
    }

    /// <summary>How many elements there are.</summary>
    public static int Count(DataType array, ReadOnlySpan<byte> packed)
    {
        if (array != DataType.StringArray)
        {
            return packed.Length / Width(array);
        }

        var count = 0;
        for (; packed.Length > 0; count++)
        {
            packed = packed[(sizeof(int) + BinaryPrimitives.ReadInt32LittleEndian(packed))..];
        }

        return count;
    }

    /// <summary>A <c>bool[]</c>, <c>long[]</c>, <c>float[]</c>, <c>double[]</c> or <c>string[]</c>.</summary>
    public static Array Values(DataType array, ReadOnlySpan<byte> packed) => array.Element() switch
    {
        DataType.Bool => MemoryMarshal.Cast<byte, bool>(packed).ToArray(),
        DataType.Float32 => MemoryMarshal.Cast<byte, float>(packed).ToArray(),
        DataType.Float64 => MemoryMarshal.Cast<byte, double>(packed).ToArray(),
        DataType.String => Strings(packed),
        _ => MemoryMarshal.Cast<byte, long>(packed).ToArray(),
    };

    /// <summary>The same elements as those of another array type, which this one <see cref="DataTypes.Serves"/>.</summary>
    public static byte[] Convert(DataType from, DataType to, byte[] packed) =>
        from.Element() == to.Element() ? packed : Of(to, Values(from, packed));

    /// <summary>Takes the first string off.</summary>
    public static ReadOnlySpan<byte> NextText(ref ReadOnlySpan<byte> packed)
    {
        var end = sizeof(int) + BinaryPrimitives.ReadInt32LittleEndian(packed);
        var text = packed[sizeof(int)..end];
        packed = packed[end..];
        return text;
    }

    /// <summary>Of an element of fixed width, in bytes.</summary>
    public static int Width(DataType array) => array.Element() switch
    {
        DataType.Bool => 1,
        DataType.Float32 => sizeof(float),
        DataType.String => throw new ArgumentOutOfRangeException(nameof(array), "Strings have no fixed width."),
        _ => sizeof(long),
    };

    private static string[] Strings(ReadOnlySpan<byte> packed)
    {
        var strings = new List<string>();
        while (packed.Length > 0)
        {
            strings.Add(Encoding.UTF8.GetString(NextText(ref packed)));
        }

        return [.. strings];
    }
}
