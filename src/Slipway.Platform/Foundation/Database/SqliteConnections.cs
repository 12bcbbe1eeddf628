using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Slipway.Platform.Foundation.Database;

/// <summary>
/// SQLite allows one writer: writes queue on one connection, reads take any of the others. Each connection keeps its
/// compiled statements.
/// </summary>
internal sealed class SqliteConnections(string file) : IAsyncDisposable
{
    private const int MaxReaders = 8;

    private readonly SemaphoreSlim writing = new(1, 1);
    private readonly SemaphoreSlim reading = new(MaxReaders, MaxReaders);
    private readonly ConcurrentBag<Pooled> readers = [];
    private Pooled? writer;

    public async Task<T> ReadAsync<T>(Func<DbSession, Task<T>> work, CancellationToken cancel)
    {
        await reading.WaitAsync(cancel);
        try
        {
            if (!readers.TryTake(out var pooled))
            {
                pooled = await OpenAsync(cancel);
            }

            try
            {
                return await work(new DbSession(DbEngine.Sqlite, pooled.Connection, null, pooled.Commands));
            }
            finally
            {
                readers.Add(pooled);
            }
        }
        finally
        {
            reading.Release();
        }
    }

    public async Task<T> WriteAsync<T>(Func<DbSession, Task<T>> work, CancellationToken cancel)
    {
        DbSession session;
        T result;
        await writing.WaitAsync(cancel);
        try
        {
            writer ??= await OpenAsync(cancel);

            // Not deferred: the write lock is taken at the start, so a transaction never fails half-way on a lock upgrade.
            await using var transaction = writer.Connection.BeginTransaction(deferred: false);
            session = new DbSession(DbEngine.Sqlite, writer.Connection, transaction, writer.Commands);
            result = await work(session);
            await session.CommittingAsync();
            await transaction.CommitAsync(cancel);
        }
        finally
        {
            writing.Release();
        }

        session.Committed();
        return result;
    }

    public async ValueTask DisposeAsync()
    {
        await writing.WaitAsync();
        foreach (var pooled in readers.Append(writer).OfType<Pooled>())
        {
            foreach (var command in pooled.Commands.Values)
            {
                await command.DisposeAsync();
            }

            await pooled.Connection.DisposeAsync();
        }

        writing.Dispose();
        reading.Dispose();
    }

    private async Task<Pooled> OpenAsync(CancellationToken cancel)
    {
        var text = new SqliteConnectionStringBuilder { DataSource = file, Pooling = false, DefaultTimeout = 30 };
        var connection = new SqliteConnection(text.ToString());
        await connection.OpenAsync(cancel);
        await using var pragmas = connection.CreateCommand();

        // FULL: a commit that was acknowledged survives a power cut, not only the death of the process.
        pragmas.CommandText = """
            pragma journal_mode = wal;
            pragma synchronous = full;
            pragma foreign_keys = on;
            pragma busy_timeout = 30000;
            pragma cache_size = -32000;
            pragma temp_store = memory;
            """;
        await pragmas.ExecuteNonQueryAsync(cancel);
        return new Pooled(connection, new Dictionary<string, DbCommand>(StringComparer.Ordinal));
    }

    private sealed record Pooled(SqliteConnection Connection, Dictionary<string, DbCommand> Commands);
}
