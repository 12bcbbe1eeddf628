using Microsoft.Data.Sqlite;
using Npgsql;
using Slipway.Configuration;

namespace Slipway.Doctor;

/// <summary>Whether the configured database answers: PostgreSQL when there is a connection string, else the SQLite file.</summary>
internal static class DatabaseCheck
{
    private const int OldestPostgres = 13;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static Task<Finding> RunAsync(SlipwayOptions options, CancellationToken cancel) => options.Database is { } connection
        ? PostgresAsync(connection, cancel)
        : SqliteAsync(options.SqliteFile, cancel);

    private static async Task<Finding> PostgresAsync(string text, CancellationToken cancel)
    {
        var settings = new NpgsqlConnectionStringBuilder(text) { Timeout = (int)Patience.TotalSeconds, Pooling = false };
        var name = $"PostgreSQL database '{settings.Database ?? settings.Username}' at {settings.Host}:{settings.Port}";
        try
        {
            await using var connection = new NpgsqlConnection(settings.ConnectionString);
            await connection.OpenAsync(cancel);
            var found = $"{name}, version {connection.PostgreSqlVersion}";
            return connection.PostgreSqlVersion.Major < OldestPostgres
                ? Finding.Fail(found, $"use PostgreSQL {OldestPostgres} or newer")
                : Finding.Ok(found);
        }
        catch (Exception error) when (error is NpgsqlException or TimeoutException or IOException)
        {
            return Finding.Fail(
                $"{name} does not answer: {error.Message.ReplaceLineEndings(" ")}",
                "check that it runs, and host, port, database, user and password in --database or SLIPWAY_DATABASE");
        }
    }

    private static async Task<Finding> SqliteAsync(string file, CancellationToken cancel)
    {
        if (!File.Exists(file))
        {
            return Finding.Ok($"SQLite file {file} (to be created)");
        }

        try
        {
            var settings = new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly, Pooling = false };
            await using var connection = new SqliteConnection(settings.ConnectionString);
            await connection.OpenAsync(cancel);
            await using var command = connection.CreateCommand();
            command.CommandText = "pragma quick_check(1)";
            var answer = (string?)await command.ExecuteScalarAsync(cancel);
            return answer == "ok"
                ? Finding.Ok($"SQLite file {file}, {ByteSize.Format(new FileInfo(file).Length)}, intact")
                : Finding.Fail($"SQLite file {file} is damaged: {answer}", "restore it from a backup, or move it away to start afresh");
        }
        catch (SqliteException error)
        {
            return Finding.Fail(
                $"SQLite file {file} cannot be read: {error.Message}", "restore it from a backup, or move it away to start afresh");
        }
    }
}
