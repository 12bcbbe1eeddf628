using System.Collections;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Pipelines.Quality;
using Slipway.TestKit;

namespace Slipway.Tests.Pipelines;

public sealed class QualityTests : IDisposable
{
    private const string Rules = """
        dataset: trips
        columns:
          - {name: at, type: timestamp}
          - {name: miles, type: int64, min: 1, max: 5000}
          - {name: code, type: string, nullable: true, pattern: "[A-Z]{3}"}
        unique:
          - {columns: [at, code]}
        rows:
          - {name: even, condition: "miles % 2 = 0"}
        volume: {column: at, min_per_day: 2}
        freshness: {column: at, max_age: 1d}
        max_quarantined_share: 0.8
        """;

    private const long Day = 86_400_000_000;
    private readonly TempFolder folder = new();
    private readonly AnalyticsEngine analytics = new(new AnalyticsOptions());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        analytics.Dispose();
        folder.Dispose();
    }

    private async Task<string> WriteAsync(params Column[] columns)
    {
        var file = folder.Combine("trips.parquet");
        await analytics.WriteParquetAsync(new Table(columns), file, Cancel);
        return file;
    }

    private Task<string> WriteTripsAsync() => WriteAsync(
        Column.Timestamp("at", [0, 0, 1, 2, 2 * Day, 0], new BitArray(6) { [5] = true }),
        Column.Int64("miles", [2, 2, 0, 7, 4, 2]),
        Column.String("code", ["ABC", "ABC", "abc", null, null, "XYZ"]));

    private Task<QualityReport> CheckAsync(string file, string rules = Rules, string? where = null) => new QualityCheck(analytics, TimeProvider.System).RunAsync(
        file, QualityRules.Parse(rules, "rules.yaml"), where, DateTimeOffset.UnixEpoch.AddDays(4), folder.Combine("good.parquet"), folder.Combine("bad.parquet"), Cancel);

    [Fact]
    public async Task Every_row_is_either_accepted_or_set_aside_with_its_reasons()
    {
        var report = await CheckAsync(await WriteTripsAsync());
        Assert.Equal((6, 2, 4), (report.Rows, report.Accepted, report.Quarantined));
        var bad = await analytics.QueryAsync(
            $"select row_number, array_to_string(broken_rules, ' ') as rules from read_parquet('{folder.Combine("bad.parquet")}')", Cancel);
        Assert.Equal(
            [(1L, "unique(at, code)"), (2, "miles.range code.pattern"), (3, "even"), (5, "at.null")],
            Enumerable.Range(0, bad.Rows).Select(i => (bad["row_number"].Longs[i], bad["rules"].Strings[i]!)));
        var good = await analytics.ReadParquetAsync(folder.Combine("good.parquet"), Cancel);
        Assert.Equal([2, 4], good["miles"].Longs);
        Assert.Equal(["at", "miles", "code"], good.Columns.Select(c => c.Name));
    }

    [Fact]
    public async Task A_thin_day_and_an_old_dataset_are_warnings()
    {
        var report = await CheckAsync(await WriteTripsAsync());
        var warnings = report.Findings.Where(f => f.Kind == FindingKind.Warning).ToList();
        Assert.Equal(["volume", "freshness"], warnings.Select(w => w.Rule));
        Assert.Equal(2, warnings[0].Count); // the second day has none, the third has one
        Assert.Equal("1970-01-02: 0 rows", warnings[0].Example);
        Assert.Contains("2.0 days old; the limit is 1.0", warnings[1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_selected_rows_are_looked_at()
    {
        var report = await CheckAsync(await WriteTripsAsync(), where: "miles = 4");
        Assert.Equal((1, 1, 0), (report.Rows, report.Accepted, report.Quarantined));
    }

    [Fact]
    public async Task Too_many_bad_rows_refuse_the_dataset_and_write_nothing()
    {
        var file = await WriteTripsAsync();
        var error = await Assert.ThrowsAsync<SlipwayException>(
            () => CheckAsync(file, Rules.Replace("share: 0.8", "share: 0.5", StringComparison.Ordinal)));
        Assert.Contains("4 of 6 rows of 'trips.parquet' (66.7 %) break a rule; 'trips' allows 50.0 %", error.Message, StringComparison.Ordinal);
        Assert.Equal([file], Directory.GetFiles(folder.FullPath));
    }

    [Fact]
    public async Task A_missing_column_is_named_with_those_there_are()
    {
        var file = await WriteAsync(Column.Timestamp("at", [0]), Column.Int64("miles", [2]));
        var error = await Assert.ThrowsAsync<SlipwayException>(() => CheckAsync(file));
        Assert.Contains("lacks the column 'code'; it has at, miles", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_column_of_another_type_is_named()
    {
        var file = await WriteAsync(Column.Timestamp("at", [0]), Column.String("miles", ["2"]), Column.String("code", ["ABC"]));
        var error = await Assert.ThrowsAsync<SlipwayException>(() => CheckAsync(file));
        Assert.Contains("Column 'miles'", error.Message, StringComparison.Ordinal);
        Assert.Contains("is string; the rules of 'trips' want int64", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_without_rows_is_refused()
    {
        var file = await WriteAsync(Column.Timestamp("at", []), Column.Int64("miles", []), Column.String("code", []));
        Assert.Contains("has no rows", (await Assert.ThrowsAsync<SlipwayException>(() => CheckAsync(file))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dataset: x\ncolumns:\n  - {name: a, type: money}", "rules.yaml:3:21: 'money' is no type; known are bool, int64")]
    [InlineData("dataset: x\ncolumns:\n  - {name: a, type: int64, min: low}", "'low' is no int64")]
    [InlineData("dataset: x\ncolums: []", "rules.yaml:2:1: 'colums' is not a key here")]
    public void Wrong_rules_are_refused_with_the_place(string yaml, string reason)
    {
        var error = Assert.Throws<SlipwayException>(() => QualityRules.Parse(yaml, "rules.yaml"));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }
}
