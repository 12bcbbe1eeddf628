using Slipway.Platform.Foundation.Analytics;
using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests.Features;

/// <summary>A feature repository and data files in a folder of their own, and the command that joins them.</summary>
public sealed class JoinFolder : IDisposable
{
    /// <summary>The repository of the manual, to the letter.</summary>
    public const string Weather = """
        entities:
          - {name: airport, join_keys: [{name: airport_id, type: string}]}
        feature_views:
          - name: airport_weather
            kind: batch                      # batch | streaming | on_demand | derived
            entities: [airport]              # [] for a view without an entity
            ttl: 2h                          # 30m, 2h, 1d, ISO 8601; 0 or absent: no limit
            source: {path: weather.parquet, event_timestamp: event_timestamp, created_timestamp: created, field_map: {station: airport_id}}
            features: [{name: temperature, type: float64}]
        feature_services:
          - name: flight_delay_v1
            features:
              - {view: airport_weather, as: origin, join_key_map: {airport_id: origin_id}, features: [temperature]}
              - {view: airport_weather, as: destination, join_key_map: {airport_id: destination_id}, features: [temperature]}
        """;

    private readonly TempFolder folder = new();
    private readonly AnalyticsEngine analytics = new(new AnalyticsOptions());

    public string Write(string name, string text) => folder.WriteText(name, text);

    public string Path(string name) => folder.Combine(name);

    public string Read(string name) => File.ReadAllText(folder.Combine(name));

    /// <summary>Writes rows as Parquet with exactly the types of the query.</summary>
    public Task ParquetAsync(string name, string sql)
    {
        var file = folder.Combine(name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        return analytics.RunAsync(
            session =>
            {
                session.WriteParquet(sql, file);
                return 0;
            },
            TestContext.Current.CancellationToken);
    }

    /// <summary>The rows of a query over files here, named by <c>{name}</c>, as lines of text.</summary>
    public async Task<string[]> LinesAsync(string sql, string name)
    {
        var table = await analytics.QueryAsync(
            sql.Replace("{file}", Sql.Text(folder.Combine(name)), StringComparison.Ordinal), TestContext.Current.CancellationToken);
        return [.. Enumerable.Range(0, table.Rows).Select(row => string.Join(',', table.Columns.Select(c => c.Value(row)?.ToString() ?? "")))];
    }

    public Task<CommandResult> RunAsync(IReadOnlyDictionary<string, string>? environment, params string[] args) => SlipwayProcess.RunAsync(
        ["features", "join", "--repo", folder.FullPath, .. args], folder.FullPath, environment);

    /// <summary>Joins CSV rows and gives the lines of the resulting CSV.</summary>
    public async Task<string[]> JoinAsync(string entities, params string[] args)
    {
        Write("entities.csv", entities);
        var result = await RunAsync(null, ["--entities", "entities.csv", "--out", "out.csv", .. args]);
        Assert.Equal(("", 0), (result.Errors, result.ExitCode));
        return Read("out.csv").Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>The one line of the error when the join is refused.</summary>
    public async Task<string> RefusedAsync(string entities, params string[] args)
    {
        Write("entities.csv", entities);
        var result = await RunAsync(null, ["--entities", "entities.csv", "--out", "out.csv", .. args]);
        Assert.NotEqual(0, result.ExitCode);
        Assert.False(File.Exists(Path("out.csv")));
        return Assert.Single(result.ErrorLines);
    }

    public void Dispose()
    {
        analytics.Dispose();
        folder.Dispose();
    }
}
