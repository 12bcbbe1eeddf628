using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Slipway.Platform.Foundation.Database;

/// <summary>
/// One connection in use: a read, or a transaction that commits when the work given to <see cref="Db"/> returns.
/// Statements are constant text with named parameters and run on both engines unless the caller asks <see cref="Engine"/>.
/// </summary>
public sealed class DbSession
{
    private readonly DbConnection connection;
    private readonly DbTransaction? transaction;
    private readonly SqliteLink? link;
    private List<Func<Task>>? beforeCommit;
    private List<Action>? afterCommit;

    internal DbSession(NpgsqlConnection connection, NpgsqlTransaction? transaction)
    {
        Engine = DbEngine.Postgres;
        this.connection = connection;
        this.transaction = transaction;
    }

    internal DbSession(SqliteLink link, SqliteTransaction? transaction)
    {
        Engine = DbEngine.Sqlite;
        connection = link.Connection;
        this.transaction = transaction;
        this.link = link;
    }

    public DbEngine Engine { get; }

    /// <summary>The connection, where the engine is SQLite.</summary>
    internal SqliteLink Link => link ?? throw new InvalidOperationException("This session is not one of SQLite.");

    /// <summary>The connection, where the engine is PostgreSQL.</summary>
    internal NpgsqlConnection Npgsql => (NpgsqlConnection)connection;

    /// <summary>
    /// Runs as the transaction's last statements, in the order given: the place for a lock that every writer takes, which is
    /// then held shortest and can be part of no deadlock.
    /// </summary>
    /// <exception cref="InvalidOperationException">This is a read, which never commits.</exception>
    public void BeforeCommit(Func<Task> work)
    {
        if (transaction is null)
        {
            throw new InvalidOperationException("A read has no commit; use Db.WriteAsync.");
        }

        (beforeCommit ??= []).Add(work);
    }

    /// <summary>Runs after the transaction has committed, never when it rolls back: the place to wake a worker.</summary>
    public void OnCommitted(Action action) => (afterCommit ??= []).Add(action);

    public async Task<List<T>> QueryAsync<T>(
        string sql, Action<DbParameters>? bind, Func<DbDataReader, T> read, CancellationToken cancel)
    {
        var command = Command(sql, bind);
        try
        {
            var rows = new List<T>();
            await using var reader = await command.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                rows.Add(read(reader));
            }

            return rows;
        }
        finally
        {
            await ReleaseAsync(command);
        }
    }

    /// <summary>The first row, or default when there is none.</summary>
    public async Task<T?> FirstAsync<T>(
        string sql, Action<DbParameters>? bind, Func<DbDataReader, T> read, CancellationToken cancel)
    {
        var command = Command(sql, bind);
        try
        {
            await using var reader = await command.ExecuteReaderAsync(cancel);
            return await reader.ReadAsync(cancel) ? read(reader) : default;
        }
        finally
        {
            await ReleaseAsync(command);
        }
    }

    /// <returns>The number of rows changed.</returns>
    public async Task<int> ExecuteAsync(string sql, Action<DbParameters>? bind, CancellationToken cancel)
    {
        var command = Command(sql, bind);
        try
        {
            return await command.ExecuteNonQueryAsync(cancel);
        }
        finally
        {
            await ReleaseAsync(command);
        }
    }

    internal async Task CommittingAsync()
    {
        foreach (var work in beforeCommit ?? [])
        {
            await work();
        }
    }

    internal void Committed()
    {
        foreach (var action in afterCommit ?? [])
        {
            action();
        }
    }

    private DbCommand Command(string sql, Action<DbParameters>? bind)
    {
        // A statement whose reader is still open cannot be shared: the link lends it to one at a time.
        var command = link is null ? connection.CreateCommand() : link.TakeCommand(sql);
        if (link is null)
        {
            command.CommandText = sql;
        }

        command.Transaction = transaction;
        bind?.Invoke(new DbParameters(command));
        return command;
    }

    private ValueTask ReleaseAsync(DbCommand command)
    {
        if (link is null)
        {
            return command.DisposeAsync();
        }

        link.Give(command);
        return ValueTask.CompletedTask;
    }
}
