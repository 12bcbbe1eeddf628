using System.Buffers.Binary;
using System.Text;
using Slipway.Core.Data;
using Slipway.Core.Errors;

namespace Slipway.Platform.Features.Online;

/// <summary>
/// The entity keys of the rows of a table, in one buffer. Each value is written as its type (one byte) and its bytes, a string
/// with its length in front, so no two different keys have the same bytes, however their values would concatenate.
/// </summary>
public sealed class EntityKeys
{
    private const int FixedBytes = 1 + sizeof(long);

    private readonly byte[] buffer;
    private readonly int[] ends;
    private readonly bool[] missing;

    private EntityKeys(byte[] buffer, int[] ends, bool[] missing)
    {
        this.buffer = buffer;
        this.ends = ends;
        this.missing = missing;
    }

    public int Count => ends.Length;

    public ReadOnlySpan<byte> this[int row] => buffer.AsSpan(row == 0 ? 0 : ends[row - 1], Length(row));

    /// <summary>True where a part of the key is null: such a row belongs to no entity.</summary>
    public bool IsMissing(int row) => missing[row];

    /// <param name="columns">The join keys in the order of the entity's definition; none gives the one empty key.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for a column of floating type.</exception>
    public static EntityKeys Of(IReadOnlyList<Column> columns, int rows)
    {
        foreach (var column in columns)
        {
            if (column.Type is DataType.Float32 or DataType.Float64 || column.Type.IsArray())
            {
                throw SlipwayException.Invalid($"Join key '{column.Name}' is a {Name(column.Type)}; keys are string, int64, bool or timestamp.");
            }
        }

        var (buffer, ends, missing, used) = (new byte[Math.Max(rows * columns.Count * 16, 16)], new int[rows], new bool[rows], 0);
        for (var row = 0; row < rows; row++)
        {
            var start = used;
            foreach (var column in columns)
            {
                if (column.IsNull(row))
                {
                    (missing[row], used) = (true, start);
                    break;
                }

                used = Append(ref buffer, used, column, row);
            }

            ends[row] = used;
        }

        return new EntityKeys(buffer, ends, missing);
    }

    /// <summary>Keys that were encoded before.</summary>
    public static EntityKeys Of(IReadOnlyList<byte[]> encoded)
    {
        var (buffer, ends, used) = (new byte[encoded.Sum(key => key.Length)], new int[encoded.Count], 0);
        for (var i = 0; i < ends.Length; i++)
        {
            encoded[i].CopyTo(buffer, used);
            ends[i] = used += encoded[i].Length;
        }

        return new EntityKeys(buffer, ends, new bool[ends.Length]);
    }

    /// <summary>Some of the values of an encoded key, as a key of their own.</summary>
    /// <param name="first">The place of the first of them.</param>
    public static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> key, int first, int count)
    {
        var start = 0;
        for (var i = 0; i < first; i++)
        {
            start += ValueBytes(key[start..]);
        }

        var end = start;
        for (var i = 0; i < count; i++)
        {
            end += ValueBytes(key[end..]);
        }

        return key[start..end];
    }

    public byte[] ToArray(int row) => this[row].ToArray();

    private static int Append(ref byte[] buffer, int at, Column column, int row)
    {
        if (column.Type != DataType.String)
        {
            Grow(ref buffer, at + FixedBytes);
            buffer[at] = (byte)column.Type;
            var value = column.Type == DataType.Bool ? (column.Bools[row] ? 1 : 0) : column.Longs[row];
            BinaryPrimitives.WriteInt64LittleEndian(buffer.AsSpan(at + 1), value);
            return at + FixedBytes;
        }

        var text = column.Strings[row]!;
        Grow(ref buffer, at + 1 + sizeof(int) + Encoding.UTF8.GetMaxByteCount(text.Length));
        buffer[at] = (byte)DataType.String;
        var length = Encoding.UTF8.GetBytes(text, buffer.AsSpan(at + 1 + sizeof(int)));
        BinaryPrimitives.WriteInt32LittleEndian(buffer.AsSpan(at + 1), length);
        return at + 1 + sizeof(int) + length;
    }

    private static int ValueBytes(ReadOnlySpan<byte> at) => (DataType)at[0] == DataType.String
        ? 1 + sizeof(int) + BinaryPrimitives.ReadInt32LittleEndian(at[1..])
        : FixedBytes;

    private static void Grow(ref byte[] buffer, int needed)
    {
        if (needed > buffer.Length)
        {
            Array.Resize(ref buffer, Math.Max(needed, buffer.Length * 2));
        }
    }

    private static string Name(DataType type) => type.Text();

    private int Length(int row) => ends[row] - (row == 0 ? 0 : ends[row - 1]);
}
