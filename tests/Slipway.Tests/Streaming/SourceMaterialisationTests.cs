using System.Globalization;
using Npgsql;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Erasure;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Registry;
using Slipway.Platform.Features.Sources;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Events;
using Slipway.Platform.Foundation.Jobs;
using Slipway.Platform.Streaming;
using Slipway.TestKit;
using Slipway.Tests.Features;

namespace Slipway.Tests.Streaming;

/// <summary>Wherever a source has its rows, they come online and into training sets in the same way. Times are hours after the epoch.</summary>
public sealed class SourceMaterialisationTests(PostgresServer postgres) : OnBothEngines(null)
{
    private const int Many = 45_000;

    private readonly AnalyticsEngine analytics = new(new AnalyticsOptions());
    private FeatureRegistryService registry = null!;
    private SourceFolder folder = null!;
    private Scratch scratch = null!;
    private JobService jobs = null!;
    private string connect = "";
    private string name = "";

    private static string Definition(string source) =>
        $$"""
        entities:
          - {name: item, join_keys: [{name: item, type: string}]}
        feature_views:
          - {name: prices, kind: batch, entities: [item], source: { {{source}}, event_timestamp: at}, features: [{name: price, type: float64}]}
        feature_services:
          - {name: priced, features: [{view: prices}]}
        """;

    protected override async Task PrepareAsync()
    {
        connect = await postgres.CreateDatabaseAsync(Cancel);

        // The environment belongs to the whole run of tests.
        name = $"t{Guid.CreateVersion7():N}";
        Environment.SetEnvironmentVariable(PostgresSource.VariablePrefix + name.ToUpperInvariant(), connect);
        registry = new FeatureRegistryService(Db, new AuditLog(Db, Time), Time);
        folder = new SourceFolder(Directory.CreateDirectory(Folder.Combine("sources")).FullName);
        scratch = new Scratch(new FoundationOptions(Folder.Combine("data"), null));
        jobs = new JobService(Db, Time, new JobOptions());
    }

    protected override Task CleanUpAsync()
    {
        analytics.Dispose();
        jobs?.Dispose();
        return Task.CompletedTask;
    }

    public static TheoryData<string> Sources => ["path: prices.csv", "path: prices", "path: 'prices/day=*/*.parquet'", "postgres: NAME, table: prices",
        "postgres: NAME, sql: 'select item, at, price from prices where price > 0'"];

    [Theory]
    [MemberData(nameof(Sources))]
    public async Task Rows_come_online_from_any_source_and_later_only_those_that_are_new(string source)
    {
        var (materialisation, online) = await OpenAsync(source, Store());
        await WriteAsync(source, ("007", 1, 1), ("8", 1, 2), ("007", 2, 3));
        Assert.Equal(2, (await RunAsync(materialisation, 3)).Rows);
        Assert.Equal([3, 2, null], await PricesAsync(online, "007", "8", "9"));

        await WriteAsync(source, ("007", 1, 1), ("8", 1, 2), ("007", 2, 3), ("9", 4, 5), ("8", 5, 6), ("9", 7, 8));
        Assert.Equal(2, (await RunAsync(materialisation, 6)).Rows);
        Assert.Equal([3, 6, 5], await PricesAsync(online, "007", "8", "9"));
        Assert.Empty(Directory.GetFileSystemEntries(Folder.Combine("data", "tmp")));
    }

