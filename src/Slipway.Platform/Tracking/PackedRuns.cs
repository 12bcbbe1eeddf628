using System.Buffers.Binary;
using System.Data.Common;
using System.Text;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>
/// Runs of a page as PostgreSQL gives them fastest: by one statement, one row a run, what it has logged packed into bytes. To send and to
/// take apart a row for each metric, param and tag costs twice what finding them does.
/// </summary>
internal sealed class PackedRuns
{
    private const int ColumnsOfRun = 12;
    private const int PointBytes = 24;

    // Texts end at a zero byte, which PostgreSQL keeps out of them; numbers are as they are sent, the highest byte first. A range of a
    // primary key per run, whatever PostgreSQL knows of the table: without the offset it may read all of it.
    private const string Sql =
        $$"""
        select {{RunStore.Columns}}, metric_keys, points, param_keys, param_values, tag_keys, tag_values,
          exists (select 1 from run_inputs where run_id = any(@runs)) or exists (select 1 from run_model_inputs where run_id = any(@runs))
            or exists (select 1 from run_model_outputs where run_id = any(@runs)) as linked, place
        from unnest(@runs) with ordinality as wanted (run, place)
        cross join lateral (select {{RunStore.Columns}} from runs where id = wanted.run offset 0) as found
        cross join lateral (
          select string_agg(textsend(key), '\x00') as metric_keys, string_agg(int8send(step) || int8send(ts_ms) || float8send(
            case kind when 0 then value when 1 then 'Infinity' when -1 then '-Infinity' else 'NaN' end), '') as points
          from (select key, step, ts_ms, kind, value from latest_metrics where run_id = wanted.run order by key offset 0) as m) as metrics
        cross join lateral (
          select string_agg(textsend(key), '\x00') as param_keys, string_agg(textsend(value), '\x00') as param_values
          from (select key, value from run_params where run_id = wanted.run order by key offset 0) as p) as params
        cross join lateral (
          select string_agg(textsend(key), '\x00') as tag_keys, string_agg(textsend(value), '\x00') as tag_values
          from (select key, value from run_tags where run_id = wanted.run order by key offset 0) as t) as tags
        """;

    private readonly KeyCache cache = new();
    private readonly RunDetail?[] runs;
    private readonly PackedKeys metrics;
    private readonly PackedKeys values;
    private readonly PackedKeys tags;
    private bool linked;

    private PackedRuns(int count)
    {
        runs = new RunDetail?[count];
        (metrics, values, tags) = (new PackedKeys(cache), new PackedKeys(cache), new PackedKeys(cache));
    }

    /// <returns>The runs in the order of the ids, without what they are linked to, and whether any is.</returns>
    public static async Task<(List<RunDetail> Runs, bool Linked)> LoadAsync(DbSession session, string[] ids, CancellationToken cancel)
    {
        var packed = new PackedRuns(ids.Length);
        await session.QueryAsync(Sql, c => c.With("runs", ids), packed.Add, cancel);
        return ([.. packed.runs.OfType<RunDetail>()], packed.linked);
    }

    private int Add(DbDataReader row)
    {
        var run = RunStore.Read(row);
        var points = Points(metrics.Of(row.Bytes(ColumnsOfRun)), row.Bytes(ColumnsOfRun + 1));
        var ofParams = Pairs(values.Of(row.Bytes(ColumnsOfRun + 2)), row.Bytes(ColumnsOfRun + 3));
        var ofTags = Pairs(tags.Of(row.Bytes(ColumnsOfRun + 4)), row.Bytes(ColumnsOfRun + 5));
        linked = row.GetBoolean(ColumnsOfRun + 6);
        runs[row.GetInt64(ColumnsOfRun + 7) - 1] = new RunDetail(run, points, ofParams, ofTags, [], [], []);
        return 0;
    }

    private static Dictionary<string, MetricPoint> Points(string[] keys, ReadOnlySpan<byte> packed)
    {
        var points = new Dictionary<string, MetricPoint>(keys.Length, StringComparer.Ordinal);
        foreach (var key in keys)
        {
            var (step, ts) = (BinaryPrimitives.ReadInt64BigEndian(packed), BinaryPrimitives.ReadInt64BigEndian(packed[8..]));
            points.Add(key, new MetricPoint(key, BinaryPrimitives.ReadDoubleBigEndian(packed[16..]), ts, step));
            packed = packed[PointBytes..];
        }

        return points;
    }

    private static Dictionary<string, string> Pairs(string[] keys, ReadOnlySpan<byte> packed)
    {
        var pairs = new Dictionary<string, string>(keys.Length, StringComparer.Ordinal);
        var at = 0;
        foreach (var value in packed.Split((byte)0))
        {
            if (at < keys.Length)
            {
                pairs.Add(keys[at++], Encoding.UTF8.GetString(packed[value]));
            }
        }

        return pairs;
    }

    /// <summary>The keys of one kind; a run often has those of the run before.</summary>
    private sealed class PackedKeys(KeyCache cache)
    {
        private byte[] last = [];
        private string[] keys = [];

        /// <param name="packed">Null for none.</param>
        public string[] Of(byte[]? packed)
        {
            if (packed is null)
            {
                return [];
            }

            if (keys.Length == 0 || !packed.AsSpan().SequenceEqual(last))
            {
                var list = new List<string>();
                foreach (var key in packed.AsSpan().Split((byte)0))
                {
                    list.Add(cache.Of(packed.AsSpan(key)));
                }

                (last, keys) = (packed, [.. list]);
            }

            return keys;
        }
    }
}
