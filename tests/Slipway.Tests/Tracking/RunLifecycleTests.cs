using System.Text.Json.Nodes;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Tracking;
using Slipway.TestKit;

namespace Slipway.Tests.Tracking;

public abstract class RunLifecycleContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private static readonly Actor Ada = new("ada", Role.Contributor);

    private RunService runs = null!;
    private TrackingService tracking = null!;

    protected override Task PrepareAsync()
    {
        runs = TrackingKit.Runs(Db, Time);
        tracking = new TrackingService(Db, new AccessService(), Time);
        return Task.CompletedTask;
    }

    private Task<Run> StartAsync(string? name = null, string? parent = null, params (string Key, string Value)[] tags) =>
        tracking.StartRunAsync(Ada, new RunStart(0, name, parent, Tags: tags.ToDictionary(t => t.Key, t => t.Value)), Cancel);

    private Task<RunDetail> GetAsync(string id) => tracking.GetRunAsync(Ada, id, Cancel);

    private Task TagAsync(string id, string key, string value) =>
        tracking.SetTagsAsync(Ada, id, new Dictionary<string, string> { [key] = value }, Cancel);

    [Fact]
    public async Task Models_that_two_servers_add_to_one_run_at_once_are_all_in_its_history()
    {
        var run = await tracking.StartRunAsync(Ada, new RunStart(0), Cancel);
        await using var other = OpenAgain();
        RunService[] servers = [runs, TrackingKit.Runs(other, Time)];
        await Task.WhenAll(Enumerable.Range(1, 40).Select(i => Task.Run(
            () => servers[i % 2].AddModelHistoryAsync(Ada, run.Id, $$"""{"model": {{i}}}""", Cancel))));

        var history = JsonNode.Parse((await tracking.GetRunAsync(Ada, run.Id, Cancel)).Tags["mlflow.log-model.history"])!.AsArray();
        Assert.Equal(Enumerable.Range(1, 40), history.Select(model => (int)model!["model"]!).Order());
    }

    [Fact]
    public async Task A_run_without_a_name_is_given_one_to_say()
    {
        var run = await StartAsync();
        Assert.Matches("^[a-z]+-[a-z]+-[0-9]{1,3}$", run.Name);
        Assert.Equal(run.Name, (await GetAsync(run.Id)).Tags[RunTags.Name]);
        Assert.Equal(
            (Lifecycle.Active, "ada", $"mlflow-artifacts:/0/{run.Id}/artifacts"), (run.Lifecycle, run.UserId, run.ArtifactUri));
    }

    [Fact]
    public async Task A_name_and_its_tag_are_one_value()
    {
        Assert.Equal("one", (await StartAsync(null, null, (RunTags.Name, "one"))).Name);
        var run = await StartAsync("two");
        Assert.Equal("two", (await GetAsync(run.Id)).Tags[RunTags.Name]);
        await TagAsync(run.Id, RunTags.Name, "three");
        Assert.Equal("three", (await GetAsync(run.Id)).Run.Name);
        await runs.UpdateAsync(Ada, run.Id, new RunChange("four"), Cancel);
        var detail = await GetAsync(run.Id);
        Assert.Equal(("four", "four"), (detail.Run.Name, detail.Tags[RunTags.Name]));
        await FailsAsync(ErrorKind.Invalid, () => StartAsync("five", null, (RunTags.Name, "six")));
    }

    [Fact]
    public async Task A_parent_and_its_tag_are_one_value_and_a_tag_may_name_a_run_that_does_not_exist()
    {
        var parent = await StartAsync("parent");
        var child = await StartAsync("child", parent.Id);
        Assert.Equal(parent.Id, (await GetAsync(child.Id)).Tags[RunTags.Parent]);
        Assert.Equal(parent.Id, (await StartAsync(null, null, (RunTags.Parent, parent.Id))).ParentId);
        Assert.Null((await StartAsync(null, null, (RunTags.Parent, "elsewhere"))).ParentId);
        await TagAsync(child.Id, RunTags.Parent, "elsewhere");
        Assert.Null((await GetAsync(child.Id)).Run.ParentId);
        await TagAsync(child.Id, RunTags.Parent, parent.Id);
        Assert.Equal(parent.Id, (await GetAsync(child.Id)).Run.ParentId);
        await runs.DeleteTagAsync(Ada, child.Id, RunTags.Parent, Cancel);
        Assert.Null((await GetAsync(child.Id)).Run.ParentId);
    }

    [Fact]
    public async Task A_run_that_ended_can_be_resumed_and_ended_otherwise()
    {
        var run = await StartAsync();
        await tracking.FinishRunAsync(Ada, run.Id, RunStatus.Finished, Cancel, 5);
        Assert.Equal(RunStatus.Running, (await runs.UpdateAsync(Ada, run.Id, new RunChange(Status: RunStatus.Running), Cancel)).Status);
        var killed = await runs.UpdateAsync(Ada, run.Id, new RunChange(Status: RunStatus.Killed, EndMs: 9), Cancel);
        Assert.Equal((RunStatus.Killed, 9L, run.Name), (killed.Status, killed.EndMs, killed.Name));
        Assert.Equal(RunStatus.Scheduled, (await runs.UpdateAsync(Ada, run.Id, new RunChange(Status: RunStatus.Scheduled), Cancel)).Status);
        await FailsAsync(ErrorKind.Invalid, () => tracking.FinishRunAsync(Ada, run.Id, RunStatus.Scheduled, Cancel));
    }

    [Fact]
    public async Task Nothing_is_written_to_a_deleted_run_until_it_is_restored()
    {
        var run = await StartAsync("kept", null, ("team", "ml"));
        var input = new DatasetInput("d", "1", "s");
        await runs.DeleteAsync(Ada, run.Id, Cancel);
        await runs.DeleteAsync(Ada, run.Id, Cancel);
        Func<Task>[] writes =
        [
            () => tracking.LogMetricsAsync(Ada, run.Id, [new MetricPoint("m", 1, 1)], Cancel),
            () => tracking.LogParamsAsync(Ada, run.Id, new Dictionary<string, string> { ["p"] = "1" }, Cancel),
            () => TagAsync(run.Id, "t", "1"),
            () => tracking.LogInputAsync(Ada, run.Id, input, Cancel),
            () => tracking.FinishRunAsync(Ada, run.Id, RunStatus.Finished, Cancel),
            () => runs.UpdateAsync(Ada, run.Id, new RunChange("other"), Cancel),
            () => runs.DeleteTagAsync(Ada, run.Id, "team", Cancel),
            () => runs.AddModelHistoryAsync(Ada, run.Id, "{}", Cancel),
        ];
        foreach (var write in writes)
        {
            Assert.Equal($"The run {run.Id} must be in the 'active' state; it is deleted.", await FailsAsync(ErrorKind.FailedPrecondition, write));
        }

        var deleted = await GetAsync(run.Id);
        Assert.Equal((Lifecycle.Deleted, "kept", 0, 0), (deleted.Run.Lifecycle, deleted.Run.Name, deleted.Metrics.Count, deleted.Params.Count));
        Assert.Equal(new Dictionary<string, string> { [RunTags.Name] = "kept", ["team"] = "ml" }, deleted.Tags);
        await runs.RestoreAsync(Ada, run.Id, Cancel);
        await writes[0]();
        Assert.Equal(Lifecycle.Active, (await GetAsync(run.Id)).Run.Lifecycle);
    }

    [Fact]
    public async Task A_search_shows_active_runs_deleted_ones_or_all()
    {
        var (kept, gone) = (await StartAsync(), await StartAsync());
        await runs.DeleteAsync(Ada, gone.Id, Cancel);
        async Task<string[]> SeenAsync(RunView view) =>
            [.. (await tracking.SearchRunsAsync(Ada, new RunQuery([0], null, [], view, null, 10), Cancel)).Items.Select(d => d.Run.Id).Order()];
        Assert.Equal([kept.Id], await SeenAsync(RunView.Active));
        Assert.Equal([gone.Id], await SeenAsync(RunView.Deleted));
        Assert.Equal(((string[])[kept.Id, gone.Id]).Order(), await SeenAsync(RunView.All));
    }

    [Fact]
    public async Task A_tag_that_is_not_there_cannot_be_removed()
    {
        var run = await StartAsync();
        Assert.Equal($"Run {run.Id} has no tag 'x'.", await FailsAsync(ErrorKind.NotFound, () => runs.DeleteTagAsync(Ada, run.Id, "x", Cancel)));
        Assert.Equal("There is no run 'gone'.", await FailsAsync(ErrorKind.NotFound, () => runs.DeleteTagAsync(Ada, "gone", "x", Cancel)));
        Assert.Equal("There is no run 'gone'.", await FailsAsync(ErrorKind.NotFound, () => runs.UpdateAsync(Ada, "gone", new RunChange("x"), Cancel)));
    }

    [Fact]
    public async Task A_dataset_is_stored_once_and_each_use_keeps_its_context_and_tags()
    {
        var (first, second) = (await StartAsync(), await StartAsync());
        var training = new DatasetInput("flights", "abc", "s3://x", 10, "training", "s3", "{\"a\":1}", null, new Dictionary<string, string> { ["split"] = "80" });
        await tracking.LinkAsync(Ada, first.Id, new RunLinks([training, training with { Context = "evaluation", Tags = null }]), Cancel);
        await tracking.LinkAsync(Ada, second.Id, new RunLinks([new DatasetInput("flights", "abc", "ignored", Profile: "{\"rows\":10}")]), Cancel);

        var inputs = (await GetAsync(first.Id)).Inputs;
        Assert.Equal(["evaluation", "training"], inputs.Select(i => i.Context));
        Assert.Equal(new Dictionary<string, string> { ["split"] = "80" }, inputs[1].Tags);
        Assert.All(inputs, i => Assert.Equal(("s3://x", "s3", 10L, "{\"a\":1}", "{\"rows\":10}"), (i.Source, i.SourceType, i.Rows, i.Schema, i.Profile)));
        var summaries = await TrackingKit.Experiments(Db, Time).SearchDatasetsAsync(Ada, [0], Cancel);
        Assert.Equal(
            [new(0, "flights", "abc", ""), new(0, "flights", "abc", "evaluation"), new DatasetSummary(0, "flights", "abc", "training")], summaries);
    }

    [Fact]
    public async Task Links_are_stored_whole_or_not_at_all()
    {
        var run = await StartAsync();
        var links = new RunLinks([new DatasetInput("d", "1", "s")], ["m-00000000000000000000000000000000"]);
        Assert.Contains("There is no logged model", await FailsAsync(ErrorKind.NotFound, () => tracking.LinkAsync(Ada, run.Id, links, Cancel)), StringComparison.Ordinal);
        Assert.Empty((await GetAsync(run.Id)).Inputs);
        var digest = new string('x', 37);
        Assert.Contains(
            "at most 36", await FailsAsync(ErrorKind.Invalid, () => tracking.LogInputAsync(Ada, run.Id, new DatasetInput("d", digest, "s"), Cancel)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_older_clients_log_as_models_is_a_list()
    {
        var run = await StartAsync();
        await runs.AddModelHistoryAsync(Ada, run.Id, """{"a": 1}""", Cancel);
        await runs.AddModelHistoryAsync(Ada, run.Id, """{"b": 2}""", Cancel);
        Assert.Equal("""[{"a": 1}, {"b": 2}]""", (await GetAsync(run.Id)).Tags[RunTags.ModelHistory]);
        await TagAsync(run.Id, RunTags.ModelHistory, "nonsense");
        await runs.AddModelHistoryAsync(Ada, run.Id, """{"c": 3}""", Cancel);
        Assert.Equal("""[{"c": 3}]""", (await GetAsync(run.Id)).Tags[RunTags.ModelHistory]);
        await FailsAsync(ErrorKind.Invalid, () => runs.AddModelHistoryAsync(Ada, run.Id, "[1]", Cancel));
        await FailsAsync(ErrorKind.Invalid, () => runs.AddModelHistoryAsync(Ada, run.Id, "{", Cancel));
    }

    private static async Task<string> FailsAsync(ErrorKind kind, Func<Task> act)
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(act);
        Assert.Equal(kind, error.Kind);
        return error.Message;
    }
}

public sealed class RunLifecycleOnSqlite() : RunLifecycleContract(null);

public sealed class RunLifecycleOnPostgres(PostgresServer postgres) : RunLifecycleContract(postgres);
