using System.Data.Common;
using System.Text;
using System.Text.Json;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

internal static class MetricStore
{
    private const string Columns = "key, step, ts_ms, kind, value";

    private const string FromJson =
        "select @run, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 from json_each(@points) where true";

    private const string FromArrays =
        """
        select @run, p.key, p.step, p.ts, p.kind, p.value
        from unnest(@keys, @steps, @times, @kinds, @values) as p (key, step, ts, kind, value)
        """;

    private const string KeepLater =
        """
        on conflict (run_id, key) do update
        set step = excluded.step, ts_ms = excluded.ts_ms, kind = excluded.kind, value = excluded.value
        where (excluded.step, excluded.ts_ms, excluded.kind, excluded.value)
          > (latest_metrics.step, latest_metrics.ts_ms, latest_metrics.kind, latest_metrics.value)
        """;

    /// <summary>Adds the points that are not there yet and moves the latest value of each key forward.</summary>
    public static async Task AddAsync(DbSession session, string run, IReadOnlyList<MetricPoint> points, CancellationToken cancel)
    {
        // Sorted, so that two writers of the same keys lock them in the same order.
        List<MetricRow> rows = [.. points.Select(MetricRow.Of).Order()];
        var latest = rows.GroupBy(row => row.Key, StringComparer.Ordinal).Select(group => group.Last()).ToList();
        var (source, bind) = session.Engine == DbEngine.Postgres
            ? (FromArrays, (Func<List<MetricRow>, Action<DbParameters>>)(r => Arrays(run, r)))
            : (FromJson, r => Document(run, r));
        await session.ExecuteAsync(
            $"insert into metrics (run_id, {Columns}) {source} on conflict do nothing", bind(rows), cancel);
        await session.ExecuteAsync(
            $"insert into latest_metrics (run_id, {Columns}) {source} {KeepLater}", bind(latest), cancel);
    }

    public static Task<List<(string Run, MetricPoint Point)>> LatestAsync(
        DbSession session, string[] runs, CancellationToken cancel) => session.QueryAsync(
        $"select {Columns}, run_id from latest_metrics where run_id {RunSet.Sql(session)} order by key",
        RunSet.Bind(session, runs),
        row => (row.GetString(5), Read(row).ToPoint()),
        cancel);

    /// <summary>By step, time and value, after the given row.</summary>
    public static Task<List<MetricRow>> HistoryAsync(
        DbSession session, string run, MetricRow after, int max, CancellationToken cancel) => session.QueryAsync(
        $"""
        select {Columns} from metrics
        where run_id = @run and key = @key and (step, ts_ms, kind, value) > (@step, @ts, @kind, @value)
        order by step, ts_ms, kind, value limit @max
        """,
        c => c.With("run", run).With("key", after.Key).With("step", after.Step).With("ts", after.TimestampMs)
            .With("kind", after.Kind).With("value", after.Value).With("max", max),
        Read,
        cancel);

    private static Action<DbParameters> Arrays(string run, List<MetricRow> rows) => c => c.With("run", run)
        .With("keys", rows.Select(r => r.Key).ToArray()).With("steps", rows.Select(r => r.Step).ToArray())
        .With("times", rows.Select(r => r.TimestampMs).ToArray()).With("kinds", rows.Select(r => r.Kind).ToArray())
        .With("values", rows.Select(r => r.Value).ToArray());

    private static Action<DbParameters> Document(string run, List<MetricRow> rows)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var row in rows)
            {
                json.WriteStartArray();
                json.WriteStringValue(row.Key);
                json.WriteNumberValue(row.Step);
                json.WriteNumberValue(row.TimestampMs);
                json.WriteNumberValue(row.Kind);
                json.WriteNumberValue(row.Value);
                json.WriteEndArray();
            }

            json.WriteEndArray();
        }

        var text = Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
        return c => c.With("run", run).With("points", text);
    }

    private static MetricRow Read(DbDataReader row) =>
        new(row.GetString(0), row.GetInt64(1), row.GetInt64(2), row.GetInt32(3), row.GetDouble(4));
}
