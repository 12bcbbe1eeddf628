using System.Data.Common;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>Reads one run whole with one statement, a round trip being what reading a small run costs on PostgreSQL.</summary>
internal sealed class RunParts
{
    // Each branch is a range of a primary key. What is logged and not sorted in yet comes as it is.
    private const string Sql =
        $"""
        select 0 as part, {RunStore.Columns},
          case when exists (select 1 from run_inputs i where i.run_id = r.id)
            or exists (select 1 from run_model_inputs m where m.run_id = r.id)
            or exists (select 1 from run_model_outputs o where o.run_id = r.id) then 1 else 0 end as links,
          cast(null as double precision) as number, cast(null as bytea) as points
        from runs r where id = @run
        union all
        select 1, key, null, value, null, null, null, null, null, null, null, null, null, null, null, null from run_params where run_id = @run
        union all
        select 2, key, null, value, null, null, null, null, null, null, null, null, null, null, null, null from run_tags where run_id = @run
        union all
        select 3, key, step, null, null, ts_ms, kind, null, null, null, null, null, null, null, value, null
        from latest_metrics where run_id = @run
        union all
        select 4, null, null, null, null, null, null, null, null, null, null, null, null, null, null, points
        from metric_log where run_id = @run
        """;

    private readonly List<KeyValuePair<string, string>> values = [];
    private readonly List<KeyValuePair<string, string>> tags = [];
    private readonly List<MetricRow> metrics = [];
    private Run? run;
    private bool linked;

    /// <returns>Null when there is no such run.</returns>
    public static async Task<RunDetail?> FindAsync(DbSession session, string id, CancellationToken cancel)
    {
        var parts = new RunParts();
        await session.QueryAsync(Sql, c => c.With("run", id), parts.Add, cancel);
        if (parts.run is null)
        {
            return null;
        }

        string[] ids = [id];
        return new RunDetail(
            parts.run,
            Latest(parts.metrics),
            Sorted(parts.values),
            Sorted(parts.tags),
            parts.linked ? [.. (await RunLinkStore.InputsAsync(session, ids, cancel)).Select(i => i.Input)] : [],
            parts.linked ? [.. (await RunLinkStore.ModelInputsAsync(session, ids, cancel)).Select(m => m.Model)] : [],
            parts.linked ? [.. (await RunLinkStore.ModelOutputsAsync(session, ids, cancel)).Select(o => o.Output)] : []);
    }

    /// <summary>The latest point of each key, by key.</summary>
    public static Dictionary<string, MetricPoint> Latest(List<MetricRow> points)
    {
        points.Sort();
        var latest = MetricStore.Latest(points);
        var byKey = new Dictionary<string, MetricPoint>(latest.Count, StringComparer.Ordinal);
        foreach (var point in latest)
        {
            byKey.Add(point.Key, point.ToPoint());
        }

        return byKey;
    }

    private int Add(DbDataReader row)
    {
        var part = row.GetInt32(0);
        switch (part)
        {
            case 0:
                run = RunStore.Read(row, 1);
                linked = row.GetInt32(13) == 1;
                break;
            case 1:
                values.Add(new(row.GetString(1), row.GetString(3)));
                break;
            case 2:
                tags.Add(new(row.GetString(1), row.GetString(3)));
                break;
            case 3:
                metrics.Add(new MetricRow(row.GetString(1), row.GetInt64(2), row.GetInt64(5), (int)row.GetInt64(6), row.GetDouble(14)));
                break;
            default:
                PackedPoints.Unpack(row.Bytes(15)!, metrics);
                break;
        }

        return part;
    }

    private static Dictionary<string, string> Sorted(List<KeyValuePair<string, string>> pairs)
    {
        pairs.Sort(static (a, b) => string.CompareOrdinal(a.Key, b.Key));
        return new Dictionary<string, string>(pairs, StringComparer.Ordinal);
    }
}
