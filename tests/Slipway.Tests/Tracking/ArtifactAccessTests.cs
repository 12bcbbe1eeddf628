using System.Text;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Foundation.Links;
using Slipway.Platform.Tracking;

namespace Slipway.Tests.Tracking;

/// <summary>Whose artifacts may be read and written by whom, and where they are.</summary>
public sealed class ArtifactAccessTests() : OnBothEngines(null)
{
    private static readonly Actor Ada = new("ada", Role.Admin);

    private RunArtifacts artifacts = null!;
    private Experiment experiment = null!;
    private ArtifactOwner run = null!;
    private ArtifactOwner model = null!;

    protected override async Task PrepareAsync()
    {
        artifacts = new RunArtifacts(Db, new BlobStore(Folder.Combine("blobs")), new AccessService());
        experiment = await TrackingKit.Experiments(Db, Time).CreateAsync(Ada, new NewExperiment("flights", Project: "airline"), Cancel);
        run = ArtifactOwner.Run((await new TrackingService(Db, new AccessService(), Time).StartRunAsync(Ada, new RunStart(experiment.Id), Cancel)).Id);
        model = ArtifactOwner.LoggedModel(
            (await TrackingKit.LoggedModels(Db, Time).CreateAsync(Ada, new NewLoggedModel(experiment.Id), Cancel)).Id);
    }

    [Fact]
    public async Task Roles_in_the_project_of_the_experiment_decide_for_runs_and_logged_models()
    {
        var viewer = With("project/airline", Role.Viewer);
        var contributor = With("project/airline", Role.Contributor);
        var stranger = With("project/hotels", Role.Admin);
        foreach (var owner in new[] { run, model })
        {
            await PutAsync(contributor, owner, "a");
            await using var read = (await artifacts.OpenAsync(viewer, owner, "a", Cancel)).Content;
            Assert.Single((await artifacts.ListAsync(viewer, owner, new ArtifactQuery(), Cancel)).Items);
            await FailsAsync(ErrorKind.Forbidden, () => PutAsync(viewer, owner, "b"));
            await FailsAsync(ErrorKind.Forbidden, () => artifacts.DeleteAsync(viewer, owner, "a", Cancel));
            await FailsAsync(ErrorKind.Forbidden, () => artifacts.BeginUploadAsync(viewer, owner, "a", Cancel));
            await FailsAsync(ErrorKind.Forbidden, () => artifacts.OpenAsync(stranger, owner, "a", Cancel));
            await FailsAsync(ErrorKind.Forbidden, () => artifacts.ListAsync(stranger, owner, new ArtifactQuery(), Cancel));
        }
    }

    [Fact]
    public async Task Artifacts_of_a_deleted_run_are_read_and_not_written()
    {
        await PutAsync(Ada, run, "a");
        var upload = await artifacts.BeginUploadAsync(Ada, run, "b", Cancel);
        await TrackingKit.Runs(Db, Time).DeleteAsync(Ada, run.Id, Cancel);

        await using var read = (await artifacts.OpenAsync(Ada, run, "a", Cancel)).Content;
        await FailsAsync(ErrorKind.FailedPrecondition, () => PutAsync(Ada, run, "a"));
        await FailsAsync(ErrorKind.FailedPrecondition, () => artifacts.DeleteAsync(Ada, run, "a", Cancel));
        await FailsAsync(ErrorKind.FailedPrecondition, () => artifacts.CompleteUploadAsync(Ada, run, upload.Id, [], Cancel));
    }

    [Fact]
    public async Task An_owner_is_found_in_its_own_experiment_only()
    {
        await PutAsync(Ada, run, "a");
        await using var read = (await artifacts.OpenAsync(Ada, run with { ExperimentId = experiment.Id }, "a", Cancel)).Content;
        await FailsAsync(ErrorKind.NotFound, () => artifacts.OpenAsync(Ada, run with { ExperimentId = 0 }, "a", Cancel));
        await FailsAsync(ErrorKind.NotFound, () => PutAsync(Ada, run with { Kind = ArtifactOwnerKind.LoggedModel }, "a"));
    }

    [Fact]
    public async Task An_upload_belongs_to_its_owner()
    {
        var upload = await artifacts.BeginUploadAsync(Ada, run, "a", Cancel);
        await FailsAsync(ErrorKind.NotFound, () => artifacts.PutPartAsync(Ada, model, upload.Id, 1, Content(), Cancel));
        await FailsAsync(ErrorKind.NotFound, () => artifacts.AbortUploadAsync(Ada, model, upload.Id, Cancel));
        var part = await artifacts.PutPartAsync(Ada, run, upload.Id, 1, Content(), Cancel);
        await artifacts.CompleteUploadAsync(Ada, run, upload.Id, [new ArtifactPart(part.Number, part.Sha256)], Cancel);
        Assert.Equal(["a"], (await artifacts.ListAsync(Ada, run, new ArtifactQuery(), Cancel)).Items.Select(item => item.Path));
    }

