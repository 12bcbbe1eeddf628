using System.Data.Common;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Slipway.Platform.Foundation.Database;

/// <summary>One connection to the file, with the statements that were compiled on it. Used by one thread at a time.</summary>
internal sealed class SqliteLink(SqliteConnection connection) : IDisposable
{
    /// <summary>Searches make texts of their own, so what is kept has an end.</summary>
    private const int MaxCommands = 256;

    private readonly Dictionary<string, Stack<sqlite3_stmt>> idle = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DbCommand> commands = new(StringComparer.Ordinal);

    public SqliteConnection Connection => connection;

    /// <summary>True when no transaction is open, or SQLite has ended it by itself.</summary>
    public bool IsOutsideTransaction => raw.sqlite3_get_autocommit(connection.Handle) != 0;

    /// <summary>A command for the caller alone, until it is given back; its values are those of its last use.</summary>
    public DbCommand TakeCommand(string sql)
    {
        if (commands.Remove(sql, out var command))
        {
            return command;
        }

        command = connection.CreateCommand();
        command.CommandText = sql;
        return command;
    }

    public void Give(DbCommand command)
    {
        if (commands.Count >= MaxCommands)
        {
            foreach (var kept in commands.Values)
            {
                kept.Dispose();
            }

            commands.Clear();
        }

        command.Transaction = null;
        if (!commands.TryAdd(command.CommandText, command))
        {
            command.Dispose();
        }
    }

    /// <summary>A compiled statement for the caller alone, until it is given back.</summary>
    /// <param name="sql">Constant: what is compiled once is kept.</param>
    public sqlite3_stmt Take(string sql)
    {
        if (idle.TryGetValue(sql, out var found) && found.TryPop(out var statement))
        {
            return statement;
        }

        SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v2(connection.Handle, sql, out statement), connection.Handle);
        return statement;
    }

    public void Give(string sql, sqlite3_stmt statement)
    {
        raw.sqlite3_reset(statement);
        raw.sqlite3_clear_bindings(statement);
        if (!idle.TryGetValue(sql, out var found))
        {
            idle.Add(sql, found = []);
        }

        found.Push(statement);
    }

    /// <summary>Runs a statement without values or rows.</summary>
    public void Run(string sql)
    {
        var statement = Take(sql);
        var result = raw.sqlite3_step(statement);
        Give(sql, statement);
        SqliteException.ThrowExceptionForRC(result == raw.SQLITE_DONE ? raw.SQLITE_OK : result, connection.Handle);
    }

    public void Dispose()
    {
        foreach (var command in commands.Values)
        {
            command.Dispose();
        }

        foreach (var statement in idle.Values.SelectMany(found => found))
        {
            statement.Dispose();
        }

        connection.Dispose();
    }
}
