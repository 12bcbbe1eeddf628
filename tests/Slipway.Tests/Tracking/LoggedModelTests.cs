using System.Text.Json.Nodes;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Tracking;
using Slipway.TestKit;

namespace Slipway.Tests.Tracking;

public abstract class LoggedModelContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private static readonly Actor Ada = new("ada", Role.Contributor);

    private LoggedModelService models = null!;
    private TrackingService tracking = null!;

    protected override Task PrepareAsync()
    {
        models = TrackingKit.LoggedModels(Db, Time);
        tracking = new TrackingService(Db, new AccessService(), Time);
        return Task.CompletedTask;
    }

    private Task<LoggedModel> CreateAsync(string name, string? type = null, string? run = null, string? rate = null, string? team = null) =>
        models.CreateAsync(Ada, new NewLoggedModel(0, name, type, run, Pairs("rate", rate), Pairs("team", team)), Cancel);

    private static Dictionary<string, string> Pairs(string key, string? value) => value is null ? [] : new() { [key] = value };

    private async Task<string[]> FindAsync(string? filter, int limit, MetricDataset[] datasets, params LoggedModelOrder[] orders)
    {
        var found = new List<string>();
        var query = new LoggedModelQuery([0], filter, datasets, orders, null, limit);
        Page<LoggedModel> page;
        do
        {
            page = await models.SearchAsync(Ada, query, Cancel);
            found.AddRange(page.Items.Select(m => m.Name));
            query = query with { PageToken = page.NextPageToken };
        }
        while (page.NextPageToken is not null);
        return [.. found];
    }

    [Fact]
    public async Task A_deleted_logged_model_is_restored_with_all_it_had()
    {
        var made = await CreateAsync("tree", rate: "0.1");
        await models.DeleteAsync(Ada, made.Id, Cancel);
        await Assert.ThrowsAsync<SlipwayException>(() => models.GetAsync(Ada, made.Id, Cancel));
        var stranger = new Actor("eve", Role.Viewer);
        Assert.Equal(
            ErrorKind.Forbidden, (await Assert.ThrowsAsync<SlipwayException>(() => models.RestoreAsync(stranger, made.Id, Cancel))).Kind);

        await models.RestoreAsync(Ada, made.Id, Cancel);
        await models.RestoreAsync(Ada, made.Id, Cancel);

        var back = await models.GetAsync(Ada, made.Id, Cancel);
        Assert.Equal(("tree", "0.1", Lifecycle.Active), (back.Name, back.Params["rate"], back.Lifecycle));
        Assert.Equal(["tree"], await FindAsync(null, 10, []));
        var audit = await new AuditLog(Db, Time).ListAsync($"logged-model/{made.Id}", null, null, 10, Cancel);
        Assert.Equal(["logged_model.restore", "logged_model.delete"], audit.Items.Select(a => a.Action));
    }

    [Fact]
    public async Task A_logged_model_is_not_restored_into_a_deleted_experiment_nor_from_nowhere()
    {
        var experiments = TrackingKit.Experiments(Db, Time);
        var experiment = await experiments.CreateAsync(Ada, new NewExperiment("gone"), Cancel);
        var made = await models.CreateAsync(Ada, new NewLoggedModel(experiment.Id), Cancel);
        await models.DeleteAsync(Ada, made.Id, Cancel);
        await experiments.DeleteAsync(Ada, experiment.Id, Cancel);

        Assert.Equal(
            ErrorKind.FailedPrecondition, (await Assert.ThrowsAsync<SlipwayException>(() => models.RestoreAsync(Ada, made.Id, Cancel))).Kind);
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<SlipwayException>(() => models.RestoreAsync(Ada, "m-1", Cancel))).Kind);
    }

    [Fact]
    public async Task A_run_measures_and_names_logged_models_only_where_its_writer_may()
    {
        var experiments = TrackingKit.Experiments(Db, Time);
        var own = await experiments.CreateAsync(Ada, new NewExperiment("own", Project: "flights"), Cancel);
        var others = await experiments.CreateAsync(Ada, new NewExperiment("others", Project: "hotels"), Cancel);
        var run = await tracking.StartRunAsync(Ada, new RunStart(own.Id), Cancel);
        var (mine, theirs) = (await models.CreateAsync(Ada, new NewLoggedModel(own.Id), Cancel), await models.CreateAsync(Ada, new NewLoggedModel(others.Id), Cancel));
        var gina = new Actor("gina", Role.None, new Dictionary<string, Role> { ["project/flights"] = Role.Contributor });
        var reader = new Actor("rita", Role.None, new Dictionary<string, Role> { ["project/flights"] = Role.Contributor, ["project/hotels"] = Role.Viewer });

        Task MeasureAsync(Actor actor, string model) => tracking.LogMetricsAsync(actor, run.Id, [new("auc", 0.5, 1, 0, model)], Cancel);
        Task LinkAsync(Actor actor, RunLinks links) => tracking.LinkAsync(actor, run.Id, links, Cancel);
        async Task FailsAsync(Func<Task> act) => Assert.Equal(ErrorKind.Forbidden, (await Assert.ThrowsAsync<SlipwayException>(act)).Kind);

        await MeasureAsync(gina, mine.Id);
        await FailsAsync(() => MeasureAsync(gina, theirs.Id));
        await FailsAsync(() => MeasureAsync(reader, theirs.Id));
        await FailsAsync(() => LinkAsync(gina, new RunLinks(ModelInputs: [theirs.Id])));
        await LinkAsync(reader, new RunLinks(ModelInputs: [theirs.Id]));
        await FailsAsync(() => LinkAsync(reader, new RunLinks(ModelOutputs: [new ModelOutput(theirs.Id, 0)])));

        Assert.Single((await models.GetAsync(Ada, mine.Id, Cancel)).Metrics);
        Assert.Empty((await models.GetAsync(Ada, theirs.Id, Cancel)).Metrics);
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<SlipwayException>(() => MeasureAsync(gina, "m-0"))).Kind);
    }

    [Fact]
    public async Task Versions_that_two_servers_note_at_once_are_all_there()
    {
        var made = await CreateAsync("tree");
        await using var other = OpenAgain();
        (Db Db, LoggedModelService Models)[] servers = [(Db, models), (other, TrackingKit.LoggedModels(other, Time))];
        await Task.WhenAll(Enumerable.Range(1, 40).Select(number => Task.Run(() => servers[number % 2].Db.WriteAsync(
            session => servers[number % 2].Models.NoteVersionAsync(session, made.Id, "delay", number, Cancel), Cancel))));

        var noted = JsonNode.Parse((await models.GetAsync(Ada, made.Id, Cancel)).Tags["mlflow.modelVersions"])!.AsArray();
        Assert.Equal(Enumerable.Range(1, 40), noted.Select(version => (int)version!["version"]!).Order());
    }

    [Fact]
    public async Task A_logged_model_comes_back_with_all_that_was_said_of_it()
    {
        var run = await tracking.StartRunAsync(Ada, new RunStart(0), Cancel);
        var made = await CreateAsync("tree", "Agent", run.Id, "0.1", "ml");
        Assert.Matches("^m-[0-9a-f]{32}$", made.Id);
        Time.Advance(TimeSpan.FromSeconds(2));
        var ready = await models.FinalizeAsync(Ada, made.Id, LoggedModelStatus.Ready, Cancel);
        await models.LogParamsAsync(Ada, made.Id, new Dictionary<string, string> { ["rate"] = "0.1", ["depth"] = "3" }, Cancel);
        await models.SetTagsAsync(Ada, made.Id, new Dictionary<string, string> { ["team"] = "ops", ["x"] = "" }, Cancel);
        await models.DeleteTagAsync(Ada, made.Id, "x", Cancel);

        var read = await models.GetAsync(Ada, made.Id, Cancel);
        Assert.Equal((LoggedModelStatus.Pending, LoggedModelStatus.Ready), (made.Status, ready.Status));
        Assert.Equal(("tree", "Agent", run.Id, LoggedModelStatus.Ready), (read.Name, read.ModelType, read.SourceRunId, read.Status));
        Assert.Equal($"mlflow-artifacts:/0/models/{made.Id}/artifacts", read.ArtifactUri);
        Assert.Equal(made.CreatedMs + 2000, read.UpdatedMs);
        Assert.Equal(new Dictionary<string, string> { ["depth"] = "3", ["rate"] = "0.1" }, read.Params);
        Assert.Equal(new Dictionary<string, string> { ["team"] = "ops" }, read.Tags);
        await FailsAsync(ErrorKind.Conflict, () => models.LogParamsAsync(Ada, made.Id, Pairs("rate", "0.2"), Cancel));
        await FailsAsync(ErrorKind.NotFound, () => models.DeleteTagAsync(Ada, made.Id, "x", Cancel));
    }

    [Fact]
    public async Task A_run_names_the_models_it_read_and_made()
    {
        var (read, made) = (await CreateAsync("read"), await CreateAsync("made"));
        var run = await tracking.StartRunAsync(Ada, new RunStart(0), Cancel);
        var links = new RunLinks(null, [read.Id], [new ModelOutput(made.Id, 3)]);
        await tracking.LinkAsync(Ada, run.Id, links, Cancel);
        await tracking.LinkAsync(Ada, run.Id, links with { ModelOutputs = [new ModelOutput(made.Id, 4)] }, Cancel);
        var detail = await tracking.GetRunAsync(Ada, run.Id, Cancel);
        Assert.Equal([read.Id], detail.ModelInputs);
        Assert.Equal([new ModelOutput(made.Id, 4)], detail.ModelOutputs);
    }

    [Fact]
    public async Task A_deleted_model_is_not_found()
    {
        var made = await CreateAsync("tree");
        await models.DeleteAsync(Ada, made.Id, Cancel);
        foreach (var act in (Func<Task>[])
            [
                () => models.GetAsync(Ada, made.Id, Cancel), () => models.DeleteAsync(Ada, made.Id, Cancel),
                () => models.FinalizeAsync(Ada, made.Id, LoggedModelStatus.Ready, Cancel),
            ])
        {
            Assert.Equal($"There is no logged model '{made.Id}'.", await FailsAsync(ErrorKind.NotFound, act));
        }

        Assert.Empty(await FindAsync(null, 10, []));
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("a:b")]
    [InlineData("a.b")]
    [InlineData("a%b")]
    [InlineData("a'b")]
    [InlineData("a\"b")]
    public async Task A_name_that_would_be_a_path_or_an_address_is_refused(string name)
    {
        Assert.Contains("at 2", await FailsAsync(ErrorKind.Invalid, () => CreateAsync(name)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("name = 'tree'", "tree")]
    [InlineData("name LIKE 'T%'", "Tall")]
    [InlineData("name ILIKE 't%'", "tree Tall")]
    [InlineData("name IN ('tree', 'line')", "tree line")]
    [InlineData("name NOT IN ('tree', 'line')", "Tall")]
    [InlineData("attributes.model_type = 'Agent'", "tree")]
    [InlineData("status = 'READY'", "Tall")]
    [InlineData("status != 'LOGGED_MODEL_READY'", "tree line")]
    [InlineData("creation_timestamp >= 1767225601000", "Tall line")]
    [InlineData("creation_timestamp_ms < 1767225601000", "tree")]
    [InlineData("params.rate = '0.1' AND tags.team != 'ops'", "tree")]
    [InlineData("params.rate LIKE '0%'", "tree Tall")]
    [InlineData("tags.`team` = 'ops'", "Tall")]
    [InlineData("params.none != 'x'", "")]
    public async Task A_filter_finds_the_same_on_both_engines(string filter, string expected)
    {
        await CreateAsync("tree", "Agent", null, "0.1", "ml");
        Time.Advance(TimeSpan.FromSeconds(1));
        var tall = await CreateAsync("Tall", null, "r", "0.2", "ops");
        await models.FinalizeAsync(Ada, tall.Id, LoggedModelStatus.Ready, Cancel);
        Time.Advance(TimeSpan.FromSeconds(1));
        await CreateAsync("line");
        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(), (await FindAsync(filter, 10, [])).Order());
    }

    [Fact]
    public async Task Any_order_gives_every_model_once_and_what_lacks_a_value_comes_last()
    {
        await CreateAsync("a", null, "r2", "0.5");
        Time.Advance(TimeSpan.FromSeconds(1));
        await CreateAsync("b", null, "r1");
        Time.Advance(TimeSpan.FromSeconds(1));
        await CreateAsync("c", null, null, "0.1");
        foreach (var limit in (int[])[1, 2, 10])
        {
            Assert.Equal(["c", "b", "a"], await FindAsync(null, limit, []));
            Assert.Equal(["a", "b", "c"], await FindAsync(null, limit, [], new LoggedModelOrder("creation_timestamp")));
            Assert.Equal(["c", "a", "b"], await FindAsync(null, limit, [], new LoggedModelOrder("params.rate")));
            Assert.Equal(["a", "c", "b"], await FindAsync(null, limit, [], new LoggedModelOrder("params.rate", false)));
            Assert.Equal(["b", "a", "c"], await FindAsync(null, limit, [], new LoggedModelOrder("source_run_id")));
            Assert.Equal(["a", "b", "c"], await FindAsync(null, limit, [], new LoggedModelOrder("source_run_id", false)));
        }
    }

    [Fact]
    public async Task Metrics_of_models_are_found_and_ordered_by_their_latest_values_on_the_datasets_asked_for()
    {
        var run = (await tracking.StartRunAsync(Ada, new RunStart(0), Cancel)).Id;
        var ids = new Dictionary<string, string>();
        foreach (var name in (string[])["low", "high", "nan", "best", "none"])
        {
            ids[name] = (await CreateAsync(name)).Id;
        }

        MetricPoint Point(string model, double value, long step = 0, string? dataset = null) =>
            new("acc", value, 7, step, ids[model], dataset, dataset is null ? null : "d1");
        await tracking.LogMetricsAsync(
            Ada,
            run,
            [
                Point("low", 0.9, 1), Point("low", 0.1, 2), Point("high", 0.2, 1), Point("high", 0.8, 2, "test"), Point("nan", double.NaN),
                Point("best", double.PositiveInfinity),
            ],
            Cancel);
        foreach (var limit in (int[])[1, 2, 10])
        {
            Assert.Equal(["best", "high", "low", "nan", "none"], await FindAsync(null, limit, [], new LoggedModelOrder("metrics.acc", false)));
            Assert.Equal(["low", "high", "best", "nan", "none"], await FindAsync(null, limit, [], new LoggedModelOrder("metrics.acc")));
            var onTest = new LoggedModelOrder("metrics.acc", true, new MetricDataset("test", "d1"));
            Assert.Equal("high", (await FindAsync(null, limit, [], onTest))[0]);
        }

        Assert.Equal(["best", "high"], (await FindAsync("metrics.acc > 0.5", 10, [])).Order());
        Assert.Equal(["low"], await FindAsync("metrics.acc <= 0.1", 10, []));
        Assert.Equal(["high"], await FindAsync("metrics.acc > 0.5", 10, [new MetricDataset("test")]));
        Assert.Empty(await FindAsync("metrics.acc > 0.5", 10, [new MetricDataset("test", "d2")]));
        Assert.Equal(["best", "high", "low"], (await FindAsync("metrics.acc != 0", 10, [])).Order());

        var high = (await models.GetAsync(Ada, ids["high"], Cancel)).Metrics;
        Assert.Equal([new(run, Point("high", 0.2, 1)), new RunMetricPoint(run, Point("high", 0.8, 2, "test"))], high);
        Assert.Equal(double.NaN, (await models.GetAsync(Ada, ids["nan"], Cancel)).Metrics.Single().Point.Value);
    }

    [Fact]
    public async Task A_filter_that_is_wrong_is_told_where()
    {
        Assert.Contains("Invalid attributes key 'colour'", await FailsAsync(ErrorKind.Invalid, () => FindAsync("colour = 'x'", 1, [])), StringComparison.Ordinal);
        Assert.Contains("Invalid entity type 'metric'", await FailsAsync(ErrorKind.Invalid, () => FindAsync("metric.x > 1", 1, [])), StringComparison.Ordinal);
        await FailsAsync(ErrorKind.Invalid, () => models.SearchAsync(Ada, new LoggedModelQuery([0], null, [], [], "damaged", 1), Cancel));
    }

    [Fact]
    public async Task Roles_in_the_project_of_the_experiment_hold_for_its_models()
    {
        var made = await CreateAsync("tree");
        var stranger = new Actor("sam", Role.None, new Dictionary<string, Role> { ["project/other"] = Role.Admin });
        var guest = new Actor("gus", Role.None, new Dictionary<string, Role> { ["project/default"] = Role.Viewer });
        await FailsAsync(ErrorKind.Forbidden, () => models.GetAsync(stranger, made.Id, Cancel));
        await FailsAsync(ErrorKind.Forbidden, () => models.CreateAsync(stranger, new NewLoggedModel(0), Cancel));
        Assert.Empty((await models.SearchAsync(stranger, new LoggedModelQuery([0], null, [], [], null, 10), Cancel)).Items);
        Assert.Equal("tree", (await models.GetAsync(guest, made.Id, Cancel)).Name);
        Assert.Single((await models.SearchAsync(guest, new LoggedModelQuery([0], null, [], [], null, 10), Cancel)).Items);
        await FailsAsync(ErrorKind.Forbidden, () => models.DeleteAsync(guest, made.Id, Cancel));
    }

    private static async Task<string> FailsAsync(ErrorKind kind, Func<Task> act)
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(act);
        Assert.Equal(kind, error.Kind);
        return error.Message;
    }
}

public sealed class LoggedModelsOnSqlite() : LoggedModelContract(null);

public sealed class LoggedModelsOnPostgres(PostgresServer postgres) : LoggedModelContract(postgres);
