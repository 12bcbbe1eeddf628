using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Registry;
using Slipway.TestKit;
using static Slipway.Tests.Registry.RegistryKit;

namespace Slipway.Tests.Registry;

/// <summary>What may go to production, by the rules of its model and project (ADR 0006).</summary>
public abstract class GovernanceContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private static readonly Actor Root = new("root", Role.Admin);
    private static readonly Actor Bob = new("bob", Role.Approver);

    private RegistryKit kit = null!;

    protected override Task PrepareAsync()
    {
        kit = new RegistryKit(Db, Folder.Combine("blobs"), Time);
        return Task.CompletedTask;
    }

    private async Task<ModelVersion> CreateAsync(bool governed, string project = "default")
    {
        await kit.Registry.RegisterModelAsync(Carl, new NewModel("delay", Project: project, Governed: governed), Cancel);
        return await kit.CreateAsync("delay");
    }

    private Task<ModelVersion> AdvanceAsync(int number, Stage stage, bool archiveOthers = false) =>
        kit.Registry.AdvanceAsync(Carl, "delay", number, stage, archiveOthers, Cancel);

    [Fact]
    public async Task An_open_model_goes_from_anywhere_to_anywhere()
    {
        await CreateAsync(governed: false);
        foreach (var stage in new[] { Stage.Production, Stage.Staging, Stage.Archived, Stage.Development, Stage.Production, Stage.Retired, Stage.Staging })
        {
            Assert.Equal(stage, (await AdvanceAsync(1, stage)).Stage);
        }

        Assert.Equal(7, (await kit.Registry.TransitionsAsync(Carl, "delay", "1", Cancel)).Count);
        Assert.Empty((await kit.Registry.GetModelAsync(Carl, "delay", Cancel)).Aliases); // no champion of ours among its clients' aliases
    }

    [Fact]
    public async Task One_version_is_in_production_of_an_open_model_too()
    {
        await CreateAsync(governed: false);
        await kit.CreateAsync("delay");
        await AdvanceAsync(1, Stage.Production);
        await AdvanceAsync(2, Stage.Production);
        Assert.Equal(Stage.Retired, (await kit.Registry.GetVersionAsync(Carl, "delay", "1", Cancel)).Stage);
    }

    [Fact]
    public async Task Others_in_staging_are_archived_when_that_is_asked_for()
    {
        await CreateAsync(governed: true);
        await kit.CreateAsync("delay");
        await kit.CreateAsync("delay");
        await AdvanceAsync(1, Stage.Staging);
        await AdvanceAsync(2, Stage.Staging);
        await AdvanceAsync(3, Stage.Staging, archiveOthers: true);
        Assert.Equal(
            [Stage.Staging, Stage.Archived, Stage.Archived],
            (await kit.Registry.ListVersionsAsync(Carl, "delay", null, 10, Cancel)).Items.Select(v => v.Stage));
    }

    [Fact]
    public async Task A_governed_model_is_promoted_in_one_call_by_its_approval_and_through_staging()
    {
        var version = await CreateAsync(governed: true);
        await FailsAsync(ErrorKind.FailedPrecondition, () => AdvanceAsync(1, Stage.Production));
        Assert.Equal(Stage.Development, (await kit.Registry.GetVersionAsync(Carl, "delay", "1", Cancel)).Stage); // nothing in part
        await kit.ApproveAsync(version);
        Assert.Equal(["champion"], (await AdvanceAsync(1, Stage.Production)).Aliases);
        Assert.Equal(
            [Stage.Staging, Stage.Production], (await kit.Registry.TransitionsAsync(Carl, "delay", "1", Cancel)).Select(t => t.To));
        await FailsAsync(ErrorKind.FailedPrecondition, () => AdvanceAsync(1, Stage.Development));
        Assert.Equal(Stage.Retired, (await AdvanceAsync(1, Stage.Retired)).Stage);
        Assert.Equal(Stage.Production, (await AdvanceAsync(1, Stage.Production)).Stage); // the rollback
    }

    [Fact]
    public async Task A_policy_of_its_project_governs_an_open_model()
    {
        var version = await CreateAsync(governed: false, "shop");
        await kit.Approvals.SetPolicyAsync(Root, AccessScope.OfProject("shop"), 2, false, Cancel);
        await FailsAsync(ErrorKind.FailedPrecondition, () => AdvanceAsync(1, Stage.Production));
        var id = await kit.Registry.RequestPromotionAsync(Carl, "delay", "1", "AUC", Cancel);
        await kit.Approvals.DecideAsync(id, Ann, Decision.Approve, "", Cancel);
        await FailsAsync(ErrorKind.FailedPrecondition, () => AdvanceAsync(1, Stage.Production));
        await kit.Approvals.DecideAsync(id, Bob, Decision.Approve, "", Cancel);
        Assert.Equal(Stage.Production, (await AdvanceAsync(1, Stage.Production)).Stage);
        Assert.Equal(version.Ref, (await kit.Approvals.GetAsync(id, Cancel)).Subject);
    }

    [Fact]
    public async Task A_policy_that_became_stricter_holds_for_approvals_given_before()
    {
        var version = await CreateAsync(governed: true);
        await kit.ApproveAsync(version); // asked for by name alone, by the server's policy of one
        await kit.Approvals.SetPolicyAsync(Root, AccessScope.OfModel("delay"), 2, false, Cancel);
        var refused = await FailsAsync(ErrorKind.FailedPrecondition, () => AdvanceAsync(1, Stage.Production));
        Assert.EndsWith("was given by 1 who may; the policy of model/delay needs 2. Ask for another.", refused, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_author_of_a_version_does_not_count_whoever_asked()
    {
        await kit.Registry.RegisterModelAsync(Root, new NewModel("delay"), Cancel);
        var version = await kit.Registry.CreateVersionAsync(Bob, new NewVersion("delay", Signature), Bytes("x"), Cancel);
        var id = await kit.Approvals.RequestAsync(Carl, version.Ref, StageRules.PromoteToProduction, "", Cancel);
        await kit.Approvals.DecideAsync(id, Bob, Decision.Approve, "", Cancel);
        await FailsAsync(ErrorKind.FailedPrecondition, () => AdvanceAsync(1, Stage.Production));
        await kit.Approvals.SetPolicyAsync(Root, AccessScope.OfModel("delay"), 1, authorMayApprove: true, Cancel);
        Assert.Equal(Stage.Production, (await AdvanceAsync(1, Stage.Production)).Stage);
    }

    [Fact]
    public async Task A_policy_of_none_lets_a_governed_model_go_by_its_stages_alone()
    {
        await CreateAsync(governed: true);
        await kit.Approvals.SetPolicyAsync(Root, AccessScope.OfModel("delay"), 0, false, Cancel);
        Assert.Equal(Stage.Production, (await AdvanceAsync(1, Stage.Production)).Stage);
        await FailsAsync(ErrorKind.FailedPrecondition, () => AdvanceAsync(1, Stage.Staging));
    }

    [Fact]
    public async Task Who_may_promote_is_the_models_to_say()
    {
        await CreateAsync(governed: false);
        await FailsAsync(ErrorKind.Forbidden, () => kit.Registry.ChangeModelAsync(Carl, "delay", new ModelChange(Promoters: Role.Contributor), Cancel));
        await kit.Registry.ChangeModelAsync(Root, "delay", new ModelChange(Promoters: Role.Approver), Cancel);
        var refused = await FailsAsync(ErrorKind.Forbidden, () => AdvanceAsync(1, Stage.Production));
        Assert.Contains("on the promotion of model/delay/1.0.0; this needs approver", refused, StringComparison.Ordinal);
        Assert.Equal(Stage.Production, (await kit.Registry.AdvanceAsync(Ann, "delay", 1, Stage.Production, false, Cancel)).Stage);
        Assert.Equal(Stage.Staging, (await AdvanceAsync(1, Stage.Staging)).Stage); // the way out is open
    }

    [Fact]
    public async Task An_alias_may_be_called_like_a_stage_only_where_stages_were_not_approved()
    {
        await CreateAsync(governed: false);
        await kit.Registry.SetAliasAsync(Carl, "delay", "production", "1", Cancel);
        await kit.Registry.ChangeModelAsync(Root, "delay", new ModelChange(Governed: true), Cancel);
        await FailsAsync(ErrorKind.Invalid, () => kit.Registry.SetAliasAsync(Carl, "delay", "staging", "1", Cancel));
        await FailsAsync(ErrorKind.NotFound, () => kit.Registry.GetVersionAsync(Carl, "delay", "production", Cancel));
    }
}

public sealed class GovernanceOnSqlite() : GovernanceContract(null);

public sealed class GovernanceOnPostgres(PostgresServer postgres) : GovernanceContract(postgres);
