using System.Globalization;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Benchmarks;

/// <summary>
/// Entity rows and three views by one key, from a fixed hash: a year of event times to the minute, so that a key's rows tie now and then;
/// one created time in eight null, and few different ones, so that these tie, too; one feature in sixteen null.
/// </summary>
internal sealed class JoinData(long entityRows, long viewRows, int keys) : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("slipway-join-bench-");

    public long EntityRows => entityRows;

    public string Own => File("own.parquet");

    public string Peer => File("peer.parquet");

    public JoinRequest Request => new(folder.FullName, File("entities.parquet"), Own) { Features = ["v1:f1", "v2:f2", "v3:f3"] };

    public async Task WriteAsync(AnalyticsEngine analytics, CancellationToken cancel)
    {
        await CopyAsync(analytics, $"select {Key("i * 11")} as k, {Time("i * 19 + 5")} as event_timestamp, i as label from range({entityRows}) t(i)", "entities", cancel);
        foreach (var view in Enumerable.Range(1, 3))
        {
            var rows = $"""
                select {Key($"i * 7 + {view}")} as k, {Time($"i * 13 + {view}")} as event_timestamp,
                    case when hash(i * 5 + {view}) % 8 > 0 then {Time($"(i * 17 + {view}) % 100")} end as created,
                    case when hash(i * 3 + {view}) % 16 > 0 then (hash(i * 23 + {view}) % 1000)::double end as f{view}
                from range({viewRows}) t(i)
                """;
            await CopyAsync(analytics, rows, $"v{view}", cancel);
        }

        var views = Enumerable.Range(1, 3).Select(view => $$"""
              - {name: v{{view}}, kind: batch, entities: [item], ttl: 90d, source: {path: v{{view}}.parquet, created_timestamp: created}, features: [{name: f{{view}}, type: float64}]}
            """);
        var yaml = $"entities:\n  - {{name: item, join_keys: [{{name: k, type: int64}}]}}\nfeature_views:\n{string.Join('\n', views)}\n";
        await System.IO.File.WriteAllTextAsync(File("features.yaml"), yaml, cancel);
    }

    /// <summary>DuckDB's own join of the same files.</summary>
    public Task AsofAsync(AnalyticsEngine analytics, CancellationToken cancel) => analytics.RunAsync(
        session =>
        {
            var joins = Enumerable.Range(1, 3).Select(view => $"""
                asof left join (
                    select k, event_timestamp, f{view}
                    from read_parquet({Sql.Text(File($"v{view}.parquet"))}, file_row_number = true)
                    where k is not null and event_timestamp is not null
                    qualify row_number() over (partition by k, event_timestamp order by created desc nulls last, file_row_number desc) = 1
                ) v{view} on e.k = v{view}.k and e.event_timestamp >= v{view}.event_timestamp
                """);
            var features = Enumerable.Range(1, 3)
                .Select(view => $"case when v{view}.event_timestamp >= e.event_timestamp - interval 90 days then f{view} end as f{view}");
            session.WriteParquet(
                $"select e.*, {string.Join(", ", features)} from read_parquet({Sql.Text(File("entities.parquet"))}) e {string.Join(' ', joins)}", Peer);
            return 0;
        },
        cancel);

    /// <summary>Over every value of every row, whatever their order; values are whole numbers, so sums are exact.</summary>
    public async Task<string> ChecksumAsync(AnalyticsEngine analytics, string file, CancellationToken cancel)
    {
        var sum = await analytics.QueryAsync(
            $"select (count(*) || ' ' || sum(hash(label, k, event_timestamp, f1, f2, f3)::hugeint % 1000000007))::varchar from read_parquet({Sql.Text(file)})", cancel);
        return sum.Columns[0].Strings[0]!;
    }

    public void Dispose() => folder.Delete(recursive: true);

    private Task CopyAsync(AnalyticsEngine analytics, string sql, string name, CancellationToken cancel) => analytics.RunAsync(
        session =>
        {
            session.WriteParquet(sql, File($"{name}.parquet"));
            return 0;
        },
        cancel);

    private string Key(string seed) => string.Create(CultureInfo.InvariantCulture, $"(hash({seed}) % {keys})::bigint");

    private static string Time(string seed) => $"make_timestamp(1600000000000000 + (hash({seed}) % 525600)::bigint * 60000000)";

    private string File(string name) => Path.Combine(folder.FullName, name);
}
