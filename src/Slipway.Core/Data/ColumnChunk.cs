using System.Text;

namespace Slipway.Core.Data;

/// <summary>
/// A portion of a column that streams by. The next portion fills the same buffers, so what is to stay must be copied; no strings are made
/// until one is asked for.
/// </summary>
public sealed class ColumnChunk(string name, DataType type)
{
    private readonly bool isFloating = type is DataType.Float32 or DataType.Float64;
    private readonly bool varies = type == DataType.String || type.IsArray();
    private long[] longs = [];
    private double[] doubles = [];
    private bool[] missing = [];
    private int[] ends = [];
    private char[] text = [];
    private byte[] packed = [];

    public string Name => name;

    public DataType Type => type;

    public int Count { get; private set; }

    public bool HasNulls { get; private set; }

    /// <summary>Integers and timestamps; booleans as 0 and 1. What stands where a value is missing means nothing.</summary>
    public Span<long> Longs => longs.AsSpan(0, Count);

    /// <summary>Both floating types.</summary>
    public Span<double> Doubles => doubles.AsSpan(0, Count);

    public bool IsNull(int row) => HasNulls && missing[row];

    public ReadOnlySpan<char> Text(int row)
    {
        var start = row == 0 ? 0 : ends[row - 1];
        return text.AsSpan(start, ends[row] - start);
    }

    /// <summary>An array's elements, as <see cref="PackedArray"/> packs them.</summary>
    public ReadOnlySpan<byte> Packed(int row)
    {
        var start = row == 0 ? 0 : ends[row - 1];
        return packed.AsSpan(start, ends[row] - start);
    }

    /// <summary>Begins a portion of so many rows, none of them null.</summary>
    public void Begin(int count)
    {
        if (missing.Length < count)
        {
            missing = new bool[count];
            longs = isFloating || varies ? [] : new long[count];
            doubles = isFloating ? new double[count] : [];
            ends = varies ? new int[count] : [];
        }

        if (HasNulls)
        {
            Array.Clear(missing);
        }

        (Count, HasNulls) = (count, false);
    }

    public void SetNull(int row)
    {
        HasNulls = missing[row] = true;
        if (varies)
        {
            ends[row] = row == 0 ? 0 : ends[row - 1];
        }
    }

    /// <summary>Rows of text are set one after the other, from the first on.</summary>
    public void SetText(int row, ReadOnlySpan<byte> utf8)
    {
        var start = Reserve(row, utf8.Length);
        ends[row] = start + Encoding.UTF8.GetChars(utf8, text.AsSpan(start));
    }

    /// <summary>Arrays are set one after the other, from the first row on.</summary>
    /// <returns>Where the array's bytes are to be written.</returns>
    public Span<byte> SetPacked(int row, int length)
    {
        var start = row == 0 ? 0 : ends[row - 1];
        if (packed.Length < start + length)
        {
            Array.Resize(ref packed, Math.Max(2 * packed.Length, start + length));
        }

        ends[row] = start + length;
        return packed.AsSpan(start, length);
    }

    /// <summary>Takes rows of a column that is at hand.</summary>
    public void Fill(Column column, int start, int count)
    {
        Begin(count);
        for (var row = 0; row < count; row++)
        {
            missing[row] = column.IsNull(start + row);
            HasNulls |= missing[row];
        }

        switch (type)
        {
            case DataType.String:
                FillText(column.Strings.AsSpan(start, count));
                break;
            case DataType.Bool:
                for (var row = 0; row < count; row++)
                {
                    longs[row] = column.Bools[start + row] ? 1 : 0;
                }

                break;
            case DataType.Float32 or DataType.Float64:
                column.Doubles.AsSpan(start, count).CopyTo(doubles);
                break;
            case var array when array.IsArray():
                for (var row = 0; row < count; row++)
                {
                    var value = column.Arrays[start + row];
                    value.CopyTo(SetPacked(row, value?.Length ?? 0));
                }

                break;
            default:
                column.Longs.AsSpan(start, count).CopyTo(longs);
                break;
        }
    }

    private void FillText(ReadOnlySpan<string?> values)
    {
        for (var row = 0; row < values.Length; row++)
        {
            var value = values[row] ?? "";
            var start = Reserve(row, value.Length);
            value.CopyTo(text.AsSpan(start));
            ends[row] = start + value.Length;
        }
    }

    private int Reserve(int row, int chars)
    {
        var start = row == 0 ? 0 : ends[row - 1];
        if (text.Length < start + chars)
        {
            Array.Resize(ref text, Math.Max(2 * text.Length, start + chars));
        }

        return start;
    }
}
