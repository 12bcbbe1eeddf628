using DuckDB.NET.Data;
using DuckDB.NET.Native;
using Slipway.Core.Data;
using Slipway.Core.Errors;

namespace Slipway.Platform.Foundation.Analytics;

/// <summary>One private in-memory DuckDB database, used on one thread.</summary>
public sealed class AnalyticsSession : IDisposable
{
    private readonly DuckDBConnection connection;
    private readonly CancellationToken cancel;

    internal AnalyticsSession(DuckDBConnection connection, CancellationToken cancel)
    {
        this.connection = connection;
        this.cancel = cancel;
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> with DuckDB's reason when the SQL or its data is wrong.</exception>
    public Table Query(string sql, params (string Name, object? Value)[] arguments) => Guard(sql, arguments, command =>
    {
        command.UseStreamingMode = true;
        using var reader = command.ExecuteReader();
        return TableReader.Read((DuckDBDataReader)reader, cancel);
    });

    public void Execute(string sql, params (string Name, object? Value)[] arguments) =>
        Guard(sql, arguments, command => command.ExecuteNonQuery());

    /// <summary>Makes the table a temporary table of this name.</summary>
    public void Load(string name, Table table)
    {
        var columns = table.Columns.Select(c => $"{Sql.Name(c.Name)} {Sql.TypeName(c.Type)}");
        Execute($"create or replace temp table {Sql.Name(name)} ({string.Join(", ", columns)})");
        Append(name, table);
    }

    /// <summary>Adds rows behind those that a table already has, which has the same columns.</summary>
    public void Append(string name, Table table) => Vectors.Append(connection.NativeConnection, name, table, cancel);

    /// <summary>Runs a query whose rows are taken as they come, in the query's order, and not kept.</summary>
    /// <param name="columns">What the query gives; each column is cast to its type.</param>
    /// <param name="take">Gets one portion after another, in buffers that are used again.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> with DuckDB's reason when the SQL or its data is wrong.</exception>
    public void Stream(string sql, IReadOnlyList<ColumnSchema> columns, Action<IReadOnlyList<ColumnChunk>> take)
    {
        cancel.ThrowIfCancellationRequested();
        var casts = columns.Select(c => $"{Sql.Name(c.Name)}::{Sql.TypeName(c.Type)}");
        var chunks = columns.Select(c => new ColumnChunk(c.Name, c.Type)).ToArray();
        using var stop = cancel.Register(() => NativeMethods.Startup.DuckDBInterrupt(connection.NativeConnection));
        try
        {
            using var rows = new StreamedQuery(connection.NativeConnection, $"select {string.Join(", ", casts)} from ({sql})");
            while (rows.Next(chunks))
            {
                cancel.ThrowIfCancellationRequested();
                take(chunks);
            }
        }
        catch (SlipwayException failure) when (cancel.IsCancellationRequested)
        {
            throw new OperationCanceledException("The query was cancelled.", failure, cancel);
        }
    }

    /// <summary>The rows of a query with exactly the columns given, each cast to its type.</summary>
    public Table Read(string sql, IReadOnlyList<ColumnSchema> columns)
    {
        var builders = columns.Select(column => new ColumnBuilder(column, Vectors.Rows)).ToArray();
        var rows = 0;
        Stream(sql, columns, chunks =>
        {
            for (var i = 0; i < builders.Length; i++)
            {
                builders[i].Append(rows, chunks[i]);
            }

            rows += chunks[0].Count;
        });
        return new Table([.. builders.Select(builder => builder.Build(rows))]);
    }

    /// <summary>Writes the result of a query; the file appears whole or not at all.</summary>
    public void WriteParquet(string sql, string file) => Copy(sql, file, "format parquet, compression zstd");

    /// <summary>The same in a format of DuckDB's <c>copy</c>.</summary>
    public void Copy(string sql, string file, string options)
    {
        var temporary = $"{file}.{Guid.CreateVersion7():N}.tmp";
        try
        {
            Execute($"copy ({sql}) to {Sql.Text(temporary)} ({options})");
            using (var written = new FileStream(temporary, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0))
            {
                written.Flush(flushToDisk: true);
            }

            File.Move(temporary, file, overwrite: true);
        }
        catch
        {
            if (File.Exists(temporary))
            {
                File.Delete(temporary);
            }

            throw;
        }
    }

    public void Dispose() => connection.Dispose();

    private T Guard<T>(string sql, (string Name, object? Value)[] arguments, Func<DuckDBCommand, T> run)
    {
        cancel.ThrowIfCancellationRequested();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in arguments)
        {
            command.Parameters.Add(new DuckDBParameter(name, value ?? DBNull.Value));
        }

        using var stop = cancel.Register(command.Cancel);
        try
        {
            return run(command);
        }
        catch (DuckDBException failure) when (cancel.IsCancellationRequested)
        {
            throw new OperationCanceledException("The query was cancelled.", failure, cancel);
        }
        catch (DuckDBException failure)
        {
            throw new SlipwayException(ErrorKind.Invalid, $"The query failed: {failure.Message}", failure);
        }
    }
}
