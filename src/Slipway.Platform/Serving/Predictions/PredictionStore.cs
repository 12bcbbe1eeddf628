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
        LoggedPrediction[] predictions = [.. entries.SelectMany(e => e.Predictions)];
        FailedPrediction[] failures = [.. entries.SelectMany(e => e.Failures)];
        var added = session.Engine == DbEngine.Postgres
            ? await InsertArraysAsync(session, predictions, cancel)
            : await InsertRowsAsync(session, predictions, cancel);
        var tally = new TrafficTally(entries.Where(e => e.CountKeys).SelectMany(Endpoints));
        for (var i = 0; i < predictions.Length; i++)
        {
            if (added[i])
            {
                var p = predictions[i];
                await tally.AddAsync(session, p.Endpoint, p.Revision, p.Role, p.Key, failed: false, cancel);
            }
        }

        foreach (var f in failures)
        {
            if (await InsertFailureAsync(session, f, cancel) > 0)
            {
                await tally.AddAsync(session, f.Endpoint, f.Revision, f.Role, f.Key, failed: true, cancel);
            }
        }

        await tally.SaveAsync(session, cancel);
    }

    private static IEnumerable<(string, long)> Endpoints(LogEntry entry) =>
        entry.Predictions.Select(p => (p.Endpoint, p.Revision)).Concat(entry.Failures.Select(f => (f.Endpoint, f.Revision))).Distinct();

    /// <summary>SQLite: one compiled statement, row by row in the one transaction.</summary>
    /// <returns>For each row whether it was new.</returns>
    private static async Task<bool[]> InsertRowsAsync(DbSession session, LoggedPrediction[] rows, CancellationToken cancel)
    {
        var added = new bool[rows.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            var row = rows[i];
            added[i] = await session.ExecuteAsync(
                $"""
                insert into predictions ({Columns})
                values (@id, @endpoint, @revision, @version, @role, @event, @created, @score, @label, @features, @latency, @key)
                on conflict (id) do nothing
                """,
                c => c.With("id", row.Id).With("endpoint", row.Endpoint).With("revision", row.Revision).With("version", row.Version)
                    .With("role", NameOf(row.Role)).With("event", row.EventTimeUs).With("created", row.CreatedMs)
                    .With("score", row.Score).With("label", row.Label).With("features", row.Features)
                    .With("latency", row.LatencyUs).With("key", row.Key),
                cancel) > 0;
        }

        return added;
    }

    /// <summary>PostgreSQL: one statement for all rows, one array per column.</summary>
    /// <returns>For each row whether it was new.</returns>
    private static async Task<bool[]> InsertArraysAsync(DbSession session, LoggedPrediction[] rows, CancellationToken cancel)
    {
        var ids = await session.QueryAsync(
            $"""
            insert into predictions ({Columns})
            select * from unnest(@ids, @endpoints, @revisions, @versions, @roles, @events, @createds, @scores, @labels, @features,
              @latencies, cast(@keys as text[]))
            on conflict (id) do nothing
            returning id
            """,
            c => c.With("ids", rows.Select(r => r.Id).ToArray()).With("endpoints", rows.Select(r => r.Endpoint).ToArray())
                .With("revisions", rows.Select(r => r.Revision).ToArray()).With("versions", rows.Select(r => r.Version).ToArray())
                .With("roles", rows.Select(r => NameOf(r.Role)).ToArray()).With("events", rows.Select(r => r.EventTimeUs).ToArray())
                .With("createds", rows.Select(r => r.CreatedMs).ToArray()).With("scores", rows.Select(r => r.Score).ToArray())
                .With("labels", rows.Select(r => r.Label).ToArray()).With("features", rows.Select(r => r.Features).ToArray())
                .With("latencies", rows.Select(r => r.LatencyUs).ToArray()).With("keys", rows.Select(r => r.Key).ToArray()),
            row => row.GetString(0),
            cancel);
        var added = ids.ToHashSet(StringComparer.Ordinal);
        return [.. rows.Select(row => added.Remove(row.Id))];
    }

    private static Task<int> InsertFailureAsync(DbSession session, FailedPrediction row, CancellationToken cancel) =>
        session.ExecuteAsync(
            $"""
            insert into prediction_failures ({FailureColumns})
            values (@id, @endpoint, @revision, @version, @role, @created, @reason)
            on conflict (id) do nothing
            """,
            c => c.With("id", row.Id).With("endpoint", row.Endpoint).With("revision", row.Revision).With("version", row.Version)
                .With("role", NameOf(row.Role)).With("created", row.CreatedMs).With("reason", row.Reason),
            cancel);
}
