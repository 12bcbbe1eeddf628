using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Tracking;
using Slipway.TestKit;

namespace Slipway.Tests.Tracking;

public abstract class ExperimentContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private static readonly Actor Ada = new("ada", Role.Contributor);

    private ExperimentService experiments = null!;
    private RunService runs = null!;
    private TrackingService tracking = null!;

    protected override Task PrepareAsync()
    {
        experiments = TrackingKit.Experiments(Db, Time);
        runs = TrackingKit.Runs(Db, Time);
        tracking = new TrackingService(Db, new AccessService(), Time);
        return Task.CompletedTask;
    }

    private Task<Experiment> CreateAsync(string name, string? project = null, params (string Key, string Value)[] tags) =>
        experiments.CreateAsync(Ada, new NewExperiment(name, project, null, tags.ToDictionary(t => t.Key, t => t.Value)), Cancel);

    private async Task<string> StartAsync(long experiment) => (await tracking.StartRunAsync(Ada, new RunStart(experiment), Cancel)).Id;

    private async Task<string[]> FindAsync(string? filter, string[]? orderBy = null, RunView view = RunView.Active, int limit = 100)
    {
        var found = new List<string>();
        var query = new ExperimentQuery(filter, orderBy ?? [], view, null, limit);
        Page<Experiment> page;
        do
        {
            page = await experiments.SearchAsync(Ada, query, Cancel);
            found.AddRange(page.Items.Select(e => e.Name));
            query = query with { PageToken = page.NextPageToken };
        }
        while (page.NextPageToken is not null);
        return [.. found];
    }

    [Fact]
    public async Task Number_0_is_the_default_experiment()
    {
        var found = await experiments.GetAsync(Ada, 0, Cancel);
        Assert.Equal(("Default", "default", "mlflow-artifacts:/0"), (found.Name, found.Project, found.ArtifactLocation));
        Assert.Contains("cannot be deleted", await FailsAsync(ErrorKind.Invalid, () => experiments.DeleteAsync(Ada, 0, Cancel)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deleted_experiment_comes_back_with_the_runs_that_went_with_it_and_only_those()
    {
        var flights = await CreateAsync("flights");
        var (kept, gone) = (await StartAsync(flights.Id), await StartAsync(flights.Id));
        await runs.DeleteAsync(Ada, gone, Cancel);
        Time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(await experiments.DeleteAsync(Ada, flights.Id, Cancel));
        Assert.False(await experiments.DeleteAsync(Ada, flights.Id, Cancel));
        Assert.Equal(Lifecycle.Deleted, (await tracking.GetRunAsync(Ada, kept, Cancel)).Run.Lifecycle);
        Assert.Equal(["Default"], await FindAsync(null));
        Assert.Equal(["flights"], await FindAsync(null, view: RunView.Deleted));
        Assert.Equal(
            $"Run {kept} belongs to the deleted experiment {flights.Id}; restore that first.",
            await FailsAsync(ErrorKind.FailedPrecondition, () => runs.RestoreAsync(Ada, kept, Cancel)));

        Assert.True(await experiments.RestoreAsync(Ada, flights.Id, Cancel));
        Assert.False(await experiments.RestoreAsync(Ada, flights.Id, Cancel));
        Assert.Equal(Lifecycle.Active, (await tracking.GetRunAsync(Ada, kept, Cancel)).Run.Lifecycle);
        Assert.Equal(Lifecycle.Deleted, (await tracking.GetRunAsync(Ada, gone, Cancel)).Run.Lifecycle);
        Assert.Equal(flights.UpdatedMs + 1000, (await experiments.GetAsync(Ada, "flights", Cancel)).UpdatedMs);
    }

    [Fact]
    public async Task A_run_restored_by_hand_stays_deleted_with_a_later_deletion_of_its_own()
    {
        var flights = await CreateAsync("flights");
        var run = await StartAsync(flights.Id);
        await experiments.DeleteAsync(Ada, flights.Id, Cancel);
        await experiments.RestoreAsync(Ada, flights.Id, Cancel);
        await runs.DeleteAsync(Ada, run, Cancel);
        await experiments.DeleteAsync(Ada, flights.Id, Cancel);
        await experiments.RestoreAsync(Ada, flights.Id, Cancel);
        Assert.Equal(Lifecycle.Deleted, (await tracking.GetRunAsync(Ada, run, Cancel)).Run.Lifecycle);
    }

    [Fact]
    public async Task The_name_of_a_deleted_experiment_stays_taken()
    {
        var flights = await CreateAsync("flights");
        await experiments.DeleteAsync(Ada, flights.Id, Cancel);
        Assert.Equal(
            $"There is a deleted experiment 'flights', number {flights.Id}; restore it, or collect it to free its name.",
            await FailsAsync(ErrorKind.Conflict, () => CreateAsync("flights")));
        const string deleted = "The experiment 1 must be in the 'active' state; it is deleted.";
        Assert.Equal(deleted, await FailsAsync(ErrorKind.FailedPrecondition, () => experiments.GetOrCreateAsync(Ada, "flights", Cancel)));
        Assert.Equal(deleted, await FailsAsync(ErrorKind.FailedPrecondition, () => StartAsync(flights.Id)));
        Assert.Equal(deleted, await FailsAsync(ErrorKind.FailedPrecondition, () => experiments.SetTagAsync(Ada, flights.Id, "a", "b", Cancel)));
        Assert.Equal(
            deleted,
            await FailsAsync(ErrorKind.FailedPrecondition, () => experiments.UpdateAsync(Ada, flights.Id, new ExperimentChange("other"), Cancel)));
    }

    [Fact]
    public async Task A_name_can_change_to_one_that_is_free()
    {
        var flights = await CreateAsync("flights");
        await CreateAsync("trains");
        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(
            "There is an experiment 'trains' already, number 2.",
            await FailsAsync(ErrorKind.Conflict, () => experiments.UpdateAsync(Ada, flights.Id, new ExperimentChange("trains"), Cancel)));
        var renamed = await experiments.UpdateAsync(Ada, flights.Id, new ExperimentChange("delays"), Cancel);
        var read = await experiments.GetAsync(Ada, "delays", Cancel);
        Assert.Equal((flights.Id, flights.CreatedMs + 1000), (read.Id, read.UpdatedMs));
        Assert.Equal(renamed.UpdatedMs, read.UpdatedMs);
        await FailsAsync(ErrorKind.NotFound, () => experiments.GetAsync(Ada, "flights", Cancel));
    }

    [Fact]
    public async Task Tags_are_set_replaced_and_removed()
    {
        var flights = await CreateAsync("flights", null, ("team", "ml"));
        await experiments.SetTagAsync(Ada, flights.Id, "team", "ops", Cancel);
        await experiments.SetTagAsync(Ada, flights.Id, "note", "", Cancel);
        Assert.Equal(
            new Dictionary<string, string> { ["note"] = "", ["team"] = "ops" }, (await experiments.GetAsync(Ada, flights.Id, Cancel)).Tags);
        await experiments.DeleteTagAsync(Ada, flights.Id, "note", Cancel);
        await FailsAsync(ErrorKind.NotFound, () => experiments.DeleteTagAsync(Ada, flights.Id, "note", Cancel));
        Assert.Single((await experiments.GetAsync(Ada, flights.Id, Cancel)).Tags);
    }

    [Theory]
    [InlineData("name = 'Flights'", "Flights")]
    [InlineData("name != 'Flights'", "Default trains_1")]
    [InlineData("name LIKE 'F%'", "Flights")]
    [InlineData("name LIKE 'f%'", "")]
    [InlineData("name ILIKE 'f%'", "Flights")]
    [InlineData("name LIKE 'trains_1'", "trains_1")]
    [InlineData("attributes.creation_time >= 1767225601000", "trains_1 Flights")]
    [InlineData("creation_time < 1767225601000", "Default")]
    [InlineData("tags.team = 'ml'", "Flights")]
    [InlineData("tags.team != 'ml'", "trains_1")]
    [InlineData("tag.`team` IS NULL", "Default")]
    [InlineData("tags.team IS NOT NULL and name LIKE '%s'", "Flights")]
    [InlineData("name = 'Default' OR (tags.team = 'ops' AND name LIKE 't%')", "trains_1 Default")]
    public async Task A_filter_finds_the_same_on_both_engines(string filter, string expected)
    {
        Time.Advance(TimeSpan.FromSeconds(1));
        await CreateAsync("Flights", null, ("team", "ml"));
        Time.Advance(TimeSpan.FromSeconds(1));
        await CreateAsync("trains_1", null, ("team", "ops"));
        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(), (await FindAsync(filter)).Order());
    }

    [Fact]
    public async Task Any_order_gives_every_experiment_once_in_pages_of_one_or_two()
    {
        foreach (var name in (string[])["b", "B", "ä", "a_", "a"])
        {
            await CreateAsync(name);
            Time.Advance(TimeSpan.FromMilliseconds(name == "B" ? 0 : 1));
        }

        foreach (var limit in (int[])[1, 2, 100])
        {
            Assert.Equal(["a", "a_", "B", "ä", "Default", "b"], await FindAsync(null, ["creation_time DESC"], limit: limit));
            Assert.Equal(["a", "a_", "B", "ä", "Default", "b"], await FindAsync(null, limit: limit));
            Assert.Equal(["ä", "b", "a_", "a", "Default", "B"], await FindAsync(null, ["name DESC"], limit: limit));
            Assert.Equal(["a", "a_", "ä", "B", "b", "Default"], await FindAsync(null, ["experiment_id DESC"], limit: limit));
            Assert.Equal(["b", "Default", "ä", "B", "a_", "a"], await FindAsync(null, ["last_update_time", "name DESC"], limit: limit));
        }
    }

    [Fact]
    public async Task A_filter_that_is_wrong_is_told_where()
    {
        Assert.Contains("at character 6", await FailsAsync(ErrorKind.Invalid, () => FindAsync("name ~ 'x'")), StringComparison.Ordinal);
        Assert.Contains("Invalid attribute key 'colour'", await FailsAsync(ErrorKind.Invalid, () => FindAsync("colour = 'x'")), StringComparison.Ordinal);
        Assert.Contains("tags", await FailsAsync(ErrorKind.Invalid, () => FindAsync("metrics.x > 1")), StringComparison.Ordinal);
        Assert.Contains("Invalid order_by", await FailsAsync(ErrorKind.Invalid, () => FindAsync(null, ["tags.team"])), StringComparison.Ordinal);
        var token = (await experiments.SearchAsync(Ada, new ExperimentQuery(null, [], RunView.All, null, 1), Cancel)).NextPageToken;
        Assert.Null(token);
        await CreateAsync("flights");
        token = (await experiments.SearchAsync(Ada, new ExperimentQuery(null, [], RunView.All, null, 1), Cancel)).NextPageToken;
        await FailsAsync(ErrorKind.Invalid, () => experiments.SearchAsync(Ada, new ExperimentQuery(null, ["name"], RunView.All, token, 1), Cancel));
    }

    [Fact]
    public async Task Who_has_a_role_in_one_project_sees_and_changes_that_project_only()
    {
        var actor = new Actor("pia", Role.None, new Dictionary<string, Role> { ["project/vision"] = Role.Contributor, ["project/audio"] = Role.Viewer });
        var (vision, audio, other) = (await CreateAsync("v", "vision"), await CreateAsync("a", "audio"), await CreateAsync("o"));
        var all = await experiments.SearchAsync(actor, new ExperimentQuery(null, ["name"], RunView.Active, null, 100), Cancel);
        Assert.Equal(["a", "v"], all.Items.Select(e => e.Name));
        await FailsAsync(ErrorKind.Forbidden, () => experiments.GetAsync(actor, other.Id, Cancel));
        await FailsAsync(ErrorKind.Forbidden, () => experiments.DeleteAsync(actor, audio.Id, Cancel));
        await FailsAsync(ErrorKind.Forbidden, () => experiments.UpdateAsync(actor, vision.Id, new ExperimentChange(null, "audio"), Cancel));
        await FailsAsync(ErrorKind.Forbidden, () => experiments.CreateAsync(actor, new NewExperiment("n"), Cancel));
        await FailsAsync(ErrorKind.Forbidden, () => tracking.StartRunAsync(actor, new RunStart(audio.Id), Cancel));
        await experiments.CreateAsync(actor, new NewExperiment("n", "vision"), Cancel);

        var run = await tracking.StartRunAsync(actor, new RunStart(vision.Id), Cancel);
        await tracking.LogMetricsAsync(actor, run.Id, [new MetricPoint("m", 1, 1)], Cancel);
        await runs.UpdateAsync(actor, run.Id, new RunChange("other"), Cancel);
        var elsewhere = await StartAsync(other.Id);
        await FailsAsync(ErrorKind.Forbidden, () => tracking.GetRunAsync(actor, elsewhere, Cancel));
        await FailsAsync(ErrorKind.Forbidden, () => tracking.MetricHistoryAsync(actor, elsewhere, "m", null, 10, Cancel));
        await FailsAsync(ErrorKind.Forbidden, () => tracking.LogMetricsAsync(actor, elsewhere, [new MetricPoint("m", 1, 1)], Cancel));
        await FailsAsync(ErrorKind.Forbidden, () => runs.DeleteAsync(actor, elsewhere, Cancel));
        var found = await tracking.SearchRunsAsync(actor, new RunQuery([vision.Id, other.Id], null, [], RunView.All, null, 10), Cancel);
        Assert.Equal([run.Id], found.Items.Select(detail => detail.Run.Id));
    }

    [Theory]
    [InlineData("/etc")]
    [InlineData("file:///etc")]
    [InlineData("s3://elsewhere/x")]
    [InlineData("s3://bucket-of-others/x")]
    [InlineData("s3://bucket/../x")]
    [InlineData("s3://bucket/x#../../etc")]
    [InlineData("s3://bucket/x?a=b")]
    [InlineData("s3://bucket/%2e%2e/x")]
    [InlineData("mlflow-artifacts:/other")]
    public async Task An_artifact_location_that_the_operator_did_not_allow_is_refused(string location)
    {
        var allowing = TrackingKit.Experiments(Db, Time, new TrackingOptions { AllowedArtifactLocations = ["s3://bucket/"] });
        var message = await FailsAsync(ErrorKind.Invalid, () => allowing.CreateAsync(Ada, new NewExperiment("x", null, location), Cancel));
        Assert.Contains($"'{location}'", message, StringComparison.Ordinal);
        await FailsAsync(ErrorKind.NotFound, () => allowing.GetAsync(Ada, "x", Cancel));
    }

    [Fact]
    public async Task An_artifact_location_that_the_operator_allowed_is_the_one_of_the_runs()
    {
        var allowing = TrackingKit.Experiments(Db, Time, new TrackingOptions { AllowedArtifactLocations = ["s3://bucket/"] });
        var flights = await allowing.CreateAsync(Ada, new NewExperiment("flights", null, "s3://bucket/flights/"), Cancel);
        Assert.Equal("s3://bucket/flights", flights.ArtifactLocation);
        var run = await tracking.StartRunAsync(Ada, new RunStart(flights.Id), Cancel);
        Assert.Equal($"s3://bucket/flights/{run.Id}/artifacts", run.ArtifactUri);
        var usual = await tracking.StartRunAsync(Ada, new RunStart(0), Cancel);
        Assert.Equal($"mlflow-artifacts:/0/{usual.Id}/artifacts", usual.ArtifactUri);
    }

    [Fact]
    public async Task What_is_done_to_experiments_and_runs_is_in_the_audit_log()
    {
        var flights = await CreateAsync("flights");
        var run = await StartAsync(flights.Id);
        await runs.DeleteAsync(Ada, run, Cancel);
        await experiments.DeleteAsync(Ada, flights.Id, Cancel);
        await experiments.RestoreAsync(Ada, flights.Id, Cancel);
        var log = await new AuditLog(Db, Time).ListAsync(null, "ada", null, 10, Cancel);
        Assert.Equal(["experiment.restore", "experiment.delete", "run.delete", "experiment.create"], log.Items.Select(entry => entry.Action));
    }

    private static async Task<string> FailsAsync(ErrorKind kind, Func<Task> act)
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(act);
        Assert.Equal(kind, error.Kind);
        return error.Message;
    }
}

public sealed class ExperimentsOnSqlite() : ExperimentContract(null);

public sealed class ExperimentsOnPostgres(PostgresServer postgres) : ExperimentContract(postgres);
