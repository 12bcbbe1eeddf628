using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Slipway.Platform.Foundation.Database;

/// <summary>SQLite allows one writer, which is <see cref="SqliteWriter"/>; reads take any of the other connections.</summary>
internal sealed class SqliteConnections : IAsyncDisposable
{
    private const int MaxReaders = 8;
    private const int WriterCacheKilobytes = 32_000;
    private const int ReaderCacheKilobytes = 4_000;

    private readonly string file;
    private readonly SqliteWriter writer;
    private readonly SemaphoreSlim reading = new(MaxReaders, MaxReaders);
    private readonly ConcurrentBag<SqliteLink> readers = [];

    public SqliteConnections(string file, TimeSpan groupTime)
    {
        this.file = file;
        writer = new SqliteWriter(() => OpenAsync(WriterCacheKilobytes, CancellationToken.None), groupTime);
    }

    public async Task<T> ReadAsync<T>(Func<DbSession, Task<T>> work, CancellationToken cancel)
    {
        await reading.WaitAsync(cancel);
        try
        {
            if (!readers.TryTake(out var link))
            {
                link = await OpenAsync(ReaderCacheKilobytes, cancel);
            }

            try
            {
                return await work(new DbSession(link, null));
            }
            finally
            {
                readers.Add(link);
            }
        }
        finally
        {
            reading.Release();
        }
    }

    public Task<T> WriteAsync<T>(Func<DbSession, Task<T>> work, CancellationToken cancel) => writer.WriteAsync(work, cancel);

    public async ValueTask DisposeAsync()
    {
        await writer.DisposeAsync();
        foreach (var link in readers)
        {
            link.Dispose();
        }

        reading.Dispose();
    }

    private async Task<SqliteLink> OpenAsync(int cacheKilobytes, CancellationToken cancel)
    {
        var text = new SqliteConnectionStringBuilder { DataSource = file, Pooling = false, DefaultTimeout = 30 };
        var connection = new SqliteConnection(text.ToString());
        await connection.OpenAsync(cancel);
        await using var pragmas = connection.CreateCommand();

        // FULL: a commit that was acknowledged survives a power cut, not only the death of the process. The log is copied
        // into the file at 16 MB: a page that many transactions change is then copied once, not once for each of them.
        pragmas.CommandText = $"""
            pragma journal_mode = wal;
            pragma synchronous = full;
            pragma wal_autocheckpoint = 4000;
            pragma foreign_keys = on;
            pragma busy_timeout = 30000;
            pragma cache_size = -{cacheKilobytes};
            pragma temp_store = memory;
            """;
        await pragmas.ExecuteNonQueryAsync(cancel);
        return new SqliteLink(connection);
    }
}
