using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>Points that measure a logged model, which are its metrics beside being those of the run.</summary>
internal static class ModelMetricStore
{
    private const string Columns = "model_id, run_id, key, step, ts_ms, kind, value, dataset_name, dataset_digest";

    /// <summary>The logged models that points of the batch measure, each once.</summary>
    public static IEnumerable<string> ModelsOf(LogBatch batch) => batch.Metrics is { } points && points.Any(Measures)
        ? points.Where(Measures).Select(point => point.ModelId!).Distinct(StringComparer.Ordinal)
        : [];

    /// <param name="entries">Whose writers may write into the logged models.</param>
    public static async Task AddAsync(DbSession session, IReadOnlyList<LoggedCall> entries, CancellationToken cancel)
    {
        var points = entries
            .SelectMany(entry => (entry.Batch.Metrics ?? []).Where(Measures).Select(point => (entry.RunId, Point: point)))
            .OrderBy(p => p.Point.ModelId, StringComparer.Ordinal).ThenBy(p => MetricRow.Of(p.Point)).ToList();
        if (session.Engine == DbEngine.Sqlite)
        {
            AddSqlite(session, points);
        }
        else if (points.Count > 0)
        {
            await AddPostgresAsync(session, points, cancel);
        }
    }

    private static bool Measures(MetricPoint point) => !string.IsNullOrEmpty(point.ModelId);

    private static void AddSqlite(DbSession session, List<(string RunId, MetricPoint Point)> points)
    {
        using var insert = new SqliteStatement(session, $"insert into logged_model_metrics ({Columns}) values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing");
        foreach (var (run, point) in points)
        {
            var row = MetricRow.Of(point);
            insert.Add(point.ModelId);
            insert.Add(run);
            insert.Add(row.Key);
            insert.Add(row.Step);
            insert.Add(row.TimestampMs);
            insert.Add(row.Kind);
            insert.Add(row.Value);
            insert.Add(point.DatasetName ?? "");
            insert.Add(point.DatasetDigest ?? "");
            insert.Execute();
        }
    }

    private static Task AddPostgresAsync(DbSession session, List<(string RunId, MetricPoint Point)> points, CancellationToken cancel)
    {
        var rows = points.Select(p => MetricRow.Of(p.Point)).ToList();
        return session.ExecuteAsync(
            $"""
            insert into logged_model_metrics ({Columns})
            select * from unnest(@models, @runs, @keys, @steps, @times, @kinds, @values, @names, @digests) on conflict do nothing
            """,
            c => c.With("models", points.Select(p => p.Point.ModelId!).ToArray()).With("runs", points.Select(p => p.RunId).ToArray())
                .With("keys", rows.Select(r => r.Key).ToArray()).With("steps", rows.Select(r => r.Step).ToArray())
                .With("times", rows.Select(r => r.TimestampMs).ToArray()).With("kinds", rows.Select(r => r.Kind).ToArray())
                .With("values", rows.Select(r => r.Value).ToArray())
                .With("names", points.Select(p => p.Point.DatasetName ?? "").ToArray())
                .With("digests", points.Select(p => p.Point.DatasetDigest ?? "").ToArray()),
            cancel);
    }
}
