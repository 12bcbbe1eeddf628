using Slipway.Core.Errors;
using Slipway.Core.Versioning;
using Slipway.Platform.Access;
using Slipway.Platform.Registry;
using Slipway.TestKit;
using static Slipway.Tests.Registry.RegistryKit;

namespace Slipway.Tests.Registry;

public abstract class ModelLifecycleContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private static readonly Actor Root = new("root", Role.Admin);

    private RegistryKit kit = null!;

    protected override async Task PrepareAsync()
    {
        kit = new RegistryKit(Db, Folder.Combine("blobs"), Time);
        await kit.Registry.RegisterModelAsync(
            Carl, new NewModel("delay", "Late arrivals.", "ops", new Dictionary<string, string> { ["team"] = "ops" }), Cancel);
    }

    private static Actor Of(Role role, params string[] scopes) => new("sue", Role.None, scopes.ToDictionary(s => s, _ => role));

    [Fact]
    public async Task A_model_is_described_tagged_and_untagged()
    {
        Time.Advance(TimeSpan.FromMinutes(1));
        var changed = await kit.Registry.ChangeModelAsync(Carl, "delay", new ModelChange(Owner: "ml"), Cancel);
        Assert.Equal(("Late arrivals.", "ml", changed.CreatedMs + 60_000), (changed.Description, changed.Owner, changed.UpdatedMs));
        await kit.Registry.SetModelTagsAsync(Carl, "delay", new Dictionary<string, string> { ["team"] = "ml", ["tier"] = "1" }, Cancel);
        Assert.True(await kit.Registry.DeleteModelTagAsync(Carl, "delay", "tier", Cancel));
        Assert.False(await kit.Registry.DeleteModelTagAsync(Carl, "delay", "tier", Cancel));
        var model = await kit.Registry.GetModelAsync(Carl, "delay", Cancel);
        Assert.Equal(new Dictionary<string, string> { ["team"] = "ml" }, model.Tags);
        Assert.Equal(
            ["model.untag", "model.tag", "model.change", "model.register"],
            (await kit.Audit.ListAsync("model/delay", null, null, 10, Cancel)).Items.Select(e => e.Action));
    }

    [Fact]
    public async Task Neither_number_nor_name_of_a_deleted_version_is_given_again()
    {
        await kit.CreateAsync("delay");
        await kit.CreateAsync("delay");
        await kit.Registry.SetAliasAsync(Carl, "delay", "challenger", "2", Cancel);
        await kit.Registry.SetVersionTagsAsync(Carl, "delay", "2", new Dictionary<string, string> { ["a"] = "b" }, Cancel);
        await kit.Registry.DeleteVersionAsync(Carl, "delay", "challenger", Cancel);

        await FailsAsync(ErrorKind.NotFound, () => kit.Registry.GetVersionAsync(Carl, "delay", "2", Cancel));
        Assert.Empty((await kit.Registry.GetModelAsync(Carl, "delay", Cancel)).Aliases);
        var next = await kit.CreateAsync("delay");
        Assert.Equal((3, "1.2.0"), (next.Number, next.Version.ToString()));
        Assert.Empty(next.Tags);
        await FailsAsync(ErrorKind.Conflict, () => kit.CreateAsync("delay", with: v => v with { Version = SemanticVersion.Of(1, 1, 0) }));
        Assert.Equal("model_version.delete", (await kit.Audit.ListAsync("model/delay/1.1.0", null, null, 1, Cancel)).Items[0].Action);
    }

    [Fact]
    public async Task A_deleted_model_leaves_its_name_lineage_and_audit_and_nothing_else()
    {
        var version = await kit.CreateAsync("delay", with: v => v with { FeatureService = "delay_v1" });
        await kit.ApproveAsync(version);
        Time.Advance(TimeSpan.FromSeconds(1));
        await kit.Registry.DeleteModelAsync(Carl, "delay", Cancel);
        await FailsAsync(ErrorKind.NotFound, () => kit.Registry.GetModelAsync(Carl, "delay", Cancel));
        Assert.Single((await kit.Lineage.TraceAsync(LineageNode.FeatureService("delay_v1"), LineageDirection.Downstream, 1, Cancel)).Edges);

        // A later model of the name starts anew: not even the approval of its namesake helps it.
        await kit.Registry.RegisterModelAsync(Carl, new NewModel("delay"), Cancel);
        var namesake = await kit.CreateAsync("delay");
        Assert.Equal(version.Ref, namesake.Ref);
        await kit.MoveAsync(namesake, Stage.Staging);
        var refused = await FailsAsync(ErrorKind.FailedPrecondition, () => kit.MoveAsync(namesake, Stage.Production));
        Assert.Contains("was asked for before this model/delay/1.0.0 existed", refused, StringComparison.Ordinal);
        Assert.True((await kit.Audit.VerifyAsync(Cancel)).Intact);
    }

    [Fact]
    public async Task What_is_served_or_in_production_stays()
    {
        var version = await kit.PromoteAsync(await kit.CreateAsync("delay"));
        var refused = await FailsAsync(ErrorKind.FailedPrecondition, () => kit.Registry.DeleteVersionAsync(Carl, "delay", "1", Cancel));
        Assert.Equal("model/delay/1.0.0 is in production of a governed model; retire it before it is deleted.", refused);
        await FailsAsync(ErrorKind.FailedPrecondition, () => kit.Registry.DeleteModelAsync(Carl, "delay", Cancel));
        await kit.MoveAsync(version, Stage.Retired);
        kit.Served = "delay";
        Assert.Equal(
            "model/delay/1.0.0 cannot be deleted while endpoint 'live' serves it.",
            await FailsAsync(ErrorKind.FailedPrecondition, () => kit.Registry.DeleteVersionAsync(Carl, "delay", "1", Cancel)));
        await FailsAsync(ErrorKind.FailedPrecondition, () => kit.Registry.RenameModelAsync(Carl, "delay", "late", Cancel));
        kit.Served = null;
        await kit.Registry.DeleteVersionAsync(Carl, "delay", "1", Cancel);
    }

    [Fact]
    public async Task Another_name_takes_everything_along()
    {
        var version = await kit.PromoteAsync(await kit.CreateAsync("delay", with: v => v with
        {
            FeatureService = "delay_v1",
            Tags = new Dictionary<string, string> { ["a"] = "b" },
            RequestKey = "r",
        }));
        await kit.CreateAsync("delay");
        await kit.Registry.DeleteVersionAsync(Carl, "delay", "2", Cancel);
        var before = await kit.Registry.GetVersionAsync(Carl, "delay", "1", Cancel);
        var renamed = await kit.Registry.RenameModelAsync(Carl, "delay", "late", Cancel);

        Assert.Equal(("late", 1, "ops"), (renamed.Name, renamed.Aliases["champion"], renamed.Tags["team"]));
        await FailsAsync(ErrorKind.NotFound, () => kit.Registry.GetModelAsync(Carl, "delay", Cancel));
        Assert.Equivalent(before with { Model = "late" }, await kit.Registry.GetVersionAsync(Carl, "late", "champion", Cancel), strict: true);
        Assert.Equal(2, (await kit.Registry.TransitionsAsync(Carl, "late", "1", Cancel)).Count);
        Assert.True((await kit.Packages.VerifyAsync(Carl, "late", "1", Cancel)).Intact);
        var lineage = await kit.Lineage.TraceAsync(LineageNode.FeatureService("delay_v1"), LineageDirection.Downstream, 1, Cancel);
        Assert.Equal([LineageNode.ModelVersion("late", version.Version)], lineage.Edges.Select(e => e.To));
        Assert.Equal((3, "1.2.0"), await kit.CreateAsync("late") is var next ? (next.Number, next.Version.ToString()) : default);
        await kit.Registry.RegisterModelAsync(Carl, new NewModel("delay"), Cancel);
        await FailsAsync(ErrorKind.Conflict, () => kit.Registry.RenameModelAsync(Carl, "delay", "late", Cancel));
    }

    [Fact]
    public async Task Grants_count_for_their_project_and_model_alone()
    {
        await kit.Registry.RegisterModelAsync(Carl, new NewModel("price", Project: "shop"), Cancel);
        await kit.CreateAsync("price");
        var shop = Of(Role.Contributor, "project/shop");
        Assert.Equal("shop", (await kit.Registry.GetModelAsync(shop, "price", Cancel)).Project);
        await kit.Registry.CreateVersionAsync(shop, new NewVersion("price", Signature), Bytes("x"), Cancel);
        await kit.Registry.RegisterModelAsync(shop, new NewModel("basket", Project: "shop"), Cancel);
        await FailsAsync(ErrorKind.Forbidden, () => kit.Registry.GetModelAsync(shop, "delay", Cancel));
        await FailsAsync(ErrorKind.Forbidden, () => kit.Registry.RegisterModelAsync(shop, new NewModel("x"), Cancel));
        await FailsAsync(ErrorKind.Forbidden, () => kit.Registry.RegisterModelAsync(shop, new NewModel("delay", Project: "shop"), Cancel));

        var one = Of(Role.Viewer, "model/delay");
        Assert.Equal("delay", (await kit.Registry.GetModelAsync(one, "delay", Cancel)).Name);
        await FailsAsync(ErrorKind.Forbidden, () => kit.Registry.GetVersionAsync(one, "price", "1", Cancel));
        await FailsAsync(ErrorKind.Forbidden, () => kit.Registry.SetModelTagsAsync(one, "delay", new Dictionary<string, string> { ["a"] = "b" }, Cancel));
        await FailsAsync(ErrorKind.Forbidden, () => kit.Registry.DeleteModelAsync(one, "delay", Cancel));
        Assert.Equal(["delay"], (await kit.Search.ModelsAsync(one, null, [], null, 10, Cancel)).Items.Select(m => m.Name));
        Assert.Equal([2, 1], (await kit.Search.VersionsAsync(shop, null, ["version_number DESC"], null, 10, Cancel)).Items.Select(v => v.Number));
        Assert.Empty((await kit.Search.ModelsAsync(new Actor("none", Role.None), null, [], null, 10, Cancel)).Items);
    }

    [Fact]
    public async Task Grants_and_policy_follow_a_new_name_and_go_with_the_model()
    {
        var principals = kit.Get<PrincipalService>();
        await principals.CreateAsync(Root, "sue", PrincipalKind.User, Role.None, Cancel);
        await kit.Get<GrantService>().GrantAsync(Root, "sue", AccessScope.OfModel("delay"), Role.Contributor, Cancel);
        await kit.Approvals.SetPolicyAsync(Root, AccessScope.OfModel("delay"), 2, false, Cancel);
        await kit.Registry.RenameModelAsync(Root, "delay", "late", Cancel);
        Assert.Single(await kit.Get<GrantService>().ListAsync(Root, AccessScope.OfModel("late"), Cancel));
        Assert.Equal(2, (await kit.Approvals.PolicyOfAsync(null, "late", Cancel)).Required);
        await kit.Registry.DeleteModelAsync(Root, "late", Cancel);
        Assert.Empty(await kit.Get<GrantService>().ListAsync(Root, AccessScope.OfModel("late"), Cancel));
        Assert.Equal(1, (await kit.Approvals.PolicyOfAsync(null, "late", Cancel)).Required);
    }
}

public sealed class ModelLifecycleOnSqlite() : ModelLifecycleContract(null);

public sealed class ModelLifecycleOnPostgres(PostgresServer postgres) : ModelLifecycleContract(postgres);
