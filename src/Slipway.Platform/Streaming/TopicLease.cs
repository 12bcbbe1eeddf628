using Npgsql;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Streaming;

/// <summary>
/// Lets one server at a time carry a topic forward, by a lock that PostgreSQL drops with the connection. It saves work only: if
/// two servers should hold it for a moment, the offset that each commits from keeps their effects exact. SQLite has one server.
/// </summary>
internal sealed class TopicLease : IAsyncDisposable
{
    private readonly NpgsqlConnection? connection;

    private TopicLease(NpgsqlConnection? connection) => this.connection = connection;

    /// <returns>Null when another server holds it.</returns>
    public static async Task<TopicLease?> TryTakeAsync(Db db, string topic, CancellationToken cancel)
    {
        if (db.Postgres is null)
        {
            return new TopicLease(null);
        }

        var connection = await db.Postgres.OpenConnectionAsync(cancel);
        try
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "select pg_try_advisory_lock(hashtextextended(@name, 7547929))";
            command.Parameters.AddWithValue("name", $"slipway.stream:{topic}");
            if (await command.ExecuteScalarAsync(cancel) is true)
            {
                return new TopicLease(connection);
            }
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        await connection.DisposeAsync();
        return null;
    }

    /// <summary>Unlocks by name: a connection that goes back to its pool keeps its locks.</summary>
    public async ValueTask DisposeAsync()
    {
        if (connection is null)
        {
            return;
        }

        await using (connection)
        {
            if (connection.State == System.Data.ConnectionState.Open)
            {
                await using var command = connection.CreateCommand();
                command.CommandText = "select pg_advisory_unlock_all()";
                await command.ExecuteNonQueryAsync(CancellationToken.None);
            }
        }
    }
}