    /// <summary>Whether PostgreSQL was asked for an old row shows where that row can no longer be computed.</summary>
    [Theory]
    [InlineData("item, at", false)]
    [InlineData("item, at at time zone 'UTC' as at", false)]
    [InlineData("item, cast(at as text) as at", true)]
    public async Task An_incremental_run_asks_PostgreSQL_for_no_row_from_before_its_position(string columns, bool readsAll)
    {
        var source = $"postgres: NAME, sql: \"select {columns}, 1.0 / price as price from prices;\"";
        var (materialisation, online) = await OpenAsync(source, Store());
        await WriteTableAsync([("007", 1, 2), ("8", 1, 4)]);
        Assert.Equal(2, (await RunAsync(materialisation, 3)).Rows);

        await WriteTableAsync([("007", 1, 0), ("8", 4, 5), ("9", 7, 0)]);
        if (readsAll)
        {
            Assert.Contains("division by zero", (await Assert.ThrowsAsync<SlipwayException>(() => RunAsync(materialisation, 6))).Message, StringComparison.Ordinal);
            return;
        }

        Assert.Equal(1, (await RunAsync(materialisation, 6)).Rows);
        Assert.Equal([0.5, 0.2, null], await PricesAsync(online, "007", "8", "9"));
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public async Task A_training_set_reads_the_sources_that_nobody_gives(string source)
    {
        await OpenAsync(source, Store());
        await WriteAsync(source, ("007", 1, 1), ("8", 1, 2), ("007", 2, 3));
        var entities = new Table([
            Column.String("item", ["007", "007", "8", "7"]), Column.Timestamp("event_timestamp", [Hours(1), Hours(3), Hours(3), Hours(3)])]);
        var training = new TrainingSetService(registry, analytics, new ErasureList(Db, registry), null, folder, scratch);
        var set = await training.BuildAsync("priced", entities, new Dictionary<string, SourceData>(), Cancel);
        Assert.Equal([1.0, 3.0, 2.0, null], Enumerable.Range(0, 4).Select(set["price"].Value));
        Assert.Empty(Directory.GetFileSystemEntries(Folder.Combine("data", "tmp")));
    }

    [Theory]
    [InlineData("path: prices.csv")]
    [InlineData("postgres: NAME, table: prices")]
    public async Task A_run_that_is_cut_short_reads_the_source_again_and_writes_what_is_left(string source)
    {
        var (writes, written) = (0, 0);
        var store = new WatchedStore(new SqlOnlineStore(Db, new OnlineStoreOptions()), given =>
        {
            if (Interlocked.Increment(ref writes) == 3)
            {
                throw new IOException("the disk is full");
            }

            Interlocked.Add(ref written, given.Sum(write => write.Rows.Count));
            return Task.CompletedTask;
        });
        var (materialisation, online) = await OpenAsync(source, store);
        await WriteAsync(source, [.. Enumerable.Range(0, Many).Select(i => ($"{i}", 1, i + 1.0))]);
        var started = await materialisation.StartAsync(new MaterialisationRequest(["prices"], To: At(2)), Cancel);
        var job = await jobs.GetAsync(started.Id, Cancel);
        await Assert.ThrowsAnyAsync<Exception>(() => materialisation.RunAsync(job, Cancel));
        var half = Assert.Single((await materialisation.StatusAsync(job.Id, Cancel)).Views).Rows;
        Assert.InRange(half, 1, Many - 1);

        written = 0;
        await materialisation.RunAsync(job, Cancel);
        Assert.Equal(Many, Assert.Single((await materialisation.StatusAsync(job.Id, Cancel)).Views).Rows);
        Assert.Equal(Many - half, written);
        Assert.Equal([1, Many], await PricesAsync(online, "0", $"{Many - 1}"));
    }

    [Fact]
    public async Task A_streaming_view_begins_from_a_CSV_file_and_from_PostgreSQL()
    {
        foreach (var source in new[] { "path: prices.csv", "postgres: NAME, table: prices" })
        {
            var yaml = Definition(source).Replace("kind: batch", "kind: streaming, hop: 1h", StringComparison.Ordinal)
                .Replace("source: { ", "source: {columns: [{name: item, type: string}, {name: at, type: timestamp}, {name: price, type: float64}], ", StringComparison.Ordinal)
                .Replace("features: [{name: price, type: float64}]", "aggregations: [{name: price, function: sum, input: price, window: 2h}]", StringComparison.Ordinal);
            var (materialisation, online) = await OpenAsync(yaml, source, Store());
            await WriteAsync(source, ("007", 1, 1), ("007", 2, 2), ("007", 3, 4), ("8", 3, 8));
            await RunAsync(materialisation, 3);
            Assert.Equal([6, 8], await PricesAsync(online, "007", "8"));
        }
    }

    [Fact]
    public async Task What_cannot_be_read_is_refused_without_a_word_about_this_servers_folders_and_secrets()
    {
        var (materialisation, _) = await OpenAsync("path: prices.csv", Store());
        await WriteAsync("path: prices.csv", ("007", 1, 1));
        await File.AppendAllTextAsync(Path.Combine(folder.Path, "prices.csv"), "8,1970-01-01T01:00:00Z,cheap\n", Cancel);
        var wrong = await Assert.ThrowsAsync<SlipwayException>(() => RunAsync(materialisation, 3));
        Assert.Equal("The source of view 'prices': 'prices.csv', row 2: price is 'cheap', which is not a number.", wrong.Message);

        (materialisation, _) = await OpenAsync("postgres: nowhere, table: prices", Store());
        var unset = await Assert.ThrowsAsync<SlipwayException>(() => RunAsync(materialisation, 3));
        Assert.Equal(
            "The source on the PostgreSQL connection 'nowhere' needs the environment variable SLIPWAY_POSTGRES_NOWHERE with its connection string.", unset.Message);

        (materialisation, _) = await OpenAsync("postgres: NAME, table: secrets", Store());
        var refused = await Assert.ThrowsAsync<SlipwayException>(() => RunAsync(materialisation, 3));
        Assert.Equal($"The source of view 'prices': PostgreSQL ({name}) refused: relation \"secrets\" does not exist", refused.Message);
    }

    private static long Hours(double hour) => (long)(hour * 3_600_000_000);

    private static DateTimeOffset At(double hour) => DateTimeOffset.UnixEpoch.AddHours(hour);

    private SqlOnlineStore Store() => new(Db, new OnlineStoreOptions());

    private Task<(MaterialisationService Materialisation, OnlineFeatures Online)> OpenAsync(string source, IOnlineStore rows) =>
        OpenAsync(Definition(source), source, rows);

    private async Task<(MaterialisationService Materialisation, OnlineFeatures Online)> OpenAsync(string yaml, string source, IOnlineStore rows)
    {
        await registry.ApplyAsync(
            FeatureRepository.Parse(("prices.yaml", yaml.Replace("NAME", name, StringComparison.Ordinal))), new Actor("test", Role.Admin), Cancel);
        var store = new OnlineStore(rows, new ErasureList(Db, registry));
        var batches = new BatchMaterialisation(Db, registry, new ViewHistory(analytics), analytics, store, Time);
        var streams = new StreamMaterialisation(new EventLog(Db, Time), registry, store, new StreamSignals(), Time);
        return (
            new MaterialisationService(Db, registry, batches, streams, analytics, folder, scratch, jobs, new ScheduleService(Db, jobs, Time), Time),
            new OnlineFeatures(registry, store, Time));
    }

    private async Task<ViewProgressReport> RunAsync(MaterialisationService materialisation, double to)
    {
        var started = await materialisation.StartAsync(new MaterialisationRequest(["prices"], To: At(to)), Cancel);
        await materialisation.RunAsync(await jobs.GetAsync(started.Id, Cancel), Cancel);
        return Assert.Single((await materialisation.StatusAsync(started.Id, Cancel)).Views);
    }

    private static async Task<double?[]> PricesAsync(OnlineFeatures online, params string[] items)
    {
        var read = await online.GetAsync("priced", new Table([Column.String("item", items)]), Cancel);
        return [.. items.Select((_, row) => (double?)read["price"].Value(row))];
    }

    private async Task WriteAsync(string source, params (string Item, int Hour, double Price)[] rows)
    {
        if (source.StartsWith("postgres", StringComparison.Ordinal))
        {
            await WriteTableAsync(rows);
        }
        else if (source.Contains(".csv", StringComparison.Ordinal))
        {
            var lines = rows.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Item},{At(r.Hour):O},{r.Price}"));
            await File.WriteAllLinesAsync(Path.Combine(folder.Path, "prices.csv"), ["item,at,price", .. lines], Cancel);
        }
        else
        {
            foreach (var day in rows.GroupBy(row => row.Hour))
            {
                var path = Directory.CreateDirectory(Path.Combine(folder.Path, "prices", $"day={day.Key}")).FullName;
                await analytics.WriteParquetAsync(
                    new Table([
                        Column.String("item", [.. day.Select(r => r.Item)]), Column.Timestamp("at", [.. day.Select(r => Hours(r.Hour))]),
                        Column.Float64("price", [.. day.Select(r => r.Price)])]),
                    Path.Combine(path, "rows.parquet"), Cancel);
            }
        }
    }

    private async Task WriteTableAsync((string Item, int Hour, double Price)[] rows)
    {
        await using var connection = new NpgsqlConnection(connect);
        await connection.OpenAsync(Cancel);
        await using var command = new NpgsqlCommand(
            """
            drop table if exists prices;
            create table prices as select * from unnest(@items, @times, @prices) as r (item, at, price)
            """,
            connection);
        command.Parameters.AddWithValue("items", rows.Select(r => r.Item).ToArray());
        command.Parameters.AddWithValue("times", rows.Select(r => At(r.Hour).UtcDateTime).ToArray());
        command.Parameters.AddWithValue("prices", rows.Select(r => r.Price).ToArray());
        await command.ExecuteNonQueryAsync(Cancel);
    }
}
