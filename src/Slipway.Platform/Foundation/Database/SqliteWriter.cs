using Microsoft.Data.Sqlite;

namespace Slipway.Platform.Foundation.Database;

/// <summary>
/// The one writer of a SQLite file. Writers that wait share a transaction, each within a savepoint of its own, and one
/// commit, which is the expensive part. Each sees what those before it did, which is safe because all of them are kept or
/// none. See docs/adr/0005-group-commit.md.
/// </summary>
internal sealed class SqliteWriter(Func<Task<SqliteLink>> open, TimeSpan groupTime) : IAsyncDisposable
{
    /// <summary>A group ends after this time, or this many, so that the first of it does not wait for ever.</summary>
    public static readonly TimeSpan MaxTime = TimeSpan.FromMilliseconds(5);

    private const int MaxGroup = 256;

    private readonly Lock gate = new();
    private readonly Queue<SqliteWrite> waiting = [];
    private SqliteLink? link;
    private Task draining = Task.CompletedTask;
    private bool busy;
    private bool disposed;

    public Task<T> WriteAsync<T>(Func<DbSession, Task<T>> work, CancellationToken cancel)
    {
        if (cancel.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancel);
        }

        var write = new SqliteWrite<T>(work, cancel);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            waiting.Enqueue(write);
            if (!busy)
            {
                busy = true;

                // Not on the caller's thread: its own write would be answered only when nobody waits any more.
                draining = Task.Run(DrainAsync, CancellationToken.None);
            }
        }

        return write.Result;
    }

    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            disposed = true;
        }

        await draining;
        link?.Dispose();
    }

    private async Task DrainAsync()
    {
        while (Next(orStop: true) is { } first)
        {
            var group = new List<SqliteWrite>();
            try
            {
                link ??= await open();
                await RunGroupAsync(link, first, group);
            }
            catch (Exception failure)
            {
                // Nobody's work was kept; the first may not have joined the group yet.
                first.Fail(failure);
                group.ForEach(write => write.Fail(failure));
            }
        }
    }

    private async Task RunGroupAsync(SqliteLink on, SqliteWrite first, List<SqliteWrite> group)
    {
        // Not deferred: the write lock is taken at the start, so a transaction never fails half-way on a lock upgrade.
        using (var transaction = on.Connection.BeginTransaction(deferred: false))
        {
            var (started, tried) = (TimeProvider.System.GetTimestamp(), 0);
            var write = first;
            while (write is not null)
            {
                if (write.TryStart())
                {
                    await RunAsync(on, transaction, write, group);
                }

                write = ++tried < MaxGroup && TimeProvider.System.GetElapsedTime(started) < groupTime ? Next(orStop: false) : null;
            }

            transaction.Commit();
        }

        group.ForEach(write => write.Answer());
    }

    /// <exception cref="Exception">What the work threw, when it ended the whole transaction.</exception>
    private static async Task RunAsync(SqliteLink on, SqliteTransaction transaction, SqliteWrite write, List<SqliteWrite> group)
    {
        group.Add(write);
        on.Run("savepoint write_of_group");
        try
        {
            await write.RunAsync(new DbSession(on, transaction));
        }
        catch (Exception failure) when (!on.IsOutsideTransaction)
        {
            // Where the disk is full or broken SQLite rolls everything back by itself, and this is not reached.
            write.Refuse(failure);
            on.Run("rollback to write_of_group");
        }

        on.Run("release write_of_group");
    }

    private SqliteWrite? Next(bool orStop)
    {
        lock (gate)
        {
            if (waiting.TryDequeue(out var write))
            {
                return write;
            }

            busy = !orStop;
            return null;
        }
    }
}
