using System.Buffers.Binary;
using System.Collections;
using System.Text;
using System.Text.Json;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Sources;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Online;

/// <summary>
/// How the features of a view are packed into one row of bytes, little-endian: format (1 byte, now 1); one bit per feature,
/// set where it is null; a slot of fixed width per feature (bool 1, float32 4, string and array 4, others 8 bytes), zero where
/// null; then the strings and arrays. A string's slot is the position of its length (4 bytes), which its UTF-8 bytes follow; an array's
/// that of its length in bytes, which its elements follow as <see cref="PackedArray"/> packs them. Any value is read without reading those
/// before it.
/// </summary>
public sealed class RowLayout
{
    private const byte Format = 1;

    private readonly int[] slots;
    private readonly int fixedBytes;

    public RowLayout(IReadOnlyList<ColumnSchema> columns)
    {
        Columns = columns;
        slots = new int[columns.Count];
        var at = 1 + ((columns.Count + 7) / 8);
        for (var i = 0; i < slots.Length; i++)
        {
            slots[i] = at;
            at += Width(columns[i].Type);
        }

        fixedBytes = at;
    }

    public IReadOnlyList<ColumnSchema> Columns { get; }

    /// <summary>One packed row per row of the table.</summary>
    /// <param name="table">Has a column of each name and type in <see cref="Columns"/>.</param>
    public byte[][] Pack(Table table)
    {
        var columns = Columns.Select(schema => Typed(table[schema.Name], schema)).ToArray();
        var rows = new byte[table.Rows][];
        for (var row = 0; row < rows.Length; row++)
        {
            rows[row] = Pack(columns, row);
        }

        return rows;
    }

    /// <summary>One feature of many rows, as a column.</summary>
    /// <param name="feature">Position in <see cref="Columns"/>.</param>
    /// <param name="rows">A null row gives a missing value.</param>
    public Column Unpack(int feature, string name, ReadOnlySpan<byte[]?> rows)
    {
        var nulls = new BitArray(rows.Length);
        var any = false;
        for (var i = 0; i < rows.Length; i++)
        {
            if (rows[i] is null || IsNull(rows[i]!, feature))
            {
                nulls[i] = any = true;
            }
        }

        var missing = any ? nulls : null;
        var slot = slots[feature];
        switch (Columns[feature].Type)
        {
            case DataType.Bool:
                return Column.Bool(name, Read(rows, missing, (row, at) => row[at] != 0, slot), missing);
            case DataType.Int64:
                return Column.Int64(name, Read(rows, missing, Long, slot), missing);
            case DataType.Timestamp:
                return Column.Timestamp(name, Read(rows, missing, Long, slot), missing);
            case DataType.Float32:
                return Column.Float32(name, Read(rows, missing, Single, slot), missing);
            case DataType.Float64:
                return Column.Float64(name, Read(rows, missing, Double, slot), missing);
            case var array when array.IsArray():
                return Column.Array(name, array, Read<byte[]?>(rows, missing, (row, at) => Varying(row, at).ToArray(), slot));
            default:
                return Column.String(name, Read<string?>(rows, missing, Text, slot));
        }
    }

    /// <summary>One feature of one row as JSON, straight from the bytes: a timestamp as ISO 8601, null where it is null.</summary>
    public void WriteJson(Utf8JsonWriter json, ReadOnlySpan<byte> row, int feature)
    {
        var slot = row[slots[feature]..];
        switch (IsNull(row, feature) ? null : (DataType?)Columns[feature].Type)
        {
            case null:
                json.WriteNullValue();
                break;
            case DataType.Bool:
                json.WriteBooleanValue(slot[0] != 0);
                break;
            case DataType.Int64:
                json.WriteNumberValue(BinaryPrimitives.ReadInt64LittleEndian(slot));
                break;
            case DataType.Timestamp:
                json.WriteStringValue(Microseconds.ToDateTimeOffset(BinaryPrimitives.ReadInt64LittleEndian(slot)));
                break;
            case DataType.Float32:
                JsonNumber.Write(json, BinaryPrimitives.ReadSingleLittleEndian(slot));
                break;
            case DataType.Float64:
                JsonNumber.Write(json, BinaryPrimitives.ReadDoubleLittleEndian(slot));
                break;
            case DataType.String:
                json.WriteStringValue(Varying(row, slots[feature]));
                break;
            default:
                JsonArrays.Write(json, Columns[feature].Type, Varying(row, slots[feature]));
                break;
        }
    }