    [Fact]
    public async Task Pages_join_to_the_whole_and_a_token_of_another_folder_is_refused()
    {
        foreach (var name in new[] { "d/1", "d/2", "d/3", "e" })
        {
            await PutAsync(Ada, run, name);
        }

        var first = await artifacts.ListAsync(Ada, run, new ArtifactQuery("d", Limit: 2), Cancel);
        var second = await artifacts.ListAsync(Ada, run, new ArtifactQuery("d", PageToken: first.NextPageToken, Limit: 2), Cancel);
        Assert.Equal(["d/1", "d/2", "d/3"], first.Items.Concat(second.Items).Select(item => item.Path));
        Assert.Null(second.NextPageToken);
        await FailsAsync(ErrorKind.Invalid, () => artifacts.ListAsync(Ada, run, new ArtifactQuery("e", PageToken: first.NextPageToken), Cancel));
    }

    [Fact]
    public async Task A_link_works_for_what_it_was_made_for_until_it_expires()
    {
        var links = new SignedLinks(Db, Time);
        var proof = await links.SignAsync("GET a", "ada", TimeSpan.FromMinutes(15), Cancel);
        await new SignedLinks(Db, Time).VerifyAsync("GET a", proof, Cancel);

        await FailsAsync(ErrorKind.Forbidden, () => links.VerifyAsync("PUT a", proof, Cancel));
        await FailsAsync(ErrorKind.Forbidden, () => links.VerifyAsync("GET a", proof with { Actor = "eve" }, Cancel));
        await FailsAsync(ErrorKind.Forbidden, () => links.VerifyAsync("GET a", proof with { Expires = proof.Expires + 1 }, Cancel));
        await FailsAsync(ErrorKind.Forbidden, () => links.VerifyAsync("GET a", proof with { Signature = "" }, Cancel));
        Time.Advance(TimeSpan.FromMinutes(15));
        await FailsAsync(ErrorKind.Forbidden, () => links.VerifyAsync("GET a", proof, Cancel));
    }

    [Theory]
    [InlineData("7/abc/artifacts", ArtifactOwnerKind.Run, "abc", "")]
    [InlineData("7/abc/artifacts/", ArtifactOwnerKind.Run, "abc", "")]
    [InlineData("7/abc/artifacts/m/MLmodel", ArtifactOwnerKind.Run, "abc", "m/MLmodel")]
    [InlineData("7/models/m-1/artifacts/MLmodel", ArtifactOwnerKind.LoggedModel, "m-1", "MLmodel")]
    public void An_address_names_an_owner_and_a_path(string address, ArtifactOwnerKind kind, string id, string path) =>
        Assert.Equal(new ArtifactAddress(new ArtifactOwner(kind, id, 7), path), ArtifactAddress.Parse(address));

    [Theory]
    [InlineData("")]
    [InlineData("7")]
    [InlineData("7/abc")]
    [InlineData("7/abc/other/a")]
    [InlineData("x/abc/artifacts/a")]
    [InlineData("-7/abc/artifacts/a")]
    [InlineData("7/models/m-1/other")]
    [InlineData("sha256/00/ab")]
    [InlineData("artifacts/abc/a")]
    public void There_are_no_other_addresses(string address) =>
        Assert.Equal(ErrorKind.Invalid, Assert.Throws<SlipwayException>(() => ArtifactAddress.Parse(address)).Kind);

    [Fact]
    public void An_address_with_a_host_is_another_servers()
    {
        Assert.Null(ArtifactAddress.ParseUri("mlflow-artifacts://elsewhere/7/abc/artifacts"));
        Assert.Null(ArtifactAddress.ParseUri("s3://bucket/7/abc/artifacts"));
        foreach (var uri in new[] { "mlflow-artifacts:/7/abc/artifacts", "mlflow-artifacts:///7/abc/artifacts" })
        {
            Assert.Equal("abc", ArtifactAddress.ParseUri(uri)!.Owner.Id);
        }
    }

    private static MemoryStream Content() => new(Encoding.UTF8.GetBytes("content"));

    private static Actor With(string scope, Role role) => new("eve", Role.None, new Dictionary<string, Role> { [scope] = role });

    private static async Task FailsAsync(ErrorKind kind, Func<Task> work) =>
        Assert.Equal(kind, (await Assert.ThrowsAsync<SlipwayException>(work)).Kind);

    private Task<BlobInfo> PutAsync(Actor actor, ArtifactOwner owner, string path) => artifacts.PutAsync(actor, owner, path, Content(), Cancel);
}
