using System.Collections;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Analytics;
using Slipway.TestKit;

namespace Slipway.Tests.Foundation;

public sealed class AnalyticsTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly AnalyticsEngine analytics = new(new AnalyticsOptions());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        analytics.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task A_table_survives_the_way_through_parquet()
    {
        var nulls = new BitArray(3) { [1] = true };
        var table = new Table(
        [
            Column.Int64("i", [long.MinValue, 0, long.MaxValue]),
            Column.Float64("d", [double.Epsilon, double.NaN, double.PositiveInfinity]),
            Column.Float64("n", [1, 0, 3], nulls),
            Column.Float32("f", [0.1f, 0, 1]),
            Column.String("s", ["ä'\"", null, ""]),
            Column.Bool("b", [true, false, true]),
            Column.Timestamp("t", [0, 978307200000001, -1]),
        ]);
        var file = folder.Combine("it's.parquet");
        await analytics.WriteParquetAsync(table, file, Cancel);
        var back = await analytics.ReadParquetAsync(file, Cancel);
        Assert.Equal(table.Columns.Select(c => (c.Name, c.Type)), back.Columns.Select(c => (c.Name, c.Type)));
        for (var row = 0; row < 3; row++)
        {
            Assert.Equal(table.Columns.Select(c => c.Value(row)), back.Columns.Select(c => c.Value(row)));
        }

        Assert.Equal([file], Directory.GetFiles(folder.FullPath));
    }

    [Fact]
    public async Task Arguments_are_bound_not_pasted()
    {
        var table = await analytics.QueryAsync("select $x as x, $n::bigint as n", Cancel, ("x", "'; drop table x"), ("n", null));
        Assert.Equal("'; drop table x", table["x"].Value(0));
        Assert.True(table["n"].IsNull(0));
    }

    [Fact]
    public async Task Wrong_sql_is_the_callers_error_with_the_reason()
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(() => analytics.QueryAsync("select nope from range(3)", Cancel));
        Assert.Equal(ErrorKind.Invalid, error.Kind);
        Assert.Contains("nope", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("id,delay\n1,2\n", "is not Parquet")]
    [InlineData("PAR1 cut short", "is not Parquet")]
    public async Task A_file_that_is_not_parquet_is_named(string content, string reason)
    {
        var file = folder.WriteText("data.parquet", content);
        var error = await Assert.ThrowsAsync<SlipwayException>(() => analytics.ReadParquetAsync(file, Cancel));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_absent_file_is_not_found()
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(() => analytics.ReadParquetAsync(folder.Combine("absent.parquet"), Cancel));
        Assert.Equal(ErrorKind.NotFound, error.Kind);
    }

    [Fact]
    public async Task A_parquet_file_that_cannot_be_written_leaves_no_rest()
    {
        var table = new Table([Column.Int64("i", [1])]);
        await Assert.ThrowsAsync<SlipwayException>(
            () => analytics.WriteParquetAsync(table, folder.Combine("no-such-folder", "x.parquet"), Cancel));
        Assert.Empty(Directory.GetFileSystemEntries(folder.FullPath));
    }

    [Fact]
    public async Task A_query_stops_when_it_is_cancelled()
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => analytics.QueryAsync(
            "select count(*) from range(100000000) a, range(100000000) b where a.range + b.range = 7", stop.Token));
    }
}
