using Microsoft.Extensions.Logging.Abstractions;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Tracking;
using Slipway.TestKit;

namespace Slipway.Tests.Tracking;

/// <summary>Points are the same wherever they are: just logged, or sorted in.</summary>
public abstract class MetricLogContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private static readonly Actor Ada = new("ada", Role.Contributor);

    private TrackingService tracking = null!;
    private string run = "";

    protected override async Task PrepareAsync()
    {
        tracking = new TrackingService(Db, new AccessService(), Time);
        run = await StartAsync(tracking);
    }

    private static async Task<string> StartAsync(TrackingService tracking) => (await tracking.StartRunAsync(Ada, new RunStart(0), Cancel)).Id;

    private Task<long> CountAsync(string table) => Db.FirstAsync($"select count(*) from {table}", null, row => row.GetInt64(0), Cancel);

    [Fact]
    public async Task A_run_shows_its_latest_points_before_and_after_they_are_sorted_in()
    {
        await tracking.LogMetricsAsync(Ada, run, [new MetricPoint("m", 1, 0, 1), new MetricPoint("n", double.NaN, 0)], Cancel);
        await MetricLog.SettleAsync(Db, [run], Cancel);
        await tracking.LogMetricsAsync(Ada, run, [new MetricPoint("m", 2, 0, 2), new MetricPoint("o", 3, 0)], Cancel);
        await tracking.LogMetricsAsync(Ada, run, [new MetricPoint("m", 9, 0, 0)], Cancel);
        Assert.Equal(2, await CountAsync("metric_log"));
        var waiting = (await tracking.GetRunAsync(Ada, run, Cancel)).Metrics;
        await MetricLog.SettleAsync(Db, [run], Cancel);
        Assert.Equal(0, await CountAsync("metric_log"));
        var settled = (await tracking.GetRunAsync(Ada, run, Cancel)).Metrics;

        Assert.Equal([("m", 2d), ("n", double.NaN), ("o", 3d)], waiting.Select(m => (m.Key, m.Value.Value)));
        Assert.Equal(waiting, settled);
    }

    [Fact]
    public async Task What_was_logged_is_sorted_in_by_the_second()
    {
        using var settler = new MetricSettler(Db, Time, NullLogger<MetricSettler>.Instance);
        await settler.StartAsync(Cancel);
        var other = await StartAsync(tracking);
        for (var i = 0; i < 40; i++)
        {
            await tracking.LogMetricsAsync(Ada, i % 2 == 0 ? run : other, [.. Enumerable.Range(0, 500).Select(k => new MetricPoint($"k{k}", i, 0, i))], Cancel);
        }

        while (await CountAsync("metric_log") > 0)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(10, Cancel);
        }

        await settler.StopAsync(Cancel);
        Assert.Equal(20_000, await CountAsync("metrics"));
        Assert.Equal(1000, await CountAsync("latest_metrics"));
    }

    [Fact]
    public async Task Two_who_sort_in_at_once_sort_in_everything_once()
    {
        await using var other = OpenAgain();
        for (var round = 0; round < 10; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 8).Select(i => tracking.LogMetricsAsync(
                Ada, run, [.. Enumerable.Range(0, 20).Select(k => new MetricPoint($"k{k}", round, 0, (round * 8) + i))], Cancel)));
            await Task.WhenAll(MetricLog.SettleAsync(Db, [run], Cancel), MetricLog.SettleAsync(other, [run], Cancel), MetricLog.SettleSomeAsync(other, "", Cancel));
        }

        await MetricLog.SettleAsync(Db, [run], Cancel);
        Assert.Equal(10 * 8 * 20, await CountAsync("metrics"));
        Assert.Equal(0, await CountAsync("metric_log"));
        Assert.Equal(79, (await tracking.GetRunAsync(Ada, run, Cancel)).Metrics["k7"].Step);
    }

    [Fact]
    public async Task Of_many_calls_at_once_the_wrong_ones_are_refused_and_the_others_stored()
    {
        var calls = Enumerable.Range(0, 60).Select(i => OutcomeAsync((i % 5) switch
        {
            0 => tracking.LogParamsAsync(Ada, run, new Dictionary<string, string> { ["same"] = $"{i % 2}" }, Cancel),
            1 => tracking.LogMetricsAsync(Ada, "nobody", [new MetricPoint("m", i, 0)], Cancel),
            2 => tracking.LogMetricsAsync(new Actor("vera", Role.Viewer), run, [new MetricPoint("m", i, 0)], Cancel),
            3 => tracking.LogBatchAsync(Ada, run, new LogBatch([new MetricPoint($"m{i}", i, 0)], Tags: new Dictionary<string, string> { [$"t{i}"] = "v" }), Cancel),
            _ => tracking.LogMetricsAsync(Ada, run, [new MetricPoint("model", i, 0, ModelId: "m-nobody")], Cancel),
        }));
        var outcomes = await Task.WhenAll(calls);
        var detail = await tracking.GetRunAsync(Ada, run, Cancel);

        Assert.Equal(12, outcomes.Count(o => o == ErrorKind.Forbidden));
        Assert.Equal(24, outcomes.Count(o => o == ErrorKind.NotFound));
        Assert.Equal(6, outcomes.Count(o => o == ErrorKind.Conflict));
        Assert.Equal(18, outcomes.Count(o => o is null));
        Assert.Equal(12, detail.Metrics.Count);
        Assert.Equal(12, detail.Tags.Count(tag => tag.Key[0] == 't'));
        Assert.Single(detail.Params);
    }

    [Fact]
    public async Task Points_of_a_logged_model_are_kept_for_it_once()
    {
        var models = TrackingKit.LoggedModels(Db, Time);
        var model = (await models.CreateAsync(Ada, new NewLoggedModel(0), Cancel)).Id;
        MetricPoint[] points = [new("auc", 0.5, 1, 2, model, "flights", "d1"), new("auc", double.NaN, 1, 3, model)];
        await tracking.LogMetricsAsync(Ada, run, points, Cancel);
        await tracking.LogMetricsAsync(Ada, run, points, Cancel);

        var stored = await Db.QueryAsync(
            "select key, step, kind, dataset_name, dataset_digest, run_id from logged_model_metrics where model_id = @model order by step",
            c => c.With("model", model),
            row => (row.GetString(0), row.GetInt64(1), row.GetInt32(2), row.GetString(3), row.GetString(4), row.GetString(5)),
            Cancel);
        Assert.Equal([("auc", 2, 0, "flights", "d1", run), ("auc", 3, 2, "", "", run)], stored);
    }

    [Fact]
    public async Task The_history_of_many_runs_comes_run_by_run_and_ends_at_the_limit()
    {
        var other = await StartAsync(tracking);
        await tracking.LogMetricsAsync(Ada, run, [.. Enumerable.Range(0, 5).Select(i => new MetricPoint("m", i, 0, i))], Cancel);
        await tracking.LogMetricsAsync(Ada, other, [.. Enumerable.Range(0, 5).Select(i => new MetricPoint("m", 10 + i, 0, i))], Cancel);

        var points = await tracking.BulkHistoryAsync(Ada, [other, "nobody", run], "m", 7, Cancel);

        Assert.Equal([10, 11, 12, 13, 14, 0, 1], points.Select(p => p.Point.Value));
        Assert.Equal([other, run], points.Select(p => p.RunId).Distinct());
    }

    [Theory]
    [InlineData(100, 100)]
    [InlineData(10, 10)]
    [InlineData(2, 2)]
    [InlineData(1, 2)]
    [InlineData(37, 37)]
    public async Task A_sample_of_steps_keeps_the_first_and_the_last_and_lies_evenly(int perRun, int expected)
    {
        await tracking.LogMetricsAsync(Ada, run, [.. Enumerable.Range(0, 100).Select(i => new MetricPoint("m", i, 0, i * 10))], Cancel);

        var steps = (await tracking.BulkIntervalAsync(Ada, [run], "m", null, perRun, Cancel)).Select(p => p.Point.Step).ToList();

        Assert.Equal((expected, 0L, 990L), (steps.Count, steps[0], steps[^1]));
        var gaps = steps.Zip(steps.Skip(1), (a, b) => b - a).ToList();
        Assert.True(gaps.Max() - gaps.Min() <= 10, string.Join(" ", gaps));
    }

    [Fact]
    public async Task An_interval_of_steps_leaves_out_what_lies_beyond()
    {
        await tracking.LogMetricsAsync(Ada, run, [.. Enumerable.Range(0, 100).Select(i => new MetricPoint("m", i, 0, i))], Cancel);
        var points = await tracking.BulkIntervalAsync(Ada, [run], "m", (20, 29), 2500, Cancel);
        Assert.Equal(Enumerable.Range(20, 10).Select(i => (long)i), points.Select(p => p.Point.Step));
    }

    private static async Task<ErrorKind?> OutcomeAsync(Task call)
    {
        try
        {
            await call;
            return null;
        }
        catch (SlipwayException refused)
        {
            return refused.Kind;
        }
    }
}

public sealed class MetricLogOnSqlite() : MetricLogContract(null);

public sealed class MetricLogOnPostgres(PostgresServer postgres) : MetricLogContract(postgres);
