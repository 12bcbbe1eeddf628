using System.Text;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>What runs have logged, loaded for a page of them at once.</summary>
internal static class RunDetails
{
    private const int UsualKeys = 16;

    /// <summary>In the order of the runs, with the metrics that are sorted in.</summary>
    public static async Task<List<RunDetail>> LoadAsync(DbSession session, IReadOnlyList<Run> runs, CancellationToken cancel)
    {
        string[] ids = [.. runs.Select(run => run.Id)];
        if (ids.Length == 0)
        {
            return [];
        }

        var keys = new KeyCache();
        var metrics = await MetricsAsync(session, ids, keys, cancel);
        var values = await PairsAsync(session, "run_params", ids, keys, cancel);
        var tags = await PairsAsync(session, "run_tags", ids, keys, cancel);
        var linked = await RunLinkStore.AnyAsync(session, ids, cancel);
        var inputs = (linked ? await RunLinkStore.InputsAsync(session, ids, cancel) : []).ToLookup(i => i.Run, i => i.Input);
        var models = (linked ? await RunLinkStore.ModelInputsAsync(session, ids, cancel) : []).ToLookup(m => m.Run, m => m.Model);
        var outputs = (linked ? await RunLinkStore.ModelOutputsAsync(session, ids, cancel) : []).ToLookup(o => o.Run, o => o.Output);
        return
        [
            .. runs.Select(run => new RunDetail(
                run,
                metrics.GetValueOrDefault(run.Id) ?? [],
                values.GetValueOrDefault(run.Id) ?? [],
                tags.GetValueOrDefault(run.Id) ?? [],
                [.. inputs[run.Id]],
                [.. models[run.Id]],
                [.. outputs[run.Id]])),
        ];
    }

    private static async Task<Dictionary<string, Dictionary<string, MetricPoint>>> MetricsAsync(
        DbSession session, string[] ids, KeyCache keys, CancellationToken cancel)
    {
        var found = new Dictionary<string, Dictionary<string, MetricPoint>>(ids.Length, StringComparer.Ordinal);
        if (session.Engine == DbEngine.Sqlite)
        {
            using var read = new SqliteStatement(session, "select key, step, ts_ms, kind, value from latest_metrics where run_id = ? order by key");
            foreach (var id in ids)
            {
                var metrics = found[id] = new(StringComparer.Ordinal);
                read.Add(id);
                while (read.Read())
                {
                    var row = new MetricRow(keys.Of(read.Bytes(0)), read.Long(1), read.Long(2), (int)read.Long(3), read.Number(4));
                    metrics.Add(row.Key, row.ToPoint());
                }
            }

            return found;
        }

        await session.QueryAsync(
            EachRun("key, step, ts_ms, kind, value", "latest_metrics"),
            c => c.With("runs", ids),
            row =>
            {
                var point = new MetricRow(row.GetString(1), row.GetInt64(2), row.GetInt64(3), row.GetInt32(4), row.GetDouble(5)).ToPoint();
                return Of(found, ids[row.GetInt64(0) - 1]).TryAdd(point.Key, point);
            },
            cancel);
        return found;
    }

    private static async Task<Dictionary<string, Dictionary<string, string>>> PairsAsync(
        DbSession session, string table, string[] ids, KeyCache keys, CancellationToken cancel)
    {
        var found = new Dictionary<string, Dictionary<string, string>>(ids.Length, StringComparer.Ordinal);
        if (session.Engine == DbEngine.Sqlite)
        {
            using var read = new SqliteStatement(session, $"select key, value from {table} where run_id = ? order by key");
            foreach (var id in ids)
            {
                var pairs = found[id] = new(StringComparer.Ordinal);
                read.Add(id);
                while (read.Read())
                {
                    pairs.Add(keys.Of(read.Bytes(0)), read.Text(1));
                }
            }

            return found;
        }

        await session.QueryAsync(
            EachRun("key, value", table),
            c => c.With("runs", ids),
            row => Of(found, ids[row.GetInt64(0) - 1]).TryAdd(row.GetString(1), row.GetString(2)),
            cancel);
        return found;
    }

    /// <summary>
    /// Gives the place of the run, from 1, before the columns. A range of the primary key per run, whatever PostgreSQL knows
    /// of the table: with <c>any</c> it may read all of it.
    /// </summary>
    private static string EachRun(string columns, string table) =>
        $"""
        select r.place, p.* from unnest(@runs) with ordinality as r (id, place)
        cross join lateral (select {columns} from {table} where run_id = r.id order by key offset 0) p
        """;

    private static Dictionary<string, T> Of<T>(Dictionary<string, Dictionary<string, T>> found, string id)
    {
        if (!found.TryGetValue(id, out var one))
        {
            found.Add(id, one = new(UsualKeys, StringComparer.Ordinal));
        }

        return one;
    }

    /// <summary>The runs of a page have mostly the same keys: each is made a string once.</summary>
    private sealed class KeyCache
    {
        private readonly Dictionary<int, (byte[] Bytes, string Text)> cache = [];

        public string Of(ReadOnlySpan<byte> key)
        {
            var hash = new HashCode();
            hash.AddBytes(key);
            var code = hash.ToHashCode();
            if (cache.TryGetValue(code, out var held) && key.SequenceEqual(held.Bytes))
            {
                return held.Text;
            }

            var text = Encoding.UTF8.GetString(key);
            cache[code] = (key.ToArray(), text);
            return text;
        }
    }
}
