using System.Globalization;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Tracking;
using Slipway.TestKit;

namespace Slipway.Tests.Tracking;

public abstract class RunSearchContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private static readonly Actor Ada = new("ada", Role.Contributor);
    private static readonly string[] Keys = ["a", "b", "c d"];
    private static readonly string[] Texts = ["x", "X", "xy", "a%b", "a_b", "axb", "[x", "ä"];
    private static readonly double[] Values = [-1, 0, 0.5, 0.5, 1, 2, double.NaN, double.PositiveInfinity, double.NegativeInfinity];

    private TrackingService tracking = null!;
    private ExperimentService experiments = null!;

    protected override Task PrepareAsync()
    {
        tracking = new TrackingService(Db, new AccessService(), Time);
        experiments = TrackingKit.Experiments(Db, Time);
        return Task.CompletedTask;
    }

    private async Task<long> ExperimentAsync(string name) => (await experiments.CreateAsync(Ada, new NewExperiment(name), Cancel)).Id;

    private async Task<string> RunAsync(long experiment, string name, LogBatch batch, long startMs = 0)
    {
        var run = await tracking.StartRunAsync(Ada, new RunStart(experiment, name, StartMs: startMs), Cancel);
        await tracking.LogBatchAsync(Ada, run.Id, batch, Cancel);
        return run.Id;
    }

    private static LogBatch Metrics(params (string Key, double Value)[] metrics) => new([.. metrics.Select(m => new MetricPoint(m.Key, m.Value, 0))]);

    private async Task<List<string>> NamesAsync(long experiment, string? filter, params string[] orderBy) =>
    [
        .. (await tracking.SearchRunsAsync(Ada, new RunQuery([experiment], filter, orderBy, RunView.Active, null, 100), Cancel)).Items
            .Select(detail => detail.Run.Name),
    ];

    private async Task<SearchedRun> DrawAsync(Random random, long experiment)
    {
        var metrics = Keys.Where(_ => random.Next(4) > 0).ToDictionary(key => key, _ => Values[random.Next(Values.Length)]);
        var values = Keys.Where(_ => random.Next(3) > 0).ToDictionary(key => key, _ => Texts[random.Next(Texts.Length)]);
        var tags = Keys.Where(_ => random.Next(3) > 0).ToDictionary(key => key, _ => Texts[random.Next(Texts.Length)]);
        var (name, start) = (Texts[random.Next(Texts.Length)], random.Next(5));
        var batch = new LogBatch([.. metrics.Select(m => new MetricPoint(m.Key, m.Value, 0, 1)), .. metrics.Select(m => new MetricPoint(m.Key, 7, 0, 0))], values, tags);
        var id = await RunAsync(experiment, name, batch, start);
        var deleted = random.Next(8) == 0;
        if (deleted)
        {
            await TrackingKit.Runs(Db, Time).DeleteAsync(Ada, id, Cancel);
        }

        return new SearchedRun(id, experiment, name, false, start, deleted, metrics, values, tags);
    }

    [Fact]
    public async Task A_page_gives_of_each_run_what_reading_the_run_gives()
    {
        var experiment = await ExperimentAsync("details");
        var odd = new Dictionary<string, string> { ["a"] = "", ["b"] = "two\nlines, \u0001, ä and \U0001F6A2", ["z"] = "" };
        var points = new MetricPoint[]
        {
            new("nan", double.NaN, 5, -3), new("up", double.PositiveInfinity, 6), new("down", double.NegativeInfinity, 7), new("low", -1e-300, 1, long.MaxValue),
        };
        await RunAsync(experiment, "bare", new LogBatch(), 4);
        await RunAsync(experiment, "odd", new LogBatch(points, odd, odd), 3);
        await RunAsync(experiment, "other keys", new LogBatch([new("m", 0.1, 2, 3)], new Dictionary<string, string> { ["b"] = "" }), 2);
        await RunAsync(experiment, "the same keys", new LogBatch([new("m", 0.2, 4, 5)], new Dictionary<string, string> { ["b"] = "2" }), 1);

        var page = (await tracking.SearchRunsAsync(Ada, new RunQuery([experiment], null, [], RunView.Active, null, 100), Cancel)).Items;

        Assert.Equal(["bare", "odd", "other keys", "the same keys"], page.Select(found => found.Run.Name));
        Assert.Equal(odd, page[1].Params);
        Assert.Equal(points.OrderBy(point => point.Key, StringComparer.Ordinal), page[1].Metrics.Values);
        foreach (var found in page)
        {
            var read = await tracking.GetRunAsync(Ada, found.Run.Id, Cancel);
            Assert.Equal(read.Run, found.Run);
            Assert.Equal(read.Metrics.Values, found.Metrics.Values);
            Assert.Equal(read.Params.ToList(), found.Params.ToList());
            Assert.Equal(read.Tags.ToList(), found.Tags.ToList());
        }
    }

    [Fact]
    public async Task Any_search_finds_what_a_walk_through_memory_finds_page_by_page()
    {
        var random = new Random(20260101);
        long[] all = [await ExperimentAsync("one"), await ExperimentAsync("two"), await ExperimentAsync("other")];
        var runs = new List<SearchedRun>();
        for (var i = 0; i < 80; i++)
        {
            runs.Add(await DrawAsync(random, all[random.Next(3)]));
        }

        for (var i = 0; i < 250; i++)
        {
            var search = RandomSearch.Draw(random);
            var (asked, limit) = (all[..random.Next(1, 3)], random.Next(1, 30));
            var expected = search.Run(runs.Where(run => !run.Deleted && asked.Contains(run.Experiment)));
            var found = new List<string>();
            string? token = null;
            do
            {
                var page = await tracking.SearchRunsAsync(
                    Ada, new RunQuery(asked, search.Filter, search.OrderBy is null ? [] : [search.OrderBy], RunView.Active, token, limit), Cancel);
                Assert.True(page.NextPageToken is null || page.Items.Count == limit);
                found.AddRange(page.Items.Select(detail => detail.Run.Id));
                token = page.NextPageToken;
            }
            while (token is not null);
            Assert.True(
                found.SequenceEqual(expected.Select(run => run.Id)),
                string.Create(CultureInfo.InvariantCulture, $"search {i}: {search.Filter} order by {search.OrderBy}: {found.Count} found, {expected.Count} expected"));
        }
    }

    [Fact]
    public async Task Numbers_come_before_nan_and_nan_before_what_is_missing_in_either_direction()
    {
        var experiment = await ExperimentAsync("e");
        await RunAsync(experiment, "missing", Metrics());
        await RunAsync(experiment, "nan", Metrics(("m", double.NaN)));
        await RunAsync(experiment, "one", Metrics(("m", 1)));
        await RunAsync(experiment, "infinite", Metrics(("m", double.PositiveInfinity)));
        await RunAsync(experiment, "least", Metrics(("m", double.NegativeInfinity)));

        Assert.Equal(["least", "one", "infinite", "nan", "missing"], await NamesAsync(experiment, null, "metrics.m"));
        Assert.Equal(["infinite", "one", "least", "nan", "missing"], await NamesAsync(experiment, null, "metrics.m DESC"));
        Assert.Equal(["infinite", "one"], await NamesAsync(experiment, "metrics.m > 0", "metrics.m DESC"));
        Assert.Equal(["infinite", "least"], await NamesAsync(experiment, "metrics.m != 1", "metrics.m DESC"));
    }

    [Fact]
    public async Task A_search_sees_what_was_logged_before_it()
    {
        var experiment = await ExperimentAsync("e");
        var run = await RunAsync(experiment, "r", Metrics(("m", 1)));
        for (var step = 1; step <= 20; step++)
        {
            await tracking.LogMetricsAsync(Ada, run, [new MetricPoint("m", step, 0, step)], Cancel);
            var page = await tracking.SearchRunsAsync(
                Ada, new RunQuery([experiment], $"metrics.m = {step}", [], RunView.Active, null, 10), Cancel);
            Assert.Equal(step, Assert.Single(page.Items).Metrics["m"].Value);
        }
    }

    [Fact]
    public async Task Several_orders_follow_each_other()
    {
        var experiment = await ExperimentAsync("e");
        await RunAsync(experiment, "b", Metrics(("m", 1), ("n", 1)));
        await RunAsync(experiment, "a", Metrics(("m", 1), ("n", 2)));
        await RunAsync(experiment, "c", Metrics(("m", 0), ("n", 3)));

        Assert.Equal(["c", "a", "b"], await NamesAsync(experiment, null, "metrics.m", "metrics.n DESC"));
        Assert.Equal(["a", "b", "c"], await NamesAsync(experiment, null, "metrics.m DESC", "attributes.run_name ASC"));
    }

    [Fact]
    public async Task Attributes_and_datasets_can_be_asked_for()
    {
        var experiment = await ExperimentAsync("e");
        var first = await RunAsync(experiment, "first", Metrics());
        var second = await RunAsync(experiment, "second", Metrics());
        await tracking.FinishRunAsync(Ada, second, RunStatus.Finished, Cancel, 50);
        await tracking.LogInputAsync(Ada, first, new DatasetInput("flights", "d1", "file", Context: "train"), Cancel);

        Assert.Equal(["second"], await NamesAsync(experiment, "status = 'FINISHED' and end_time >= 50"));
        Assert.Equal(["first"], await NamesAsync(experiment, $"run_id IN ('{first}', 'nobody')"));
        Assert.Equal(["first"], await NamesAsync(experiment, "datasets.name = 'flights' AND dataset.context LIKE 'tr%'"));
        Assert.Equal(["first", "second"], (await NamesAsync(experiment, $"artifact_uri LIKE 'mlflow-artifacts:/{experiment}/%'")).Order());
        Assert.Equal(2, (await NamesAsync(experiment, "user_id = 'ada'")).Count);
        Assert.Empty(await NamesAsync(experiment, "datasets.digest != 'd1'"));
    }

    [Fact]
    public async Task A_long_param_is_found_by_all_of_its_value()
    {
        var experiment = await ExperimentAsync("e");
        var stem = new string('ä', 5000);
        await RunAsync(experiment, "a", new LogBatch(Params: new Dictionary<string, string> { ["p"] = stem + "a" }));
        await RunAsync(experiment, "b", new LogBatch(Params: new Dictionary<string, string> { ["p"] = stem + "b" }));

        Assert.Equal(["b"], await NamesAsync(experiment, $"params.p = '{stem}b'"));
    }

    [Fact]
    public async Task Who_may_read_one_project_finds_only_its_runs()
    {
        var mine = (await experiments.CreateAsync(new Actor("root", Role.Admin), new NewExperiment("mine", Project: "p1"), Cancel)).Id;
        var other = (await experiments.CreateAsync(new Actor("root", Role.Admin), new NewExperiment("other", Project: "p2"), Cancel)).Id;
        await RunAsync(mine, "seen", Metrics());
        await RunAsync(other, "hidden", Metrics());
        var guest = new Actor("guest", Role.None, new Dictionary<string, Role> { ["project/p1"] = Role.Viewer });

        var page = await tracking.SearchRunsAsync(guest, new RunQuery([mine, other], null, [], RunView.Active, null, 10), Cancel);

        Assert.Equal("seen", Assert.Single(page.Items).Run.Name);
    }

    [Fact]
    public async Task A_token_belongs_to_its_search()
    {
        var experiment = await ExperimentAsync("e");
        await RunAsync(experiment, "a", Metrics(("m", 1)));
        await RunAsync(experiment, "b", Metrics(("m", 2)));
        var token = (await tracking.SearchRunsAsync(Ada, new RunQuery([experiment], null, ["metrics.m"], RunView.Active, null, 1), Cancel)).NextPageToken;

        Assert.NotNull(token);
        foreach (var other in new[]
        {
            new RunQuery([experiment], null, ["metrics.m DESC"], RunView.Active, token, 1),
            new RunQuery([experiment], "metrics.m > 0", ["metrics.m"], RunView.Active, token, 1),
            new RunQuery([experiment], null, ["metrics.m"], RunView.All, token, 1),
        })
        {
            var error = await Assert.ThrowsAsync<SlipwayException>(() => tracking.SearchRunsAsync(Ada, other, Cancel));
            Assert.Equal(ErrorKind.Invalid, error.Kind);
        }
    }

    [Fact]
    public async Task Deleted_runs_are_found_only_where_they_are_asked_for()
    {
        var experiment = await ExperimentAsync("e");
        var gone = await RunAsync(experiment, "gone", Metrics(("m", 1)));
        await RunAsync(experiment, "here", Metrics(("m", 2)));
        await TrackingKit.Runs(Db, Time).DeleteAsync(Ada, gone, Cancel);

        async Task<List<string>> In(RunView view) =>
        [
            .. (await tracking.SearchRunsAsync(Ada, new RunQuery([experiment], "metrics.m > 0", ["metrics.m"], view, null, 10), Cancel)).Items
                .Select(detail => detail.Run.Name),
        ];
        Assert.Equal(["here"], await In(RunView.Active));
        Assert.Equal(["gone"], await In(RunView.Deleted));
        Assert.Equal(["gone", "here"], await In(RunView.All));
    }
}

public sealed class RunSearchOnSqlite() : RunSearchContract(null);

public sealed class RunSearchOnPostgres(PostgresServer postgres) : RunSearchContract(postgres);