    public bool IsNull(ReadOnlySpan<byte> row, int feature) => (row[1 + (feature >> 3)] & (1 << (feature & 7))) != 0;

    private static T[] Read<T>(ReadOnlySpan<byte[]?> rows, BitArray? missing, Func<byte[], int, T> read, int slot)
    {
        var values = new T[rows.Length];
        for (var i = 0; i < values.Length; i++)
        {
            if (missing is null || !missing[i])
            {
                values[i] = read(rows[i]!, slot);
            }
        }

        return values;
    }

    private static long Long(byte[] row, int slot) => BinaryPrimitives.ReadInt64LittleEndian(row.AsSpan(slot));

    private static double Single(byte[] row, int slot) => BinaryPrimitives.ReadSingleLittleEndian(row.AsSpan(slot));

    private static double Double(byte[] row, int slot) => BinaryPrimitives.ReadDoubleLittleEndian(row.AsSpan(slot));

    private static string Text(byte[] row, int slot) => Encoding.UTF8.GetString(Varying(row, slot));

    private static ReadOnlySpan<byte> Varying(ReadOnlySpan<byte> row, int slot)
    {
        var at = BinaryPrimitives.ReadInt32LittleEndian(row[slot..]);
        return row.Slice(at + sizeof(int), BinaryPrimitives.ReadInt32LittleEndian(row[at..]));
    }

    private byte[] Pack(Column[] columns, int row)
    {
        var bytes = new byte[fixedBytes + TextBytes(columns, row)];
        bytes[0] = Format;
        var end = fixedBytes;
        for (var i = 0; i < columns.Length; i++)
        {
            var column = columns[i];
            var slot = bytes.AsSpan(slots[i]);
            if (column.IsNull(row))
            {
                bytes[1 + (i >> 3)] |= (byte)(1 << (i & 7));
                continue;
            }

            switch (column.Type)
            {
                case DataType.Bool:
                    slot[0] = column.Bools[row] ? (byte)1 : (byte)0;
                    break;
                case DataType.Float32:
                    BinaryPrimitives.WriteSingleLittleEndian(slot, (float)column.Doubles[row]);
                    break;
                case DataType.Float64:
                    BinaryPrimitives.WriteDoubleLittleEndian(slot, column.Doubles[row]);
                    break;
                case DataType.String:
                    BinaryPrimitives.WriteInt32LittleEndian(slot, end);
                    var length = Encoding.UTF8.GetBytes(column.Strings[row]!, bytes.AsSpan(end + sizeof(int)));
                    BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(end), length);
                    end += sizeof(int) + length;
                    break;
                case DataType.Int64 or DataType.Timestamp:
                    BinaryPrimitives.WriteInt64LittleEndian(slot, column.Longs[row]);
                    break;
                default:
                    BinaryPrimitives.WriteInt32LittleEndian(slot, end);
                    var packed = column.Arrays[row]!;
                    BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(end), packed.Length);
                    packed.CopyTo(bytes, end + sizeof(int));
                    end += sizeof(int) + packed.Length;
                    break;
            }
        }

        return bytes;
    }

    private static int TextBytes(Column[] columns, int row)
    {
        var bytes = 0;
        foreach (var column in columns)
        {
            if (column.Type == DataType.String && column.Strings[row] is { } text)
            {
                bytes += sizeof(int) + Encoding.UTF8.GetByteCount(text);
            }
            else if (column.Type.IsArray() && column.Arrays[row] is { } packed)
            {
                bytes += sizeof(int) + packed.Length;
            }
        }

        return bytes;
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> for an embedding of another dimension.</exception>
    private static Column Typed(Column column, ColumnSchema schema)
    {
        if (column.Type != schema.Type && !(column.Type.IsArray() && schema.Type.IsArray() && column.Type.Element() == schema.Type.Element()))
        {
            throw new InvalidOperationException($"Column '{column.Name}' is {column.Type}; the view declares {schema.Type}.");
        }

        var bytes = schema.Dimension * sizeof(float);
        return bytes is null || Array.Find(column.Arrays, value => value is not null && value.Length != bytes) is not { } other
            ? column
            : throw SlipwayException.Invalid(
                $"Feature '{column.Name}' is an embedding of {schema.Dimension} numbers; a row has {PackedArray.Count(column.Type, other)}.");
    }

    private static int Width(DataType type) => type switch
    {
        DataType.Bool => 1,
        DataType.Float32 or DataType.String => 4,
        _ => type.IsArray() ? 4 : 8,
    };
}
