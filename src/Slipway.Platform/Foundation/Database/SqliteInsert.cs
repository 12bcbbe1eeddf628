using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Slipway.Platform.Foundation.Database;

/// <summary>
/// One statement executed many times within the session's transaction, its parameters bound by place through SQLite's own
/// interface: binding twelve of them by name costs three times what inserting the row does.
/// </summary>
public sealed class SqliteInsert : IDisposable
{
    private readonly sqlite3 connection;
    private readonly sqlite3_stmt statement;
    private byte[] buffer = new byte[512];
    private int bound;

    /// <param name="sql">With a <c>?</c> for each value.</param>
    public SqliteInsert(DbSession session, string sql)
    {
        connection = ((SqliteConnection)session.Connection).Handle!;
        Check(raw.sqlite3_prepare_v2(connection, sql, out statement));
    }

    public void Add(string? value)
    {
        if (value is null)
        {
            Check(raw.sqlite3_bind_null(statement, ++bound));
            return;
        }

        var needed = Encoding.UTF8.GetMaxByteCount(value.Length);
        if (buffer.Length < needed)
        {
            buffer = new byte[needed];
        }

        var length = Encoding.UTF8.GetBytes(value, buffer);
        Check(raw.sqlite3_bind_text(statement, ++bound, buffer.AsSpan(0, length)));
    }

    public void Add(long value) => Check(raw.sqlite3_bind_int64(statement, ++bound, value));

    public void Add(double value) => Check(raw.sqlite3_bind_double(statement, ++bound, value));

    public void Add(byte[] value) => Check(raw.sqlite3_bind_blob(statement, ++bound, value));

    /// <summary>Executes the statement with the values added since the last time.</summary>
    /// <returns>Whether a row was changed.</returns>
    public bool Execute()
    {
        bound = 0;
        var result = raw.sqlite3_step(statement);
        raw.sqlite3_reset(statement);
        Check(result == raw.SQLITE_DONE ? raw.SQLITE_OK : result);
        return raw.sqlite3_changes(connection) > 0;
    }

    public void Dispose() => statement.Dispose();

    /// <exception cref="SqliteException">Translated further by the session's owner.</exception>
    private void Check(int result) => SqliteException.ThrowExceptionForRC(result, connection);
}
