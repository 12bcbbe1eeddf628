using DuckDB.NET.Data;
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
        var columns = table.Columns.Select(c => $"{Sql.Name(c.Name)} {TypeName(c.Type)}");
        Execute($"create or replace temp table {Sql.Name(name)} ({string.Join(", ", columns)})");
        using var appender = connection.CreateAppender(name);
        for (var row = 0; row < table.Rows; row++)
        {
            if ((row & 0xFFFF) == 0)
            {
                cancel.ThrowIfCancellationRequested();
            }

            var target = appender.CreateRow();
            foreach (var column in table.Columns)
            {
                Append(target, column, row);
            }

            target.EndRow();
        }
    }

    /// <summary>Writes the result of a query; the file appears whole or not at all.</summary>
    public void WriteParquet(string sql, string file)
    {
        var temporary = $"{file}.{Guid.CreateVersion7():N}.tmp";
        try
        {
            Execute($"copy ({sql}) to {Sql.Text(temporary)} (format parquet, compression zstd)");
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

    private static void Append(IDuckDBAppenderRow target, Column column, int row)
    {
        if (column.IsNull(row))
        {
            target.AppendNullValue();
            return;
        }

        switch (column.Type)
        {
            case DataType.Bool:
                target.AppendValue(column.Bools[row]);
                break;
            case DataType.Int64:
                target.AppendValue(column.Longs[row]);
                break;
            case DataType.Timestamp:
                target.AppendValue(Microseconds.ToDateTime(column.Longs[row]));
                break;
            case DataType.String:
                target.AppendValue(column.Strings[row]);
                break;
            case DataType.Float32:
                target.AppendValue((float)column.Doubles[row]);
                break;
            default:
                target.AppendValue(column.Doubles[row]);
                break;
        }
    }

    private static string TypeName(DataType type) => type switch
    {
        DataType.Bool => "boolean",
        DataType.Int64 => "bigint",
        DataType.Timestamp => "timestamp",
        DataType.String => "varchar",
        DataType.Float32 => "float",
        _ => "double",
    };

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
