using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Serving.Predictions;

/// <summary>Writes the log. An id that is there already changes nothing, neither in the log nor in the counts beside it.</summary>
internal static class PredictionStore
{
    private const string Columns =
        "id, endpoint, revision, model_version, role, event_time_us, created_ms, score, label, features, latency_us, routing_key";

    private const string FailureColumns = "id, endpoint, revision, model_version, role, created_ms, reason";

    private static readonly string[] RoleNames = ["champion", "challenger", "pinned", "fallback"];

    public static string NameOf(VariantRole role) => RoleNames[(int)role];

    public static VariantRole RoleOf(string name) => (VariantRole)Array.IndexOf(RoleNames, name);

    public static async Task InsertAsync(DbSession session, IReadOnlyList<LogEntry> entries, CancellationToken cancel)
    {
        (LogEntry Of, LoggedPrediction Row)[] rows = [.. entries.SelectMany(entry => entry.Predictions, (entry, row) => (entry, row))];
        var added = session.Engine == DbEngine.Postgres
            ? await InsertArraysAsync(session, rows, cancel)
            : InsertRows(session, rows);
        var tally = new TrafficTally();
        for (var i = 0; i < rows.Length; i++)
        {
            if (added[i])
            {
                await tally.AddAsync(session, rows[i].Of, rows[i].Row.Role, rows[i].Row.Key, failed: false, cancel);
            }
        }

        foreach (var (entry, failure) in entries.SelectMany(entry => entry.Failures, (entry, failure) => (entry, failure)))
        {
            if (await InsertFailureAsync(session, entry, failure, cancel) > 0)
            {
                await tally.AddAsync(session, entry, failure.Role, failure.Key, failed: true, cancel);
            }
        }

        await tally.SaveAsync(session, cancel);
    }

    /// <summary>SQLite: one compiled statement, row by row in the one transaction.</summary>
    /// <returns>For each row whether it was new.</returns>
    private static bool[] InsertRows(DbSession session, (LogEntry Of, LoggedPrediction Row)[] rows)
    {
        using var insert = new SqliteStatement(
            session, $"insert into predictions ({Columns}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing");
        return Array.ConvertAll(rows, given =>
        {
            var (entry, row) = given;
            insert.Add(row.Id);
            insert.Add(entry.Endpoint);
            insert.Add(entry.Revision);
            insert.Add(row.Version);
            insert.Add(NameOf(row.Role));
            insert.Add(row.EventTimeUs);
            insert.Add(row.CreatedMs);
            insert.Add(row.Score);
            insert.Add(row.Label ? 1 : 0);
            insert.Add(row.Features);
            insert.Add(row.LatencyUs);
            insert.Add(row.Key);
            return insert.Execute();
        });
    }

    /// <summary>PostgreSQL: one statement for all rows, one array per column.</summary>
    /// <returns>For each row whether it was new.</returns>
    private static async Task<bool[]> InsertArraysAsync(DbSession session, (LogEntry Of, LoggedPrediction Row)[] rows, CancellationToken cancel)
    {
        var ids = await session.QueryAsync(
            $"""
            insert into predictions ({Columns})
            select * from unnest(@ids, @endpoints, @revisions, @versions, @roles, @events, @createds, @scores, @labels, @features,
              @latencies, cast(@keys as text[]))
            on conflict (id) do nothing
            returning id
            """,
            c => c.With("ids", All(row => row.Id)).With("endpoints", Array.ConvertAll(rows, r => r.Of.Endpoint))
                .With("revisions", Array.ConvertAll(rows, r => r.Of.Revision)).With("versions", All(row => row.Version))
                .With("roles", All(row => NameOf(row.Role))).With("events", All(row => row.EventTimeUs))
                .With("createds", All(row => row.CreatedMs)).With("scores", All(row => row.Score)).With("labels", All(row => row.Label))
                .With("features", All(row => row.Features)).With("latencies", All(row => row.LatencyUs)).With("keys", All(row => row.Key)),
            row => row.GetString(0),
            cancel);
        var added = ids.ToHashSet(StringComparer.Ordinal);
        return Array.ConvertAll(rows, row => added.Remove(row.Row.Id));

        T[] All<T>(Func<LoggedPrediction, T> value) => Array.ConvertAll(rows, row => value(row.Row));
    }

    private static Task<int> InsertFailureAsync(DbSession session, LogEntry entry, FailedPrediction row, CancellationToken cancel) =>
        session.ExecuteAsync(
            $"""
            insert into prediction_failures ({FailureColumns})
            values (@id, @endpoint, @revision, @version, @role, @created, @reason)
            on conflict (id) do nothing
            """,
            c => c.With("id", row.Id).With("endpoint", entry.Endpoint).With("revision", entry.Revision).With("version", row.Version)
                .With("role", NameOf(row.Role)).With("created", row.CreatedMs).With("reason", row.Reason),
            cancel);
}
