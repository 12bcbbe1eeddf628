using Slipway.Platform.Foundation.Database;
using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests;

/// <summary>A database that cannot be used is refused in one line that names it, and is left as it was.</summary>
public sealed class DatabaseFaultTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(4096)]
    public async Task A_corrupt_database_is_refused_and_left_as_it_was(int intactBytes)
    {
        await using var server = await StoppedAsync();
        var file = FileOf(server);
        var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        new Random(7).NextBytes(bytes.AsSpan(intactBytes));
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);

        await RefusedAsync(server, $"{file}: The database file is corrupt or not a SQLite database; restore it from a backup.");

        Assert.Equal(bytes, await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_database_newer_than_the_program_is_refused()
    {
        await using var server = await StoppedAsync();
        await ExecuteAsync(
            server, "insert into schema_migrations (module, number, name, checksum, applied_ms) values ('Access', 9000, 'later', 'x', 1)");

        await RefusedAsync(
            server,
            $"{FileOf(server)}: The database is newer than this program: it has migration Access/9000_later. Run a newer Slipway.");
    }

    [Fact]
    public async Task A_migration_that_was_edited_after_it_ran_is_refused()
    {
        await using var server = await StoppedAsync();
        await ExecuteAsync(server, "update schema_migrations set checksum = 'another' where module = 'Foundation' and number = 1");

        await RefusedAsync(server, "was changed after it ran on this database. Run the Slipway that created it.");
    }

    /// <summary>A server that has created its database and stopped.</summary>
    private static async Task<SlipwayServer> StoppedAsync()
    {
        var server = await SlipwayServer.StartAsync();
        Assert.Equal(0, await server.StopAsync());
        return server;
    }

    private static string FileOf(SlipwayServer server) => Path.Combine(server.DataDirectory, "slipway.db");

    private static async Task ExecuteAsync(SlipwayServer server, string sql)
    {
        await using var db = Db.OpenSqlite(FileOf(server));
        Assert.Equal(1, await db.ExecuteAsync(sql, null, TestContext.Current.CancellationToken));
    }

    private static async Task RefusedAsync(SlipwayServer server, string expected)
    {
        var result = await SlipwayProcess.RunAsync(
            ["serve", "--data", server.DataDirectory, "--urls", "http://127.0.0.1:0", "--grpc-urls", "http://127.0.0.1:0"],
            server.Folder.FullPath);

        Assert.Contains(expected, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.Equal(1, result.ExitCode);
        Assert.Equal("", result.Output);
    }
}
