using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Database;
using Slipway.TestKit;

namespace Slipway.Tests.Foundation;

public abstract class MigratorContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private static readonly Migration Fruit = new("Tests", 1, "fruit", "create table fruit (id bigint primary key)");
    private static readonly Migration Broken = new("Tests", 2, "broken", "create table half (id bigint); insert into nowhere values (1)");

    private static IReadOnlyList<Migration> With(params Migration[] more) => [.. Migrator.Embedded(), .. more];

    [Fact]
    public async Task Migrating_again_does_nothing()
    {
        Assert.Equal(0, await new Migrator(Db, Time).MigrateAsync(Cancel));
    }

    [Fact]
    public async Task A_migration_that_fails_leaves_nothing_and_stops_the_start()
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(() => new Migrator(Db, Time).MigrateAsync(With(Fruit, Broken), Cancel));
        Assert.Contains("Tests/0002_broken", error.Message, StringComparison.Ordinal);

        // Fruit stands, half of Broken does not: the same table can be made again.
        await Db.ExecuteAsync("insert into fruit (id) values (1)", null, Cancel);
        await Db.ExecuteAsync("create table half (id bigint)", null, Cancel);
    }

    [Fact]
    public async Task A_database_from_a_newer_program_is_refused()
    {
        await new Migrator(Db, Time).MigrateAsync(With(Fruit), Cancel);
        var error = await Assert.ThrowsAsync<SlipwayException>(() => new Migrator(Db, Time).MigrateAsync(Cancel));
        Assert.Equal(ErrorKind.FailedPrecondition, error.Kind);
        Assert.Contains("newer than this program", error.Message, StringComparison.Ordinal);
        Assert.Contains("Tests/0001_fruit", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_migration_that_was_edited_after_it_ran_is_refused()
    {
        await new Migrator(Db, Time).MigrateAsync(With(Fruit), Cancel);
        var edited = Fruit with { Sql = "create table fruit (id text primary key)" };
        var error = await Assert.ThrowsAsync<SlipwayException>(() => new Migrator(Db, Time).MigrateAsync(With(edited), Cancel));
        Assert.Contains("was changed after it ran", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Servers_that_start_together_migrate_once()
    {
        await using var other = OpenAgain();
        var counts = await Task.WhenAll(
            Task.Run(() => new Migrator(Db, Time).MigrateAsync(With(Fruit), Cancel)),
            Task.Run(() => new Migrator(other, Time).MigrateAsync(With(Fruit), Cancel)));
        Assert.Equal(1, counts.Sum());
    }
}

public sealed class MigratorOnSqlite() : MigratorContract(null);

public sealed class MigratorOnPostgres(PostgresServer postgres) : MigratorContract(postgres);
