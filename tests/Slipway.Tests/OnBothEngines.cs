using Microsoft.Extensions.Time.Testing;
using Slipway.Platform.Foundation.Database;
using Slipway.TestKit;

namespace Slipway.Tests;

/// <summary>
/// A contract that holds on SQLite and on PostgreSQL: derive one abstract class that holds the tests, and two sealed ones
/// that pass <see cref="Sqlite"/> or <see cref="Postgres"/>. Each test has a migrated database and a folder of its own.
/// </summary>
public abstract class OnBothEngines(PostgresServer? postgres) : IAsyncLifetime
{
    protected Db Db { get; private set; } = null!;

    protected TempFolder Folder { get; } = new();

    /// <summary>Starts at 2026-01-01T00:00:00Z and moves only by hand.</summary>
    protected FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string? connection;

    public async ValueTask InitializeAsync()
    {
        if (postgres is not null)
        {
            connection = await postgres.CreateDatabaseAsync(MigrateAsync, Cancel);
        }

        Db = OpenAgain();
        if (postgres is null)
        {
            await new Migrator(Db, Time).MigrateAsync(Cancel);
        }

        await PrepareAsync();
    }

    private async Task MigrateAsync(string empty, CancellationToken cancel)
    {
        await using var db = Db.OpenPostgres(empty);
        await new Migrator(db, Time).MigrateAsync(cancel);
    }

    /// <summary>A second, independent opening of the same database, as another process would have it.</summary>
    protected Db OpenAgain() => connection is null ? Db.OpenSqlite(Folder.Combine("slipway.db")) : Db.OpenPostgres(connection);

    protected virtual Task PrepareAsync() => Task.CompletedTask;

    /// <summary>Before the database is closed.</summary>
    protected virtual Task CleanUpAsync() => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await CleanUpAsync();
        if (Db is not null)
        {
            await Db.DisposeAsync();
        }

        Folder.Dispose();
        GC.SuppressFinalize(this);
    }
}
