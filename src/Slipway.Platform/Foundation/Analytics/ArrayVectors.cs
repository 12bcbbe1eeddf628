using System.Buffers.Binary;
using DuckDB.NET.Native;
using Slipway.Core.Data;
using Slipway.Core.Errors;

namespace Slipway.Platform.Foundation.Analytics;

/// <summary>Lists to and from DuckDB: a row of its vector is a place and a length in another vector, that of all elements.</summary>
internal static unsafe class ArrayVectors
{
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for an array with a null among its elements.</exception>
    public static void Read(nint vector, ColumnChunk into)
    {
        var lists = (ulong*)NativeMethods.Vectors.DuckDBVectorGetData(vector);
        var validity = NativeMethods.Vectors.DuckDBVectorGetValidity(vector);
        var child = NativeMethods.Vectors.DuckDBListVectorGetChild(vector);
        var elements = (byte*)NativeMethods.Vectors.DuckDBVectorGetData(child);
        var present = NativeMethods.Vectors.DuckDBVectorGetValidity(child);
        for (var row = 0; row < into.Count; row++)
        {
            if (!IsSet(validity, (ulong)row))
            {
                into.SetNull(row);
                continue;
            }

            var (first, count) = (lists[2 * row], lists[(2 * row) + 1]);
            for (var i = first; present is not null && i < first + count; i++)
            {
                _ = IsSet(present, i) ? 0 : throw SlipwayException.Invalid($"An array in column '{into.Name}' has a null among its elements; leave it out.");
            }

            if (into.Type == DataType.StringArray)
            {
                ReadText((DuckDBString*)elements + first, (int)count, row, into);
            }
            else
            {
                var width = PackedArray.Width(into.Type);
                var bytes = (int)count * width;
                new ReadOnlySpan<byte>(elements + ((long)first * width), bytes).CopyTo(into.SetPacked(row, bytes));
            }
        }
    }

    public static void Write(DataType type, ReadOnlySpan<byte[]?> values, nint vector)
    {
        var total = 0UL;
        foreach (var value in values)
        {
            total += value is null ? 0 : (ulong)PackedArray.Count(type, value);
        }

        NativeMethods.Vectors.DuckDBListVectorReserve(vector, total);
        NativeMethods.Vectors.DuckDBListVectorSetSize(vector, total);
        var lists = (ulong*)NativeMethods.Vectors.DuckDBVectorGetData(vector);
        var child = NativeMethods.Vectors.DuckDBListVectorGetChild(vector);
        var elements = (byte*)NativeMethods.Vectors.DuckDBVectorGetData(child);
        var at = 0UL;
        for (var row = 0; row < values.Length; row++)
        {
            var value = values[row] ?? [];
            var count = (ulong)PackedArray.Count(type, value);
            (lists[2 * row], lists[(2 * row) + 1]) = (at, count);
            if (type == DataType.StringArray)
            {
                WriteText(value, child, at);
            }
            else
            {
                value.CopyTo(new Span<byte>(elements + ((long)at * PackedArray.Width(type)), value.Length));
            }

            at += count;
        }
    }

    private static bool IsSet(ulong* validity, ulong row) => validity is null || (validity[row >> 6] & (1UL << (int)(row & 63))) != 0;

    private static void ReadText(DuckDBString* texts, int count, int row, ColumnChunk into)
    {
        var bytes = 0;
        for (var i = 0; i < count; i++)
        {
            bytes += sizeof(int) + texts[i].Length;
        }

        var packed = into.SetPacked(row, bytes);
        for (var i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(packed, texts[i].Length);
            new ReadOnlySpan<byte>(texts[i].Data, texts[i].Length).CopyTo(packed[sizeof(int)..]);
            packed = packed[(sizeof(int) + texts[i].Length)..];
        }
    }

    private static void WriteText(ReadOnlySpan<byte> packed, nint child, ulong at)
    {
        for (; packed.Length > 0; at++)
        {
            var text = PackedArray.NextText(ref packed);
            fixed (byte* start = text)
            {
                NativeMethods.Vectors.DuckDBVectorAssignStringElementLength(child, at, start, text.Length);
            }
        }
    }
}
