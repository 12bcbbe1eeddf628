using System.Data.Common;
using Npgsql;

namespace Slipway.Platform.Foundation.Database;

/// <summary>
/// The metadata database: SQLite in one file, or PostgreSQL. A read sees one connection; a write is one transaction that
/// commits when the given work returns and rolls back when it throws. An acknowledged write is on disk. On SQLite, writes
/// that wait for each other share a commit, each with a savepoint of its own.
/// </summary>
public sealed class Db : IAsyncDisposable
{
    private readonly SqliteConnections? sqlite;
    private readonly NpgsqlDataSource? postgres;
    private readonly NpgsqlDataSource? sessions;

    private Db(SqliteConnections? sqlite, NpgsqlDataSource? postgres, NpgsqlDataSource? sessions)
    {
        this.sqlite = sqlite;
        this.postgres = postgres;
        this.sessions = sessions;
    }

    public DbEngine Engine => sqlite is null ? DbEngine.Postgres : DbEngine.Sqlite;

    /// <summary>
    /// The data source for what holds on to a connection of PostgreSQL: to listen, or with locks of a session; null on SQLite.
    /// What a connection held is gone when it is closed.
    /// </summary>
    internal NpgsqlDataSource? Postgres => sessions;

    /// <param name="file">Created when absent; its folder must exist.</param>
    public static Db OpenSqlite(string file) => OpenSqlite(file, SqliteWriter.MaxTime);

    /// <param name="groupTime">How long writes may gather behind the first of their transaction.</param>
    internal static Db OpenSqlite(string file, TimeSpan groupTime) => new(new SqliteConnections(file, groupTime), null, null);

    /// <param name="connectionString">An Npgsql connection string, such as <c>Host=…;Username=…;Database=…</c>.</param>
    public static Db OpenPostgres(string connectionString)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        if (builder.MaxAutoPrepare == 0)
        {
            builder.MaxAutoPrepare = 100;
        }

        // Reads and transactions leave nothing behind on a connection; to reset it all the same costs a fifth of a small read.
        var stateless = new NpgsqlConnectionStringBuilder(builder.ConnectionString) { NoResetOnClose = true };
        return new Db(null, NpgsqlDataSource.Create(stateless), NpgsqlDataSource.Create(builder));
    }

    public Task<List<T>> QueryAsync<T>(
        string sql, Action<DbParameters>? bind, Func<DbDataReader, T> read, CancellationToken cancel) =>
        ReadAsync(session => session.QueryAsync(sql, bind, read, cancel), cancel);

    public Task<T?> FirstAsync<T>(
        string sql, Action<DbParameters>? bind, Func<DbDataReader, T> read, CancellationToken cancel) =>
        ReadAsync(session => session.FirstAsync(sql, bind, read, cancel), cancel);

    /// <summary>One statement in a transaction of its own.</summary>
    public Task<int> ExecuteAsync(string sql, Action<DbParameters>? bind, CancellationToken cancel) =>
        WriteAsync(session => session.ExecuteAsync(sql, bind, cancel), cancel);

    public async Task<T> ReadAsync<T>(Func<DbSession, Task<T>> work, CancellationToken cancel)
    {
        try
        {
            if (sqlite is not null)
            {
                return await sqlite.ReadAsync(work, cancel);
            }

            await using var connection = await postgres!.OpenConnectionAsync(cancel);
            return await work(new DbSession(connection, null));
        }
        catch (DbException failure) when (DbErrors.Translate(failure) is { } translated)
        {
            throw translated;
        }
    }

    /// <summary>A read in which <see cref="IndexWalks"/> may say how rows are found.</summary>
    public Task<T> WalkAsync<T>(Func<DbSession, Task<T>> work, CancellationToken cancel) =>
        sqlite is not null ? ReadAsync(work, cancel) : WriteAsync(work, cancel);

    public async Task<T> WriteAsync<T>(Func<DbSession, Task<T>> work, CancellationToken cancel)
    {
        try
        {
            return sqlite is not null ? await sqlite.WriteAsync(work, cancel) : await WritePostgresAsync(work, cancel);
        }
        catch (DbException failure) when (DbErrors.Translate(failure) is { } translated)
        {
            throw translated;
        }
    }

    public Task WriteAsync(Func<DbSession, Task> work, CancellationToken cancel) => WriteAsync(
        async session =>
        {
            await work(session);
            return 0;
        },
        cancel);

    public async ValueTask DisposeAsync()
    {
        if (sqlite is not null)
        {
            await sqlite.DisposeAsync();
        }

        if (postgres is not null)
        {
            await postgres.DisposeAsync();
            await sessions!.DisposeAsync();
        }
    }

    private async Task<T> WritePostgresAsync<T>(Func<DbSession, Task<T>> work, CancellationToken cancel)
    {
        DbSession session;
        T result;
        await using (var connection = await postgres!.OpenConnectionAsync(cancel))
        {
            await using var transaction = await connection.BeginTransactionAsync(cancel);
            session = new DbSession(connection, transaction);
            result = await work(session);
            await session.CommittingAsync();
            await transaction.CommitAsync(cancel);
        }

        session.Committed();
        return result;
    }
}
