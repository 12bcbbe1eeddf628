using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>Runs of a page as SQLite gives them fastest: what each has logged is a range of a primary key, read by itself.</summary>
internal static class ProbedRuns
{
    /// <returns>The runs in the order of the ids, without what they are linked to, and whether any is.</returns>
    public static async Task<(List<RunDetail> Runs, bool Linked)> LoadAsync(DbSession session, string[] ids, CancellationToken cancel)
    {
        var found = (await RunStore.FindAsync(session, ids, cancel)).ToDictionary(run => run.Id, StringComparer.Ordinal);
        var keys = new KeyCache();
        using var metrics = new SqliteStatement(session, "select key, step, ts_ms, kind, value from latest_metrics where run_id = ? order by key");
        using var values = new SqliteStatement(session, "select key, value from run_params where run_id = ? order by key");
        using var tags = new SqliteStatement(session, "select key, value from run_tags where run_id = ? order by key");
        var runs = new List<RunDetail>(ids.Length);
        foreach (var id in ids)
        {
            if (found.TryGetValue(id, out var run))
            {
                runs.Add(new RunDetail(run, Metrics(metrics, id, keys), Pairs(values, id, keys), Pairs(tags, id, keys), [], [], []));
            }
        }

        return (runs, await RunLinkStore.AnyAsync(session, ids, cancel));
    }

    private static Dictionary<string, MetricPoint> Metrics(SqliteStatement read, string id, KeyCache keys)
    {
        var metrics = new Dictionary<string, MetricPoint>(StringComparer.Ordinal);
        read.Add(id);
        while (read.Read())
        {
            var row = new MetricRow(keys.Of(read.Bytes(0)), read.Long(1), read.Long(2), (int)read.Long(3), read.Number(4));
            metrics.Add(row.Key, row.ToPoint());
        }

        return metrics;
    }

    private static Dictionary<string, string> Pairs(SqliteStatement read, string id, KeyCache keys)
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        read.Add(id);
        while (read.Read())
        {
            pairs.Add(keys.Of(read.Bytes(0)), read.Text(1));
        }

        return pairs;
    }
}
