using System.Text;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Jobs;
using Slipway.Platform.Tracking;
using Slipway.Platform.Tracking.Garbage;
using Slipway.TestKit;

namespace Slipway.Tests.Tracking;

public abstract class GarbageContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private static readonly Actor Ada = new("ada", Role.Admin);
    private static readonly GarbageRequest MonthOld = new(TimeSpan.FromDays(30));

    private BlobStore blobs = null!;
    private ExperimentService experiments = null!;
    private RunService runs = null!;
    private TrackingService tracking = null!;
    private LoggedModelService models = null!;
    private RunArtifacts artifacts = null!;

    protected override Task PrepareAsync()
    {
        blobs = new BlobStore(Folder.Combine("blobs"));
        experiments = TrackingKit.Experiments(Db, Time);
        runs = TrackingKit.Runs(Db, Time);
        tracking = new TrackingService(Db, new AccessService(), Time);
        models = TrackingKit.LoggedModels(Db, Time);
        artifacts = new RunArtifacts(Db, blobs, new AccessService());
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_run_that_was_deleted_long_ago_goes_with_its_history_and_files_and_others_stay()
    {
        var experiment = await ExperimentAsync("flights");
        var (old, young, active) = (await RunAsync(experiment), await RunAsync(experiment), await RunAsync(experiment));
        await runs.DeleteAsync(Ada, old, Cancel);
        Time.Advance(TimeSpan.FromDays(31));
        await runs.DeleteAsync(Ada, young, Cancel);

        var report = await CollectAsync(MonthOld);

        Assert.Equal([new GarbageItem(GarbageKind.Run, old, 1, 5)], report.Items);
        Assert.Equal(5, report.Bytes);
        await MissingAsync(() => tracking.GetRunAsync(Ada, old, Cancel));
        Assert.Equal(new[] { young, active }.Select(id => $"artifacts/{id}/model.bin").Order(), blobs.List("artifacts"));
        await runs.RestoreAsync(Ada, young, Cancel);
        Assert.Equal("0.5", (await tracking.GetRunAsync(Ada, young, Cancel)).Params["lr"]);
        Assert.Empty((await CollectAsync(MonthOld)).Items);
    }

    [Fact]
    public async Task A_dry_run_tells_what_the_collection_then_does_and_changes_nothing()
    {
        var experiment = await ExperimentAsync("flights");
        await RunAsync(experiment);
        var model = await ModelAsync(experiment);
        var orphan = await OrphanAsync("nobody names this");
        await experiments.DeleteAsync(Ada, experiment, Cancel);
        await models.DeleteAsync(Ada, model, Cancel);
        Time.Advance(TimeSpan.FromDays(31));
        var before = Files();

        var told = await CollectAsync(MonthOld with { DryRun = true });
        Assert.Equal(before, Files());
        Assert.NotNull(await tracking.GetRunAsync(Ada, told.Items.Single(item => item.Kind == GarbageKind.Run).Name, Cancel));
        var done = await CollectAsync(MonthOld);

        Assert.Equal(told.Items, done.Items);
        Assert.Equal(
            [GarbageKind.LoggedModel, GarbageKind.Run, GarbageKind.Experiment, GarbageKind.Blob], done.Items.Select(item => item.Kind));
        Assert.Contains(done.Items, item => item.Name == orphan);
        Assert.Empty(Files());
    }

    [Fact]
    public async Task The_name_of_a_collected_experiment_is_free_again()
    {
        var first = await ExperimentAsync("flights");
        await experiments.DeleteAsync(Ada, first, Cancel);
        await Assert.ThrowsAsync<SlipwayException>(() => ExperimentAsync("flights"));
        Time.Advance(TimeSpan.FromDays(31));

        Assert.Equal([new GarbageItem(GarbageKind.Experiment, "flights", 1, 0)], (await CollectAsync(MonthOld)).Items);

        Assert.NotEqual(first, await ExperimentAsync("flights"));
    }

    [Fact]
    public async Task A_child_outlives_its_collected_parent()
    {
        var experiment = await ExperimentAsync("flights");
        var parent = await RunAsync(experiment);
        var child = (await tracking.StartRunAsync(Ada, new RunStart(experiment, ParentId: parent), Cancel)).Id;
        await runs.DeleteAsync(Ada, parent, Cancel);
        Time.Advance(TimeSpan.FromDays(31));
        await CollectAsync(MonthOld);
        Assert.Null((await tracking.GetRunAsync(Ada, child, Cancel)).Run.ParentId);
    }

    [Fact]
    public async Task Files_that_a_crash_left_without_their_run_are_found_by_the_next_collection()
    {
        await blobs.PutAsync("artifacts/0198aaaaaaaaaaaaaaaaaaaaaaaaaaaa/a/model.bin", Bytes("12345"), Cancel);
        await blobs.PutAsync("logged-models/m-0198aaaaaaaaaaaaaaaaaaaaaaaaaaaa/MLmodel", Bytes("123"), Cancel);
        var report = await CollectAsync(MonthOld);
        Assert.Equal(
            [
                new GarbageItem(GarbageKind.Artifacts, "artifacts/0198aaaaaaaaaaaaaaaaaaaaaaaaaaaa", 1, 5),
                new GarbageItem(GarbageKind.Artifacts, "logged-models/m-0198aaaaaaaaaaaaaaaaaaaaaaaaaaaa", 1, 3),
            ],
            report.Items);
        Assert.Empty(Files());
    }

    [Fact]
    public async Task Content_goes_when_nothing_names_it_and_it_is_not_being_registered()
    {
        var named = await OrphanAsync("named");
        var unnamed = await OrphanAsync("unnamed");
        var beingRegistered = (await blobs.PutContentAsync(Bytes("young"), Cancel)).Key;
        var run = await RunAsync(await ExperimentAsync("flights"));
        await tracking.LogInputAsync(Ada, run, new DatasetInput("snapshot", "digest", $"file:{named}"), Cancel);

        var report = await CollectAsync(MonthOld);

        Assert.Equal([unnamed], report.Items.Select(item => item.Name));
        Assert.Equal(new[] { named, beingRegistered }.Order(), blobs.List("sha256"));
    }

    [Fact]
    public async Task What_a_higher_module_still_needs_is_kept_and_said()
    {
        var experiment = await ExperimentAsync("flights");
        var (held, free) = (await RunAsync(experiment), await RunAsync(experiment));
        await experiments.DeleteAsync(Ada, experiment, Cancel);
        Time.Advance(TimeSpan.FromDays(31));
        var hold = new ArtifactHold($"select 'runs:/{held}/model'", "a registered model version came from it");

        foreach (var dryRun in new[] { true, false })
        {
            var report = await CollectAsync(MonthOld with { DryRun = dryRun }, hold);
            Assert.Equal([free], report.Items.Select(item => item.Name));
            Assert.Equal(
                [
                    new KeptItem(GarbageKind.Run, held, "a registered model version came from it"),
                    new KeptItem(GarbageKind.Experiment, "flights", "a run or logged model in it is kept"),
                ],
                report.Kept);
        }

        Assert.Equal([$"artifacts/{held}/model.bin"], blobs.List("artifacts"));
    }

    [Fact]
    public async Task Succeeded_jobs_go_after_a_week_and_dead_ones_wait()
    {
        await JobAsync("old", "succeeded", Time.GetUtcNow() - TimeSpan.FromDays(8));
        await JobAsync("young", "succeeded", Time.GetUtcNow() - TimeSpan.FromDays(6));
        await JobAsync("dead", "dead", Time.GetUtcNow() - TimeSpan.FromDays(80));
        Assert.Equal([new GarbageItem(GarbageKind.Jobs, "succeeded jobs", 1, 0)], (await CollectAsync(MonthOld)).Items);
        Assert.Equal(["young", "dead"], (await Jobs().ListAsync(null, null, 10, Cancel)).Select(job => job.Id));
    }

    [Fact]
    public async Task Unfinished_uploads_go_after_a_day()
    {
        var run = await RunAsync(await ExperimentAsync("flights"));
        var owner = ArtifactOwner.Run(run);
        var (old, young) = (await artifacts.BeginUploadAsync(Ada, owner, "big", Cancel), await artifacts.BeginUploadAsync(Ada, owner, "big", Cancel));
        await artifacts.PutPartAsync(Ada, owner, old.Id, 1, Bytes("12345"), Cancel);
        Directory.SetLastWriteTimeUtc(Folder.Combine("blobs", ".incoming", old.Id), new DateTime(2025, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        Assert.Equal([GarbageKind.Uploads], (await CollectAsync(MonthOld)).Items.Select(item => item.Kind));

        await MissingAsync(() => artifacts.PutPartAsync(Ada, owner, old.Id, 2, Bytes("x"), Cancel));
        await artifacts.PutPartAsync(Ada, owner, young.Id, 1, Bytes("x"), Cancel);
    }

    [Fact]
    public async Task Only_an_admin_collects_and_the_audit_log_tells_of_it()
    {
        var mallory = new Actor("mallory", Role.Approver);
        var refused = await Assert.ThrowsAsync<SlipwayException>(() => Service().CollectAsync(mallory, MonthOld, Cancel));
        Assert.Equal(ErrorKind.Forbidden, refused.Kind);
        await OrphanAsync("unnamed");
        await CollectAsync(MonthOld);
        var entries = await new AuditLog(Db, Time).ListAsync("server/garbage", null, null, 10, Cancel);
        Assert.Equal(("ada", "garbage.collect"), (Assert.Single(entries.Items).Actor, entries.Items[0].Action));
    }

    [Fact]
    public async Task Files_of_another_database_are_left_alone()
    {
        await blobs.PutAsync("artifacts/0198aaaaaaaaaaaaaaaaaaaaaaaaaaaa/model.bin", Bytes("12345"), Cancel);
        await blobs.PutAsync("store/mark", Bytes("of another database"), Cancel);
        var refused = await Assert.ThrowsAsync<SlipwayException>(() => CollectAsync(MonthOld));
        Assert.Equal(ErrorKind.FailedPrecondition, refused.Kind);
        Assert.Single(blobs.List("artifacts"));
    }

    private static MemoryStream Bytes(string text) => new(Encoding.UTF8.GetBytes(text));

    private static async Task MissingAsync(Func<Task> work) =>
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<SlipwayException>(work)).Kind);

    private JobService Jobs() => new(Db, Time, new JobOptions());

    private GarbageService Service(params ArtifactHold[] holds) => new(
        Db, blobs, new BlobGarbage(Db, blobs, [new BlobReferences("select source from datasets")]), Jobs(), new AccessService(), new AuditLog(Db, Time),
        holds, new GarbageOptions(), Time);

    private Task<GarbageReport> CollectAsync(GarbageRequest request, params ArtifactHold[] holds) =>
        Service(holds).CollectAsync(Ada, request, Cancel);

    private IReadOnlyList<string> Files() => [.. blobs.List("").Where(key => key != "store/mark")];

    private async Task<long> ExperimentAsync(string name) => (await experiments.CreateAsync(Ada, new NewExperiment(name), Cancel)).Id;

    private async Task<string> RunAsync(long experiment)
    {
        var run = (await tracking.StartRunAsync(Ada, new RunStart(experiment), Cancel)).Id;
        await tracking.LogBatchAsync(
            Ada,
            run,
            new LogBatch([new MetricPoint("loss", 0.5, 1)], new Dictionary<string, string> { ["lr"] = "0.5" }, new Dictionary<string, string> { ["t"] = "v" }),
            Cancel);
        await tracking.LogInputAsync(Ada, run, new DatasetInput("rows", "digest", "source"), Cancel);
        await artifacts.PutAsync(Ada, run, "model.bin", Bytes("12345"), Cancel);
        return run;
    }

    private async Task<string> ModelAsync(long experiment)
    {
        var model = await models.CreateAsync(
            Ada, new NewLoggedModel(experiment, Params: new Dictionary<string, string> { ["p"] = "1" }, Tags: new Dictionary<string, string> { ["t"] = "1" }), Cancel);
        await artifacts.PutAsync(Ada, ArtifactOwner.LoggedModel(model.Id), "MLmodel", Bytes("123"), Cancel);
        return model.Id;
    }

    /// <summary>A blob that has been there for long before the clock of the test.</summary>
    private async Task<string> OrphanAsync(string text)
    {
        var blob = await blobs.PutContentAsync(Bytes(text), Cancel);
        File.SetLastWriteTimeUtc(blobs.LocalPath(blob.Key), new DateTime(2025, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        return blob.Key;
    }

    private Task<int> JobAsync(string id, string state, DateTimeOffset finished) => Db.ExecuteAsync(
        """
        insert into jobs (id, kind, payload, state, run_at_ms, attempts, max_attempts, created_ms, finished_ms)
        values (@id, 'test', '{}', @state, @at, 1, 5, @at, @at)
        """,
        c => c.With("id", id).With("state", state).With("at", finished.ToUnixTimeMilliseconds()),
        Cancel);
}

public sealed class GarbageOnSqlite() : GarbageContract(null);

public sealed class GarbageOnPostgres(PostgresServer postgres) : GarbageContract(postgres);
