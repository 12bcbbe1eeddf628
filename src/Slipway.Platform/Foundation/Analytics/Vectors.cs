using System.Runtime.InteropServices;
using DuckDB.NET.Native;
using Slipway.Core.Data;
using Slipway.Core.Errors;

namespace Slipway.Platform.Foundation.Analytics;

/// <summary>
/// Rows to and from DuckDB by whole vectors, where they lie in its memory: a value costs about a nanosecond, where the driver's reader
/// and appender take twenty to fifty.
/// </summary>
internal static unsafe class Vectors
{
    /// <summary>What DuckDB's vectors hold.</summary>
    public const int Rows = 2048;

    /// <summary>Copies the columns of a chunk, which have exactly the types of the targets.</summary>
    public static void Read(DuckDBDataChunk chunk, IReadOnlyList<ColumnChunk> into)
    {
        var rows = (int)NativeMethods.DataChunks.DuckDBDataChunkGetSize(chunk);
        for (var i = 0; i < into.Count; i++)
        {
            var vector = NativeMethods.DataChunks.DuckDBDataChunkGetVector(chunk, i);
            into[i].Begin(rows);
            if (into[i].Type.IsArray())
            {
                ArrayVectors.Read(vector, into[i]);
            }
            else
            {
                Read(NativeMethods.Vectors.DuckDBVectorGetData(vector), NativeMethods.Vectors.DuckDBVectorGetValidity(vector), into[i]);
            }
        }
    }

    public static DuckDBType TypeOf(DataType type) => type switch
    {
        DataType.Bool => DuckDBType.Boolean,
        DataType.Int64 => DuckDBType.BigInt,
        DataType.Float32 => DuckDBType.Float,
        DataType.Float64 => DuckDBType.Double,
        DataType.Timestamp => DuckDBType.Timestamp,
        _ => DuckDBType.Varchar,
    };

    /// <summary>Appends a table to a table of DuckDB's with the same columns.</summary>
    public static void Append(DuckDBNativeConnection connection, string name, Table table, CancellationToken cancel)
    {
        Check(NativeMethods.Appender.DuckDBAppenderCreate(connection, null!, name, out var appender), appender);
        using (appender)
        {
            var types = table.Columns.Select(c => LogicalType(c.Type)).ToArray();
            using var chunk = NativeMethods.DataChunks.DuckDBCreateDataChunk([.. types.Select(t => t.DangerousGetHandle())], (ulong)types.Length);
            for (var start = 0; start < table.Rows; start += Rows)
            {
                cancel.ThrowIfCancellationRequested();
                var count = Math.Min(Rows, table.Rows - start);
                NativeMethods.DataChunks.DuckDBDataChunkReset(chunk);
                for (var i = 0; i < types.Length; i++)
                {
                    Write(table.Columns[i], start, count, NativeMethods.DataChunks.DuckDBDataChunkGetVector(chunk, i));
                }

                NativeMethods.DataChunks.DuckDBDataChunkSetSize(chunk, (ulong)count);
                Check(NativeMethods.Appender.DuckDBAppendDataChunk(appender, chunk), appender);
            }

            Check(NativeMethods.Appender.DuckDBAppenderClose(appender), appender);
            Array.ForEach(types, type => type.Dispose());
        }
    }

    private static DuckDBLogicalType LogicalType(DataType type)
    {
        if (!type.IsArray())
        {
            return NativeMethods.LogicalType.DuckDBCreateLogicalType(TypeOf(type));
        }

        using var element = NativeMethods.LogicalType.DuckDBCreateLogicalType(TypeOf(type.Element()));
        return NativeMethods.LogicalType.DuckDBCreateListType(element);
    }

    private static void Read(void* data, ulong* validity, ColumnChunk into)
    {
        var rows = into.Count;
        for (var row = 0; validity is not null && row < rows; row++)
        {
            if ((validity[row >> 6] & (1UL << (row & 63))) == 0 && into.Type != DataType.String)
            {
                into.SetNull(row);
            }
        }

        switch (into.Type)
        {
            case DataType.Float64:
                new ReadOnlySpan<double>(data, rows).CopyTo(into.Doubles);
                break;
            case DataType.Float32:
                for (var row = 0; row < rows; row++)
                {
                    into.Doubles[row] = ((float*)data)[row];
                }

                break;
            case DataType.Bool:
                for (var row = 0; row < rows; row++)
                {
                    into.Longs[row] = ((byte*)data)[row];
                }

                break;
            case DataType.String:
                ReadText((DuckDBString*)data, validity, into);
                break;
            default:
                new ReadOnlySpan<long>(data, rows).CopyTo(into.Longs);
                break;
        }
    }

    private static void ReadText(DuckDBString* data, ulong* validity, ColumnChunk into)
    {
        for (var row = 0; row < into.Count; row++)
        {
            if (validity is not null && (validity[row >> 6] & (1UL << (row & 63))) == 0)
            {
                into.SetNull(row);
            }
            else
            {
                into.SetText(row, new ReadOnlySpan<byte>(data[row].Data, data[row].Length));
            }
        }
    }

    private static void Write(Column column, int start, int count, nint vector)
    {
        var data = NativeMethods.Vectors.DuckDBVectorGetData(vector);
        WriteNulls(column, start, count, vector);
        switch (column.Type)
        {
            case DataType.Float64:
                column.Doubles.AsSpan(start, count).CopyTo(new Span<double>(data, count));
                break;
            case DataType.Float32:
                for (var row = 0; row < count; row++)
                {
                    ((float*)data)[row] = (float)column.Doubles[start + row];
                }

                break;
            case DataType.Bool:
                MemoryMarshal.AsBytes(column.Bools.AsSpan(start, count)).CopyTo(new Span<byte>(data, count));
                break;
            case DataType.String:
                WriteText(column.Strings.AsSpan(start, count), vector);
                break;
            case var array when array.IsArray():
                ArrayVectors.Write(column.Type, column.Arrays.AsSpan(start, count), vector);
                break;
            default:
                column.Longs.AsSpan(start, count).CopyTo(new Span<long>(data, count));
                break;
        }
    }

    private static void WriteNulls(Column column, int start, int count, nint vector)
    {
        ulong* validity = null;
        for (var row = 0; row < count; row++)
        {
            if (!column.IsNull(start + row))
            {
                continue;
            }

            if (validity is null)
            {
                NativeMethods.Vectors.DuckDBVectorEnsureValidityWritable(vector);
                validity = NativeMethods.Vectors.DuckDBVectorGetValidity(vector);
            }

            validity[row >> 6] &= ~(1UL << (row & 63));
        }
    }

    private static void WriteText(ReadOnlySpan<string?> values, nint vector)
    {
        Span<byte> small = stackalloc byte[512];
        for (var row = 0; row < values.Length; row++)
        {
            if (values[row] is not { } value)
            {
                continue;
            }

            var most = System.Text.Encoding.UTF8.GetMaxByteCount(value.Length);
            var bytes = most <= small.Length ? small : new byte[most];
            var length = System.Text.Encoding.UTF8.GetBytes(value, bytes);
            fixed (byte* start = bytes)
            {
                NativeMethods.Vectors.DuckDBVectorAssignStringElementLength(vector, (ulong)row, start, length);
            }
        }
    }

    private static void Check(DuckDBState state, DuckDBAppender appender)
    {
        if (state == DuckDBState.Error)
        {
            using var error = NativeMethods.Appender.DuckDBAppenderErrorData(appender);
            throw SlipwayException.Invalid($"Rows could not be loaded: {NativeMethods.ErrorData.DuckDBErrorDataMessage(error)}");
        }
    }
}
