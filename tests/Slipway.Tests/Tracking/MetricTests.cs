using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Tracking;
using Slipway.TestKit;

namespace Slipway.Tests.Tracking;

public abstract class MetricContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private static readonly Actor Ada = new("ada", Role.Contributor);

    private TrackingService tracking = null!;
    private string run = "";

    protected override async Task PrepareAsync()
    {
        tracking = new TrackingService(Db, new AccessService(), Time);
        var experiment = await TrackingKit.Experiments(Db, Time).CreateAsync(Ada, new NewExperiment("flights"), Cancel);
        run = (await tracking.StartRunAsync(Ada, new RunStart(experiment.Id), Cancel)).Id;
    }

    private Task LogAsync(params MetricPoint[] points) => tracking.LogMetricsAsync(Ada, run, points, Cancel);

    private async Task<IReadOnlyList<MetricPoint>> HistoryAsync(string key) =>
        (await tracking.MetricHistoryAsync(Ada, run, key, null, 25_000, Cancel)).Items;

    private async Task<double> LatestAsync(string key) => (await tracking.GetRunAsync(Ada, run, Cancel)).Metrics[key].Value;

    [Fact]
    public async Task Every_double_comes_back_as_it_was()
    {
        double[] values =
        [
            double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.Epsilon, -double.Epsilon, double.MaxValue,
            double.MinValue, 0.1, 1.0 / 3, 5e-324, 2.2250738585072014e-308, 2.2250738585072011e-308, 9007199254740993, 1e22, 1e23, 0,
        ];
        await LogAsync([.. values.Select((value, step) => new MetricPoint("m", value, 0, step))]);
        Assert.Equal(
            values.Select(BitConverter.DoubleToInt64Bits),
            (await HistoryAsync("m")).Select(p => BitConverter.DoubleToInt64Bits(p.Value)));
    }

    [Fact]
    public async Task Random_bit_patterns_come_back_as_they_were()
    {
        var random = new Random(20010101);
        double[] values = [.. Enumerable.Range(0, 1000).Select(_ => BitConverter.Int64BitsToDouble(random.NextInt64())).Select(v => double.IsNaN(v) ? 1 : v)];
        await LogAsync([.. values.Select((value, step) => new MetricPoint("m", value, long.MaxValue, step))]);
        Assert.Equal(values, (await HistoryAsync("m")).Select(p => p.Value));
    }

    [Fact]
    public async Task Logging_a_batch_again_stores_it_once()
    {
        MetricPoint[] points =
        [
            new("m", 1, 5, 1), new("m", 1, 5, 1), new("m", 2, 5, 1), new("m", double.NaN, 5, 1), new("m", double.PositiveInfinity, 5, 1),
            new("m", 0, 5, 1), new("n", 1, 5, 1),
        ];
        await LogAsync(points);
        await LogAsync(points);
        Assert.Equal([0, 1, 2, double.PositiveInfinity, double.NaN], (await HistoryAsync("m")).Select(p => p.Value));
        Assert.Single(await HistoryAsync("n"));
    }

    [Fact]
    public async Task The_latest_point_has_the_highest_step_then_time_then_value()
    {
        await LogAsync(new MetricPoint("m", 10, 100, 5));
        await LogAsync(new MetricPoint("m", 99, 900, 4));
        Assert.Equal(10, await LatestAsync("m"));
        await LogAsync(new MetricPoint("m", 3, 101, 5), new MetricPoint("m", 2, 101, 5));
        Assert.Equal(3, await LatestAsync("m"));
        await LogAsync(new MetricPoint("m", double.NegativeInfinity, 101, 5));
        Assert.Equal(3, await LatestAsync("m"));
        await LogAsync(new MetricPoint("m", double.NaN, 101, 5));
        Assert.Equal(double.NaN, await LatestAsync("m"));
        await LogAsync(new MetricPoint("m", -1, 0, 6));
        Assert.Equal(-1, await LatestAsync("m"));
    }

    [Fact]
    public async Task History_is_paged_in_order_without_loss()
    {
        await LogAsync([.. Enumerable.Range(0, 10).Select(i => new MetricPoint("m", i % 3 == 0 ? double.NaN : i, 7, i / 4))]);
        var all = await HistoryAsync("m");
        var paged = new List<MetricPoint>();
        string? token = null;
        do
        {
            var page = await tracking.MetricHistoryAsync(Ada, run, "m", token, 3, Cancel);
            paged.AddRange(page.Items);
            token = page.NextPageToken;
        }
        while (token is not null);

        // By step; within one, numbers in order and NaN after them; equal points (two NaN of step 0) are one.
        Assert.Equal([1, 2, double.NaN, 4, 5, 7, double.NaN, 8, double.NaN], all.Select(p => p.Value));
        Assert.Equal(all, paged);
    }

    [Fact]
    public async Task Writers_of_the_same_keys_at_the_same_time_agree_on_the_latest()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(writer => Task.Run(() =>
        {
            var points = Enumerable.Range(0, 50).Select(i => new MetricPoint($"k{i}", writer, 0, writer));
            return LogAsync([.. writer % 2 == 0 ? points : points.Reverse()]);
        })));
        var detail = await tracking.GetRunAsync(Ada, run, Cancel);
        Assert.Equal(50, detail.Metrics.Count);
        Assert.All(detail.Metrics.Values, point => Assert.Equal(19, point.Value));
        Assert.Equal(20, (await HistoryAsync("k7")).Count);
    }

    [Fact]
    public async Task Keys_that_differ_in_case_or_look_like_patterns_differ()
    {
        await LogAsync(new MetricPoint("auc", 1, 0), new MetricPoint("AUC", 2, 0), new MetricPoint("a_c", 3, 0));
        Assert.Equal(1, Assert.Single(await HistoryAsync("auc")).Value);
        Assert.Equal(3, Assert.Single(await HistoryAsync("a_c")).Value);
    }

    [Theory]
    [InlineData(1001, 0, 0, "A batch holds at most 1000 metrics; got 1001.")]
    [InlineData(0, 101, 0, "A batch holds at most 100 params; got 101.")]
    [InlineData(0, 0, 101, "A batch holds at most 100 tags; got 101.")]
    [InlineData(900, 60, 50, "A batch holds at most 1000 metrics, params and tags together; got 1010.")]
    public async Task A_batch_over_a_limit_is_refused_whole(int metrics, int values, int tags, string message)
    {
        var batch = new LogBatch(
            [.. Enumerable.Range(0, metrics).Select(i => new MetricPoint("m", i, 0))],
            Enumerable.Range(0, values).ToDictionary(i => $"p{i}", _ => ""),
            Enumerable.Range(0, tags).ToDictionary(i => $"t{i}", _ => ""));
        var error = await Assert.ThrowsAsync<SlipwayException>(() => tracking.LogBatchAsync(Ada, run, batch, Cancel));
        Assert.Equal((ErrorKind.Invalid, message), (error.Kind, error.Message));
        var detail = await tracking.GetRunAsync(Ada, run, Cancel);
        Assert.Equal((0, 0, 1), (detail.Metrics.Count, detail.Params.Count, detail.Tags.Count));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/../b")]
    [InlineData("/a")]
    [InlineData("a//b")]
    [InlineData("..")]
    [InlineData("a\nb")]
    [InlineData("a;b")]
    [InlineData("a\0b")]
    public async Task A_key_that_is_no_clean_path_is_refused(string key)
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(() => LogAsync(new MetricPoint(key, 1, 0)));
        Assert.Equal(ErrorKind.Invalid, error.Kind);
    }

    [Fact]
    public async Task Keys_and_values_have_the_limits_of_mlflow()
    {
        await LogAsync(new MetricPoint(new string('k', 250), 1, 0), new MetricPoint("train/loss: part-1.5 b", 1, 0));
        await tracking.LogParamsAsync(Ada, run, new Dictionary<string, string> { ["p"] = new('v', 6000) }, Cancel);
        var key = await Assert.ThrowsAsync<SlipwayException>(() => LogAsync(new MetricPoint(new string('k', 251), 1, 0)));
        Assert.Equal("A metric key has at most 250 characters; got 251.", key.Message);
        var value = await Assert.ThrowsAsync<SlipwayException>(
            () => tracking.LogParamsAsync(Ada, run, new Dictionary<string, string> { ["q"] = new('v', 6001) }, Cancel));
        Assert.Equal("The value of the param 'q' has at most 6000 characters; got 6001.", value.Message);
        await Assert.ThrowsAsync<SlipwayException>(
            () => tracking.LogParamsAsync(Ada, run, new Dictionary<string, string> { ["q"] = "\ud800" }, Cancel));
    }
}

public sealed class MetricsOnSqlite() : MetricContract(null);

public sealed class MetricsOnPostgres(PostgresServer postgres) : MetricContract(postgres);
