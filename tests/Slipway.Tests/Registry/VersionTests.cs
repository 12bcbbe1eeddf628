using System.Security.Cryptography;
using Slipway.Core.Errors;
using Slipway.Core.Versioning;
using Slipway.Platform.Access;
using Slipway.Platform.Registry;
using Slipway.Platform.Tracking;
using Slipway.TestKit;
using static Slipway.Tests.Registry.RegistryKit;

namespace Slipway.Tests.Registry;

public abstract class VersionContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private RegistryKit kit = null!;

    protected override async Task PrepareAsync()
    {
        kit = new RegistryKit(Db, Folder.Combine("blobs"), Time);
        await kit.Registry.RegisterModelAsync(Carl, new NewModel("delay", "Predict late arrivals.", "ops"), Cancel);
    }

    [Fact]
    public async Task A_model_is_registered_once()
    {
        var models = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => Task.Run(() => kit.Registry.RegisterModelAsync(
            Carl, new NewModel("twice", $"{i}", Tags: new Dictionary<string, string> { ["team"] = "ops" }), Cancel))));
        Assert.Single(models.Select(m => m.Description).Distinct());
        Assert.Equal("ops", (await kit.Registry.GetModelAsync("twice", Cancel)).Tags["team"]);
        Assert.Single((await kit.Audit.ListAsync("model/twice", null, null, 10, Cancel)).Items);
    }

    [Fact]
    public async Task A_version_comes_back_with_all_it_was_made_of()
    {
        var experiment = await kit.Experiments.CreateAsync(Carl, new NewExperiment("flights"), Cancel);
        var run = await kit.Tracking.StartRunAsync(Carl, new RunStart(experiment.Id), Cancel);
        var made = await kit.CreateAsync("delay", "the bytes", v => v with
        {
            RunId = run.Id,
            Artifact = "model/model.onnx",
            FeatureService = "delay_v1",
            FeatureViews = new Dictionary<string, string> { ["airport_delay"] = "3" },
            Metrics = new Dictionary<string, double> { ["auc"] = 0.728, ["broken"] = double.NaN },
            TrainingWindow = new TrainingWindow(978307200000000, 986083200000000),
            Limitations = "Not for 2020.",
            Description = "LightGBM",
            Tags = new Dictionary<string, string> { ["algorithm"] = "lightgbm" },
        });

        var read = await kit.Registry.GetVersionAsync("delay", "1.0.0", Cancel);
        Assert.Equivalent(made, read, strict: true);
        Assert.Equal((1, "1.0.0", Stage.Development), (read.Number, read.Version.ToString(), read.Stage));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData("the bytes"u8)), read.File!.Sha256);
        Assert.Equal(9, read.File.Bytes);
        Assert.Equal(Signature.Inputs, read.Signature!.Inputs);
        Assert.Equal(double.NaN, read.Metrics["broken"]);
        using var reader = new StreamReader(await kit.Packages.OpenModelAsync(Carl, "delay", "1.0.0", Cancel));
        Assert.Equal("the bytes", await reader.ReadToEndAsync(Cancel));
    }

    [Fact]
    public async Task Versions_follow_their_bumps_from_the_highest()
    {
        Assert.Equal("1.0.0", (await kit.CreateAsync("delay")).Version.ToString());
        Assert.Equal("1.1.0", (await kit.CreateAsync("delay")).Version.ToString());
        Assert.Equal("1.1.1", (await kit.CreateAsync("delay", with: v => v with { Bump = VersionBump.Patch })).Version.ToString());
        Assert.Equal("1.10.0", (await kit.CreateAsync("delay", with: v => v with { Version = SemanticVersion.Parse("1.10.0") })).Version.ToString());
        Assert.Equal("1.0.1", (await kit.CreateAsync("delay", with: v => v with { Version = SemanticVersion.Parse("1.0.1") })).Version.ToString());
        Assert.Equal("1.11.0", (await kit.CreateAsync("delay")).Version.ToString());
        Assert.Equal("2.0.0", (await kit.CreateAsync("delay", with: v => v with { Bump = VersionBump.Major })).Version.ToString());
    }

    [Fact]
    public async Task An_explicit_version_is_given_once_and_bears_no_build_metadata()
    {
        await kit.CreateAsync("delay");
        var taken = await FailsAsync(
            ErrorKind.Conflict, () => kit.CreateAsync("delay", with: v => v with { Version = SemanticVersion.Of(1, 0, 0) }));
        Assert.Equal("Model 'delay' has a version 1.0.0 already, or had one that was deleted.", taken);
        await FailsAsync(
            ErrorKind.Invalid, () => kit.CreateAsync("delay", with: v => v with { Version = SemanticVersion.Parse("1.0.1+x") }));
        Assert.Single((await kit.Registry.ListVersionsAsync(Carl, "delay", null, 10, Cancel)).Items);
    }

    [Fact]
    public async Task Creating_again_with_the_request_key_gives_the_same_version()
    {
        var versions = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(
            () => kit.CreateAsync("delay", "bytes", v => v with { RequestKey = "pipeline-7/register" }))));
        Assert.All(versions, version => Assert.Equal(1, version.Number));
        await FailsAsync(
            ErrorKind.Conflict, () => kit.CreateAsync("delay", "other bytes", v => v with { RequestKey = "pipeline-7/register" }));
        Assert.Equal(2, (await kit.CreateAsync("delay", "bytes")).Number);
    }

    [Fact]
    public async Task Versions_made_at_the_same_time_each_get_their_own_number()
    {
        await using var other = OpenAgain();
        var elsewhere = new RegistryKit(other, Folder.Combine("blobs"), Time);
        var versions = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(
            () => (i % 2 == 0 ? kit : elsewhere).CreateAsync("delay", $"{i}"))));
        Assert.Equal(Enumerable.Range(1, 20), versions.Select(v => v.Number).Order());
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"1.{i}.0"), versions.OrderBy(v => v.Number).Select(v => v.Version.ToString()));
        Assert.True((await kit.Audit.VerifyAsync(Cancel)).Intact);
    }

    [Fact]
    public async Task A_version_is_found_by_version_number_alias_and_stage()
    {
        var first = await kit.CreateAsync("delay");
        var second = await kit.CreateAsync("delay");
        await kit.Registry.SetAliasAsync(Carl, "delay", "challenger", "1.1.0", Cancel);
        await kit.MoveAsync(first, Stage.Staging);
        foreach (var (reference, number) in new[] { ("1.0.0", 1), ("2", 2), ("challenger", 2), ("staging", 1), ("development", 2) })
        {
            Assert.Equal(number, (await kit.Registry.GetVersionAsync("delay", reference, Cancel)).Number);
        }

        foreach (var reference in new[] { "3", "1.2.0", "champion", "production", "Challenger", "99999999999", "%", "" })
        {
            await Assert.ThrowsAsync<SlipwayException>(() => kit.Registry.GetVersionAsync("delay", reference, Cancel));
        }

        Assert.Equal("There is no model 'other'.", await FailsAsync(ErrorKind.NotFound, () => kit.Registry.GetVersionAsync("other", "1", Cancel)));
        Assert.Equal(2, second.Number);
    }

    [Fact]
    public async Task A_changed_model_file_is_refused()
    {
        var version = await kit.CreateAsync("delay", "the bytes");
        await File.WriteAllTextAsync(kit.Blobs.LocalPath(version.File!.Key), "evil bytes", Cancel);
        var message = await FailsAsync(ErrorKind.FailedPrecondition, () => kit.Packages.OpenModelAsync(Carl, "delay", "1.0.0", Cancel));
        Assert.Contains("The file model.onnx of model/delay/1.0.0 was changed after it was registered", message, StringComparison.Ordinal);
        Assert.Contains(Convert.ToHexStringLower(SHA256.HashData("evil bytes"u8)), message, StringComparison.Ordinal);

        kit.Blobs.Delete(version.File.Key);
        await FailsAsync(ErrorKind.FailedPrecondition, () => kit.Packages.OpenModelAsync(Carl, "delay", "1.0.0", Cancel));
    }

    [Fact]
    public async Task Pages_follow_bytes_and_keep_tags_and_aliases_apart()
    {
        foreach (var name in new[] { "b", "A", "a", "B", "delay_2" })
        {
            await kit.Registry.RegisterModelAsync(Carl, new NewModel(name, Tags: new Dictionary<string, string> { ["n"] = name }), Cancel);
            await kit.CreateAsync(name);
            await kit.Registry.SetAliasAsync(Carl, name, "challenger", "1", Cancel);
        }

        var models = new List<RegisteredModel>();
        string? token = null;
        do
        {
            var page = await kit.Search.ModelsAsync(Carl, null, [], token, 2, Cancel);
            models.AddRange(page.Items);
            token = page.NextPageToken;
        }
        while (token is not null);
        Assert.Equal(["A", "B", "a", "b", "delay", "delay_2"], models.Select(m => m.Name));
        Assert.All(models.Where(m => m.Name != "delay"), m => Assert.Equal((m.Name, 1), (m.Tags["n"], m.Aliases["challenger"])));
        Assert.Empty(models.Single(m => m.Name == "delay").Aliases);
    }

    [Fact]
    public async Task Pages_of_versions_are_newest_first()
    {
        for (var i = 1; i <= 5; i++)
        {
            await kit.CreateAsync("delay", with: v => v with { Tags = new Dictionary<string, string> { ["i"] = $"{i}" } });
        }

        var first = await kit.Registry.ListVersionsAsync(Carl, "delay", null, 2, Cancel);
        await kit.CreateAsync("delay");
        var rest = await kit.Registry.ListVersionsAsync(Carl, "delay", first.NextPageToken, 10, Cancel);
        Assert.Equal([5, 4, 3, 2, 1], first.Items.Concat(rest.Items).Select(v => v.Number));
        Assert.All(first.Items.Concat(rest.Items), v => Assert.Equal($"{v.Number}", v.Tags["i"]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("a:b")]
    [InlineData("..")]
    [InlineData("a\\b")]
    [InlineData("a\nb")]
    public async Task A_name_that_is_no_path_segment_is_refused(string name) => await FailsAsync(
        ErrorKind.Invalid, () => kit.Registry.RegisterModelAsync(Carl, new NewModel(name), Cancel));

    [Fact]
    public async Task The_longest_names_of_any_script_fit_both_engines()
    {
        var name = string.Concat(Enumerable.Range(0, 250).Select(i => (char)('一' + (i * 31 % 5000))));
        await kit.Registry.RegisterModelAsync(Carl, new NewModel(name, Tags: new Dictionary<string, string> { [name] = name }), Cancel);
        await kit.CreateAsync(name, with: v => v with { RequestKey = name });
        await kit.Registry.SetAliasAsync(Carl, name, name, "1", Cancel);
        Assert.Equal(1, (await kit.Registry.GetVersionAsync(name, name, Cancel)).Number);
        var dataset = LineageNode.Dataset(name + name, new string('語', 36));
        await kit.Lineage.AddAsync(Carl, dataset, LineageNode.FeatureService(name + name), "read_by", Cancel);
        Assert.Single((await kit.Lineage.TraceAsync(dataset, LineageDirection.Downstream, 1, Cancel)).Edges);
    }

    [Fact]
    public async Task A_viewer_changes_nothing()
    {
        var viewer = new Actor("vera", Role.Viewer);
        await kit.CreateAsync("delay");
        await FailsAsync(ErrorKind.Forbidden, () => kit.Registry.RegisterModelAsync(viewer, new NewModel("x"), Cancel));
        await FailsAsync(ErrorKind.Forbidden, () => kit.Registry.CreateVersionAsync(viewer, new NewVersion("delay", Signature), Bytes("x"), Cancel));
        await FailsAsync(ErrorKind.Forbidden, () => kit.Registry.SetAliasAsync(viewer, "delay", "challenger", "1", Cancel));
        await FailsAsync(ErrorKind.Forbidden, () => kit.Registry.TransitionAsync(viewer, "delay", "1", Stage.Staging, Cancel));
        await FailsAsync(ErrorKind.Forbidden, () => kit.Cards.PutAsync(viewer, "delay", "1", "#", Cancel));
    }
}

public sealed class VersionsOnSqlite() : VersionContract(null);

public sealed class VersionsOnPostgres(PostgresServer postgres) : VersionContract(postgres);
