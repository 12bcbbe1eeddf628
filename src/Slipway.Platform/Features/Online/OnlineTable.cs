using System.Data.Common;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Features.Online;

/// <summary>The SQL of the online store. Newer wins within the statement, so it holds between processes too.</summary>
internal static class OnlineTable
{
    private const string Newest =
        """
        on conflict (view, entity_key) do update set
          event_time_us = excluded.event_time_us, created_us = excluded.created_us, row_bytes = excluded.row_bytes
        where (excluded.event_time_us, excluded.created_us) >= (online_features.event_time_us, online_features.created_us)
        """;

    private const string One =
        "insert into online_features (view, entity_key, event_time_us, created_us, row_bytes) values (?, ?, ?, ?, ?) "
        + Newest;

    private const string Many =
        """
        insert into online_features (view, entity_key, event_time_us, created_us, row_bytes)
        select @view, r.key, r.event, r.created, r.row from unnest(@keys, @events, @creates, @rows) as r (key, event, created, row)

        """ + Newest;

    public static Task WriteAsync(DbSession session, string view, IReadOnlyList<OnlineRow> rows, CancellationToken cancel) =>
        session.Engine == DbEngine.Postgres
            ? WriteManyAsync(session, view, OnlineRows.Winners(rows), cancel)
            : WriteEachAsync(session, view, OnlineRows.Winners(rows), cancel);

    private static Task WriteEachAsync(DbSession session, string view, OnlineRow[] rows, CancellationToken cancel)
    {
        using var insert = new SqliteStatement(session, One);
        for (var i = 0; i < rows.Length; i++)
        {
            if ((i & 0xFFF) == 0)
            {
                cancel.ThrowIfCancellationRequested();
            }

            var row = rows[i];
            insert.Add(view);
            insert.Add(row.Key);
            insert.Add(row.EventTimeUs);
            insert.Add(row.CreatedUs);
            insert.Add(row.Bytes);
            insert.Execute();
        }

        return Task.CompletedTask;
    }

    private static async Task WriteManyAsync(DbSession session, string view, OnlineRow[] rows, CancellationToken cancel)
    {
        foreach (var chunk in rows.Chunk(50_000))
        {
            await session.ExecuteAsync(
                Many,
                c => c.With("view", view).With("keys", chunk.Select(r => r.Key).ToArray())
                    .With("events", chunk.Select(r => r.EventTimeUs).ToArray()).With("creates", chunk.Select(r => r.CreatedUs).ToArray())
                    .With("rows", chunk.Select(r => r.Bytes).ToArray()),
                cancel);
        }
    }

    public static Task<List<(byte[] Key, OnlineEntry Entry)>> ReadAsync(
        DbSession session, string view, byte[][] keys, CancellationToken cancel) => session.QueryAsync(
        // One look into the index for each key, whatever the planner believes: before its first statistics of a view that was just
        // filled it would go through all of it. The limit keeps it from turning this into a join.
        """
        select found.* from unnest(@keys) as wanted (entity_key) cross join lateral (
          select entity_key, event_time_us, created_us, row_bytes from online_features
          where view = @view and online_features.entity_key = wanted.entity_key limit 1) found
        """,
        c => c.With("view", view).With("keys", keys),
        Read,
        cancel);

    public static Task<OnlineEntry?> FindAsync(DbSession session, string view, byte[] key, CancellationToken cancel) =>
        session.FirstAsync<OnlineEntry>(
            "select entity_key, event_time_us, created_us, row_bytes from online_features where view = @view and entity_key = @key",
            c => c.With("view", view).With("key", key),
            row => Read(row).Entry,
            cancel);

    public static Task<List<(byte[] Key, OnlineEntry Entry)>> PageAsync(
        DbSession session, string view, byte[]? after, int limit, CancellationToken cancel) => session.QueryAsync(
        after is null
            ? """
              select entity_key, event_time_us, created_us, row_bytes from online_features
              where view = @view order by entity_key limit @limit
              """
            : """
              select entity_key, event_time_us, created_us, row_bytes from online_features
              where view = @view and entity_key > @after order by entity_key limit @limit
              """,
        c =>
        {
            c.With("view", view).With("limit", limit);
            if (after is not null)
            {
                c.With("after", after);
            }
        },
        Read,
        cancel);

    public static Task<List<byte[]>> KeysAsync(DbSession session, string view, byte[]? after, int limit, CancellationToken cancel) =>
        session.QueryAsync(
            """
            select entity_key from online_features where view = @view and (@first or entity_key > @after) order by entity_key limit @limit
            """,
            c => c.With("view", view).With("first", after is null).With("after", after ?? []).With("limit", limit),
            row => row.GetFieldValue<byte[]>(0),
            cancel);

    /// <param name="upToUs">A row of a later event time stays.</param>
    public static Task<int> DeleteAsync(DbSession session, string view, byte[] key, long upToUs, CancellationToken cancel) => session.ExecuteAsync(
        "delete from online_features where view = @view and entity_key = @key and event_time_us <= @until",
        c => c.With("view", view).With("key", key).With("until", upToUs),
        cancel);

    private static (byte[] Key, OnlineEntry Entry) Read(DbDataReader row) =>
        (row.GetFieldValue<byte[]>(0), new OnlineEntry(row.GetInt64(1), row.GetInt64(2), row.GetFieldValue<byte[]>(3)));
}
