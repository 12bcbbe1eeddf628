using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;
using Slipway.Core.Errors;

namespace Slipway.Platform.Foundation.Database;

public static class DbErrors
{
    private const int SqliteReadOnly = 8;
    private const int SqliteIoError = 10;
    private const int SqliteCorrupt = 11;
    private const int SqliteFull = 13;
    private const int SqliteCannotOpen = 14;
    private const int SqliteNotADatabase = 26;
    private const int SqliteBusy = 5;

    /// <summary>True when a unique or primary key already holds the value.</summary>
    public static bool IsDuplicate(DbException failure) => failure switch
    {
        // 1555 is a primary key, 2067 a unique index.
        SqliteException sqlite => sqlite.SqliteExtendedErrorCode is 1555 or 2067,
        PostgresException postgres => postgres.SqlState == PostgresErrorCodes.UniqueViolation,
        _ => false,
    };

    /// <summary>An error the operator can act on, or null for a bug in our SQL.</summary>
    internal static SlipwayException? Translate(DbException failure) => failure switch
    {
        SqliteException sqlite => Translate(sqlite),
        PostgresException { SqlState: PostgresErrorCodes.CharacterNotInRepertoire } =>
            SlipwayException.Invalid("A text holds a NUL character, which the database cannot store."),
        PostgresException { SqlState: "53100" } full => Unavailable("The disk of the PostgreSQL server is full.", full),
        PostgresException { IsTransient: true } transient => Unavailable($"PostgreSQL is busy: {transient.MessageText}", transient),
        PostgresException postgres when postgres.SqlState.StartsWith("28", StringComparison.Ordinal)
            || postgres.SqlState.StartsWith("3D", StringComparison.Ordinal)
            || postgres.SqlState.StartsWith("57P", StringComparison.Ordinal)
            => Unavailable($"PostgreSQL refused the connection: {postgres.MessageText}.", postgres),
        PostgresException => null,
        NpgsqlException network => Unavailable($"PostgreSQL cannot be reached: {network.Message}", network),
        _ => null,
    };

    private static SlipwayException? Translate(SqliteException failure)
    {
        var reason = failure.SqliteErrorCode switch
        {
            SqliteFull => "The disk that holds the database is full; free some space, nothing was written.",
            SqliteReadOnly => "The database file cannot be written; check its permissions and those of its folder.",
            SqliteIoError => "The disk that holds the database reported an error; nothing was written.",
            SqliteCorrupt or SqliteNotADatabase => "The database file is corrupt or not a SQLite database; restore it from a backup.",
            SqliteCannotOpen => "The database file cannot be opened; check that its folder exists and can be written.",
            SqliteBusy => "Another process holds the database; try again.",
            _ => null,
        };
        return reason is null ? null : Unavailable(reason, failure);
    }

    private static SlipwayException Unavailable(string message, Exception inner) => new(ErrorKind.Unavailable, message, inner);
}
