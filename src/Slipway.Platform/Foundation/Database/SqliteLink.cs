using System.Data.Common;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Slipway.Platform.Foundation.Database;

/// <summary>One connection to the file, with the statements that were compiled on it. Used by one thread at a time.</summary>
internal sealed class SqliteLink(SqliteConnection connection) : IDisposable
{
    private readonly Dictionary<string, Stack<sqlite3_stmt>> idle = new(StringComparer.Ordinal);

    public SqliteConnection Connection => connection;

    /// <summary>The commands that are not in use, by their text.</summary>
    public Dictionary<string, DbCommand> Commands { get; } = new(StringComparer.Ordinal);

    /// <summary>True when no transaction is open, or SQLite has ended it by itself.</summary>
    public bool IsOutsideTransaction => raw.sqlite3_get_autocommit(connection.Handle) != 0;

    /// <summary>A compiled statement for the caller alone, until it is given back.</summary>
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
        foreach (var command in Commands.Values)
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
