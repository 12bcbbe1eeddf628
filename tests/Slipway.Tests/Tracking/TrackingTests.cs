using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Tracking;
using Slipway.TestKit;

namespace Slipway.Tests.Tracking;

public abstract class TrackingContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private static readonly Actor Ada = new("ada", Role.Contributor);

    private ExperimentService experiments = null!;
    private TrackingService tracking = null!;

    protected override Task PrepareAsync()
    {
        experiments = TrackingKit.Experiments(Db, Time);
        tracking = new TrackingService(Db, new AccessService(), Time);
        return Task.CompletedTask;
    }

    private async Task<Run> StartAsync(string experiment = "flights", string? requestKey = null)
    {
        var found = await experiments.GetOrCreateAsync(Ada, experiment, Cancel);
        return await tracking.StartRunAsync(Ada, new RunStart(found.Id, RequestKey: requestKey), Cancel);
    }

    private Task<Page<RunDetail>> SearchAsync(long experiment, string? pageToken, int limit) =>
        tracking.SearchRunsAsync(Ada, new RunQuery([experiment], null, [], RunView.Active, pageToken, limit), Cancel);

    private static async Task<string> FailsAsync(ErrorKind kind, Func<Task> act)
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(act);
        Assert.Equal(kind, error.Kind);
        return error.Message;
    }

    [Fact]
    public async Task An_experiment_is_made_once_however_many_ask_for_it()
    {
        await using var other = OpenAgain();
        var elsewhere = TrackingKit.Experiments(other, Time);
        var made = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(
            () => (i % 2 == 0 ? experiments : elsewhere).GetOrCreateAsync(Ada, "flights", Cancel))));
        Assert.Single(made.Select(e => e.Id).Distinct());
        Assert.Equal(made[0].Id, (await experiments.GetAsync(Ada, "flights", Cancel)).Id);
        var message = await FailsAsync(ErrorKind.Conflict, () => experiments.CreateAsync(Ada, new NewExperiment("flights"), Cancel));
        Assert.Contains("'flights'", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_comes_back_with_all_that_was_logged()
    {
        var parent = await StartAsync();
        var environment = new RunEnvironment("0123456789abcdef0123456789abcdef01234567", ".NET 10", "Linux", "train --seed 7", 7);
        var run = await tracking.StartRunAsync(
            Ada,
            new RunStart(parent.ExperimentId, "lightgbm", parent.Id, Environment: environment, Tags: new Dictionary<string, string> { ["team"] = "ops" }),
            Cancel);
        await tracking.LogParamsAsync(Ada, run.Id, new Dictionary<string, string> { ["leaves"] = "31", ["note"] = "ü \"quoted\" \\ \n 😀" }, Cancel);
        await tracking.LogMetricsAsync(Ada, run.Id, [new MetricPoint("auc", 0.5, 10, 1), new MetricPoint("auc", 0.75, 20, 2)], Cancel);
        await tracking.SetTagsAsync(Ada, run.Id, new Dictionary<string, string> { ["team"] = "data" }, Cancel);
        var input = new DatasetInput("flights", "abc123", "flights.parquet", 1_000_000, "training");
        await tracking.LogInputAsync(Ada, run.Id, input, Cancel);
        await tracking.LogInputAsync(Ada, run.Id, input, Cancel);
        Time.Advance(TimeSpan.FromSeconds(5));
        await tracking.FinishRunAsync(Ada, run.Id, RunStatus.Finished, Cancel);

        var detail = await tracking.GetRunAsync(Ada, run.Id, Cancel);
        Assert.Matches("^[0-9a-f]{32}$", run.Id);
        Assert.Equal(run with { Status = RunStatus.Finished, EndMs = run.StartMs + 5000 }, detail.Run);
        Assert.Equal((environment, parent.Id, "ada"), (detail.Run.Environment, detail.Run.ParentId, detail.Run.Actor));
        Assert.Equal(new MetricPoint("auc", 0.75, 20, 2), Assert.Single(detail.Metrics).Value);
        Assert.Equal("ü \"quoted\" \\ \n 😀", detail.Params["note"]);
        Assert.Equal("data", detail.Tags["team"]);
        Assert.Equal([input], detail.Inputs);
    }

    [Fact]
    public async Task Starting_a_run_again_with_its_request_key_gives_the_same_run()
    {
        var first = await StartAsync(requestKey: "pipeline-7/train");
        await tracking.FinishRunAsync(Ada, first.Id, RunStatus.Failed, Cancel);
        var again = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(() => StartAsync(requestKey: "pipeline-7/train"))));
        Assert.All(again, run => Assert.Equal((first.Id, RunStatus.Failed), (run.Id, run.Status)));
        Assert.NotEqual(first.Id, (await StartAsync("another", "pipeline-7/train")).Id);
        Assert.NotEqual(first.Id, (await StartAsync()).Id);
    }

    [Fact]
    public async Task Params_are_written_once()
    {
        var run = await StartAsync();
        await tracking.LogParamsAsync(Ada, run.Id, new Dictionary<string, string> { ["rate"] = "0.1" }, Cancel);
        await tracking.LogParamsAsync(Ada, run.Id, new Dictionary<string, string> { ["rate"] = "0.1" }, Cancel);
        var message = await FailsAsync(
            ErrorKind.Conflict,
            () => tracking.LogBatchAsync(
                Ada,
                run.Id,
                new LogBatch([new MetricPoint("auc", 1, 0)], new Dictionary<string, string> { ["rate"] = "0.2", ["new"] = "1" }),
                Cancel));
        Assert.Contains("'0.1' and cannot become '0.2'", message, StringComparison.Ordinal);

        var detail = await tracking.GetRunAsync(Ada, run.Id, Cancel);
        Assert.Equal("0.1", Assert.Single(detail.Params).Value);
        Assert.Empty(detail.Metrics);
    }

    [Fact]
    public async Task A_run_ends_once()
    {
        var run = await StartAsync();
        await tracking.FinishRunAsync(Ada, run.Id, RunStatus.Finished, Cancel, 42);
        Assert.Equal(42, (await tracking.FinishRunAsync(Ada, run.Id, RunStatus.Finished, Cancel, 43)).EndMs);
        await FailsAsync(ErrorKind.FailedPrecondition, () => tracking.FinishRunAsync(Ada, run.Id, RunStatus.Failed, Cancel));
        await FailsAsync(ErrorKind.Invalid, () => tracking.FinishRunAsync(Ada, run.Id, RunStatus.Running, Cancel));
        await FailsAsync(ErrorKind.NotFound, () => tracking.FinishRunAsync(Ada, "nope", RunStatus.Failed, Cancel));
    }

    [Fact]
    public async Task Pages_of_runs_are_newest_first_and_stay_in_place_while_runs_start()
    {
        var started = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            started.Add((await StartAsync()).Id); // all at the same millisecond of the test's clock
        }

        Time.Advance(TimeSpan.FromMinutes(1));
        started.Add((await StartAsync()).Id);
        var experiment = (await experiments.GetAsync(Ada, "flights", Cancel)).Id;
        var seen = new List<string>();
        var page = await SearchAsync(experiment, null, 3);
        Assert.Equal(started[^1], page.Items[0].Run.Id);
        while (true)
        {
            seen.AddRange(page.Items.Select(detail => detail.Run.Id));
            await StartAsync();
            if (page.NextPageToken is null)
            {
                break;
            }

            page = await SearchAsync(experiment, page.NextPageToken, 3);
        }

        Assert.Equal(8, seen.Count);
        Assert.Equal(started.Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
        Assert.Equal(seen.Skip(1).Order(StringComparer.Ordinal), seen.Skip(1));
    }

    [Fact]
    public async Task A_page_token_of_another_query_or_a_damaged_one_is_refused()
    {
        await StartAsync();
        await StartAsync();
        var token = (await SearchAsync(1, null, 1)).NextPageToken!;
        await FailsAsync(ErrorKind.Invalid, () => SearchAsync(2, token, 1));
        await FailsAsync(ErrorKind.Invalid, () => experiments.SearchAsync(Ada, new ExperimentQuery(null, [], RunView.All, token, 1), Cancel));
        await FailsAsync(ErrorKind.Invalid, () => SearchAsync(1, token[1..], 1));
        await FailsAsync(ErrorKind.Invalid, () => SearchAsync(1, "!", 1));
    }

    [Fact]
    public async Task A_search_gives_each_run_its_own_params_and_metrics()
    {
        for (var i = 0; i < 3; i++)
        {
            var run = await StartAsync();
            await tracking.LogBatchAsync(
                Ada, run.Id, new LogBatch([new MetricPoint("m", i, 0)], new Dictionary<string, string> { ["p"] = $"{i}" }), Cancel);
        }

        var page = await SearchAsync(1, null, 10);
        Assert.Equal(3, page.Items.Count);
        Assert.All(page.Items, detail => Assert.Equal(detail.Params["p"], $"{detail.Metrics["m"].Value}"));
    }

    [Fact]
    public async Task Who_only_reads_may_not_log()
    {
        var run = await StartAsync();
        var viewer = new Actor("vera", Role.Viewer);
        await FailsAsync(ErrorKind.Forbidden, () => tracking.LogMetricsAsync(viewer, run.Id, [new MetricPoint("a", 1, 0)], Cancel));
        await FailsAsync(ErrorKind.Forbidden, () => tracking.StartRunAsync(viewer, new RunStart(1), Cancel));
        await FailsAsync(ErrorKind.Forbidden, () => experiments.CreateAsync(viewer, new NewExperiment("x"), Cancel));
    }

    [Fact]
    public async Task What_does_not_exist_is_named()
    {
        Assert.Equal("There is no experiment 9.", await FailsAsync(ErrorKind.NotFound, () => tracking.StartRunAsync(Ada, new RunStart(9), Cancel)));
        var run = await StartAsync();
        Assert.Equal(
            "There is no run 'gone'.",
            await FailsAsync(ErrorKind.NotFound, () => tracking.StartRunAsync(Ada, new RunStart(run.ExperimentId, ParentId: "gone"), Cancel)));
        await FailsAsync(ErrorKind.NotFound, () => tracking.LogMetricsAsync(Ada, "gone", [new MetricPoint("a", 1, 0)], Cancel));
        await FailsAsync(ErrorKind.NotFound, () => tracking.MetricHistoryAsync(Ada, "gone", "a", null, 10, Cancel));
    }
}

public sealed class TrackingOnSqlite() : TrackingContract(null);

public sealed class TrackingOnPostgres(PostgresServer postgres) : TrackingContract(postgres);
