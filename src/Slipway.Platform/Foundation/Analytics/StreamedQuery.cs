using DuckDB.NET.Native;
using Slipway.Core.Data;
using Slipway.Core.Errors;

namespace Slipway.Platform.Foundation.Analytics;

/// <summary>A query that runs while its rows are read, chunk by chunk, so that they never are in memory all at once.</summary>
internal sealed class StreamedQuery : IDisposable
{
    private readonly DuckDBPreparedStatement statement;
    private DuckDBResult result;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> with DuckDB's reason.</exception>
    public StreamedQuery(DuckDBNativeConnection connection, string sql)
    {
        if (NativeMethods.PreparedStatements.DuckDBPrepare(connection, sql, out statement) == DuckDBState.Error)
        {
            using (statement)
            {
                throw Failed(NativeMethods.PreparedStatements.DuckDBPrepareError(statement));
            }
        }

        if (NativeMethods.PreparedStatements.DuckDBExecutePreparedStreaming(statement, out result) == DuckDBState.Error)
        {
            using (this)
            {
                throw Failed(NativeMethods.Query.DuckDBResultError(ref result));
            }
        }
    }

    /// <returns>False when there are no more rows.</returns>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> with DuckDB's reason: a value that cannot be read, say.</exception>
    public bool Next(IReadOnlyList<ColumnChunk> into)
    {
        using var chunk = NativeMethods.StreamingResult.DuckDBStreamFetchChunk(result);
        if (chunk.IsInvalid || NativeMethods.DataChunks.DuckDBDataChunkGetSize(chunk) == 0)
        {
            // The end and a failure look alike but for the error.
            return NativeMethods.Query.DuckDBResultError(ref result) is { Length: > 0 } error ? throw Failed(error) : false;
        }

        Vectors.Read(chunk, into);
        return true;
    }

    public void Dispose()
    {
        result.Close();
        statement.Dispose();
    }

    private static SlipwayException Failed(string reason) => SlipwayException.Invalid($"The query failed: {reason}");
}
