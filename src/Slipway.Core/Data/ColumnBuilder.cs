using System.Collections;

namespace Slipway.Core.Data;

/// <summary>A column whose rows are set from chunks, in any order and again where need be; a row that is never set is null.</summary>
public sealed class ColumnBuilder
{
    private readonly ColumnSchema schema;
    private readonly BitArray missing;
    private Array values;

    public ColumnBuilder(ColumnSchema schema, int rows)
    {
        this.schema = schema;
        missing = new BitArray(rows, true);
        values = schema.Type switch
        {
            DataType.String => new string?[rows],
            DataType.Bool => new bool[rows],
            DataType.Float32 or DataType.Float64 => new double[rows],
            _ when schema.Type.IsArray() => new byte[]?[rows],
            _ => new long[rows],
        };
    }

    public void Set(int row, ColumnChunk chunk, int from)
    {
        var isNull = chunk.IsNull(from);
        missing[row] = isNull;
        switch (values)
        {
            case double[] doubles:
                doubles[row] = isNull ? 0 : chunk.Doubles[from];
                break;
            case long[] longs:
                longs[row] = isNull ? 0 : chunk.Longs[from];
                break;
            case bool[] bools:
                bools[row] = !isNull && chunk.Longs[from] != 0;
                break;
            case string?[] strings:
                strings[row] = isNull ? null : Text(chunk.Text(from), strings[row]);
                break;
            default:
                ((byte[]?[])values)[row] = isNull ? null : chunk.Packed(from).ToArray();
                break;
        }
    }

    /// <summary>Sets the rows from <paramref name="start"/> on; the column grows where it has to.</summary>
    public void Append(int start, ColumnChunk chunk)
    {
        if (start + chunk.Count > missing.Length)
        {
            Resize(Math.Max(start + chunk.Count, missing.Length + (missing.Length / 2)));
        }

        for (var row = 0; row < chunk.Count; row++)
        {
            Set(start + row, chunk, row);
        }
    }

    /// <summary>The column as it stands. Do not set rows after it: it keeps the same arrays.</summary>
    /// <param name="rows">How many it has; null for all.</param>
    public Column Build(int? rows = null)
    {
        if (rows is { } count && count != missing.Length)
        {
            Resize(count);
        }

        var nulls = missing.HasAnySet() ? missing : null;
        return schema.Type switch
        {
            DataType.String => Column.String(schema.Name, (string?[])values),
            DataType.Bool => Column.Bool(schema.Name, (bool[])values, nulls),
            DataType.Float32 => Column.Float32(schema.Name, (double[])values, nulls),
            DataType.Float64 => Column.Float64(schema.Name, (double[])values, nulls),
            DataType.Timestamp => Column.Timestamp(schema.Name, (long[])values, nulls),
            _ when schema.Type.IsArray() => Column.Array(schema.Name, schema.Type, (byte[]?[])values),
            _ => Column.Int64(schema.Name, (long[])values, nulls),
        };
    }

    private void Resize(int rows)
    {
        var before = missing.Length;
        missing.Length = rows;
        for (var row = before; row < rows; row++)
        {
            missing[row] = true;
        }

        values = values switch
        {
            double[] doubles => Resized(doubles, rows),
            long[] longs => Resized(longs, rows),
            bool[] bools => Resized(bools, rows),
            byte[]?[] arrays => Resized(arrays, rows),
            _ => Resized((string?[])values, rows),
        };
    }

    private static T[] Resized<T>(T[] array, int length)
    {
        Array.Resize(ref array, length);
        return array;
    }

    private static string Text(ReadOnlySpan<char> text, string? before) => text.SequenceEqual(before) && before is not null ? before : text.ToString();
}
