using System.Data.Common;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>Points of one run on their way into <see cref="MetricStore"/>.</summary>
internal sealed record RunPoints(long ExperimentId, string RunId, List<MetricRow> Points);

/// <summary>All points, sorted by run, key and step, and the latest of each run and key.</summary>
internal static class MetricStore
{
    private const string Columns = "key, step, ts_ms, kind, value";

    private const string KeepLater =
        """
        on conflict (run_id, key) do update
        set step = excluded.step, ts_ms = excluded.ts_ms, kind = excluded.kind, value = excluded.value
        where (excluded.step, excluded.ts_ms, excluded.kind, excluded.value)
          > (latest_metrics.step, latest_metrics.ts_ms, latest_metrics.kind, latest_metrics.value)
        """;

    /// <summary>Adds the points that are not there yet and moves the latest value of each key forward.</summary>
    public static async Task AddAsync(DbSession session, IReadOnlyList<RunPoints> runs, CancellationToken cancel)
    {
        // Sorted, so that two writers of the same keys lock them in the same order.
        foreach (var run in runs)
        {
            run.Points.Sort();
        }

        List<RunPoints> latest = [.. runs.Select(run => run with { Points = Latest(run.Points) })];
        if (session.Engine == DbEngine.Sqlite)
        {
            AddSqlite(session, runs, latest);
        }
        else if (runs.Count > 0)
        {
            await AddPostgresAsync(session, runs, latest, cancel);
        }
    }

    /// <param name="sorted">By key and then the order that decides which point is the latest.</param>
    public static List<MetricRow> Latest(List<MetricRow> sorted)
    {
        var latest = new List<MetricRow>();
        for (var i = 0; i < sorted.Count; i++)
        {
            if (i + 1 == sorted.Count || sorted[i].Key != sorted[i + 1].Key)
            {
                latest.Add(sorted[i]);
            }
        }

        return latest;
    }

    /// <summary>By step, time and value, after the given row and up to a step.</summary>
    public static Task<List<MetricRow>> HistoryAsync(
        DbSession session, string run, MetricRow after, long lastStep, int max, CancellationToken cancel) => session.QueryAsync(
        $"""
        select {Columns} from metrics
        where run_id = @run and key = @key and (step, ts_ms, kind, value) > (@step, @ts, @kind, @value) and step <= @last
        order by step, ts_ms, kind, value limit @max
        """,
        c => c.With("run", run).With("key", after.Key).With("step", after.Step).With("ts", after.TimestampMs)
            .With("kind", after.Kind).With("value", after.Value).With("last", lastStep).With("max", max),
        Read,
        cancel);

    /// <summary>
    /// The points of <paramref name="max"/> steps: the first, the last, and of the n steps those i where ⌊i·(max − 1) / (n − 1)⌋
    /// grows, which lie evenly between them.
    /// </summary>
    public static async Task<List<MetricRow>> SampleAsync(
        DbSession session, string run, string key, (long First, long Last) range, int max, CancellationToken cancel)
    {
        const string points = "from metrics where run_id = @run and key = @key and step between @first and @last";
        DbParameters Bind(DbParameters c) => c.With("run", run).With("key", key).With("first", range.First).With("last", range.Last);
        var steps = await session.FirstAsync($"select count(distinct step) {points}", c => Bind(c), row => row.GetInt64(0), cancel);
        return await session.QueryAsync(
            $"""
            select {Columns} from (select {Columns}, dense_rank() over (order by step) - 1 as i {points}) as ranked
            where @steps <= @max or i = 0 or i = @steps - 1 or i * (@max - 1) / (@steps - 1) > (i - 1) * (@max - 1) / (@steps - 1)
            order by step, ts_ms, kind, value
            """,
            c => Bind(c).With("steps", Math.Max(2, steps)).With("max", (long)max),
            Read,
            cancel);
    }

    public static MetricRow Read(DbDataReader row) =>
        new(row.GetString(0), row.GetInt64(1), row.GetInt64(2), row.GetInt32(3), row.GetDouble(4));

    private static void AddSqlite(DbSession session, IReadOnlyList<RunPoints> runs, List<RunPoints> latest)
    {
        using (var insert = new SqliteStatement(
            session, "insert into metrics (run_id, key, step, ts_ms, kind, value) values (?, ?, ?, ?, ?, ?) on conflict do nothing"))
        {
            foreach (var (run, point) in runs.SelectMany(run => run.Points.Select(point => (run, point))))
            {
                insert.Add(run.RunId);
                insert.Add(point.Key);
                AddValues(insert, point);
            }
        }

        using var upsert = new SqliteStatement(
            session,
            $"insert into latest_metrics (run_id, key, experiment_id, step, ts_ms, kind, value) values (?, ?, ?, ?, ?, ?, ?) {KeepLater}");
        foreach (var (run, point) in latest.SelectMany(run => run.Points.Select(point => (run, point))))
        {
            upsert.Add(run.RunId);
            upsert.Add(point.Key);
            upsert.Add(run.ExperimentId);
            AddValues(upsert, point);
        }
    }

    private static void AddValues(SqliteStatement statement, MetricRow point)
    {
        statement.Add(point.Step);
        statement.Add(point.TimestampMs);
        statement.Add(point.Kind);
        statement.Add(point.Value);
        statement.Execute();
    }

    private static async Task AddPostgresAsync(
        DbSession session, IReadOnlyList<RunPoints> runs, List<RunPoints> latest, CancellationToken cancel)
    {
        const string from = "from unnest(@experiments, @runs, @keys, @steps, @times, @kinds, @values) as p (experiment, run, key, step, ts, kind, value)";
        await session.ExecuteAsync(
            $"""
            insert into metrics (run_id, {Columns}) select p.run, p.key, p.step, p.ts, p.kind, p.value {from}
            on conflict do nothing
            """,
            Arrays(runs),
            cancel);
        await session.ExecuteAsync(
            $"""
            insert into latest_metrics (experiment_id, run_id, {Columns}) select * {from} {KeepLater}
            """,
            Arrays(latest),
            cancel);
    }

    private static Action<DbParameters> Arrays(IReadOnlyList<RunPoints> runs)
    {
        var rows = runs.SelectMany(run => run.Points.Select(point => (run.ExperimentId, run.RunId, Point: point))).ToList();
        return c => c.With("experiments", rows.Select(r => r.ExperimentId).ToArray()).With("runs", rows.Select(r => r.RunId).ToArray())
            .With("keys", rows.Select(r => r.Point.Key).ToArray()).With("steps", rows.Select(r => r.Point.Step).ToArray())
            .With("times", rows.Select(r => r.Point.TimestampMs).ToArray()).With("kinds", rows.Select(r => r.Point.Kind).ToArray())
            .With("values", rows.Select(r => r.Point.Value).ToArray());
    }
}
