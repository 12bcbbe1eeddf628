using Slipway.Core.Errors;
using Slipway.Platform.Access;

namespace Slipway.Tests.Access;

public abstract class PolicyContract(PostgresServer? postgres) : AccessKit(postgres)
{
    private const string Subject = "model/delay/1.0.0";
    private const string Promote = "promote:production";

    private static readonly ApprovalTarget Target = new("flights", "delay", Author: "mia");
    private static readonly Actor Carl = new("carl", Role.Contributor);
    private static readonly Actor Ann = new("ann", Role.Approver);

    private Task<string> RequestAsync(Actor by) => Approvals.RequestAsync(by, Subject, Promote, "", Cancel, Target);

    [Fact]
    public async Task A_models_policy_comes_before_its_projects_and_that_before_the_servers()
    {
        Assert.Equal(new ApprovalPolicy("server", 1, false), await Approvals.PolicyOfAsync("flights", "delay", Cancel));

        await Approvals.SetPolicyAsync(Root, AccessScope.OfProject("flights"), 2, false, Cancel);
        Assert.Equal(new ApprovalPolicy("project/flights", 2, false), await Approvals.PolicyOfAsync("flights", "delay", Cancel));

        await Approvals.SetPolicyAsync(Root, AccessScope.OfModel("delay"), 0, true, Cancel);
        Assert.Equal(new ApprovalPolicy("model/delay", 0, true), await Approvals.PolicyOfAsync("flights", "delay", Cancel));
        Assert.Equal("project/flights", (await Approvals.PolicyOfAsync("flights", "fraud", Cancel)).Scope);
        Assert.Equal("server", (await Approvals.PolicyOfAsync(null, null, Cancel)).Scope);

        await Approvals.RemovePolicyAsync(Root, AccessScope.OfModel("delay"), Cancel);
        Assert.Equal("project/flights", (await Approvals.PolicyOfAsync("flights", "delay", Cancel)).Scope);
        Assert.Equal(
            ["approval_policy.remove", "approval_policy.set"],
            (await Audit.ListAsync("model/delay", null, null, 10, Cancel)).Items.Select(entry => entry.Action));
    }

    [Fact]
    public async Task As_many_must_agree_as_the_policy_says()
    {
        await Approvals.SetPolicyAsync(Root, AccessScope.OfProject("flights"), 2, false, Cancel);
        var id = await RequestAsync(Carl);

        Assert.Equal(ApprovalState.Pending, (await Approvals.DecideAsync(id, Ann, Decision.Approve, "", Cancel)).State);
        Assert.Equal(
            ApprovalState.Approved, (await Approvals.DecideAsync(id, new("bob", Role.Approver), Decision.Approve, "", Cancel)).State);
    }

    [Fact]
    public async Task Whoever_made_it_may_not_approve_it_unless_the_policy_says_so()
    {
        var mia = new Actor("mia", Role.Approver);
        var id = await RequestAsync(Carl);
        var error = await FailsAsync(() => Approvals.DecideAsync(id, mia, Decision.Approve, "", Cancel), ErrorKind.Forbidden);
        Assert.Equal($"'mia' is the author of what is in approval {id} and may not decide on it; another approver must.", error.Message);

        await Approvals.SetPolicyAsync(Root, AccessScope.OfModel("delay"), 1, authorMayApprove: true, Cancel);
        Assert.Equal(ApprovalState.Approved, (await Approvals.DecideAsync(id, mia, Decision.Approve, "", Cancel)).State);
    }

    [Fact]
    public async Task A_role_on_the_project_or_the_model_is_enough_to_ask_and_to_decide()
    {
        static Actor With(string name, string scope, Role role) => new(name, Role.None, new Dictionary<string, Role> { [scope] = role });

        var id = await RequestAsync(With("carl", "project/flights", Role.Contributor));
        await FailsAsync(
            () => Approvals.DecideAsync(id, With("eve", "project/rides", Role.Approver), Decision.Approve, "", Cancel), ErrorKind.Forbidden);
        await FailsAsync(() => Approvals.GetAsync(With("eve", "project/rides", Role.Approver), id, Cancel), ErrorKind.Forbidden);
        Assert.Empty((await Approvals.ListAsync(With("eve", "model/fraud", Role.Approver), null, null, null, 10, Cancel)).Items);

        var ann = With("ann", "model/delay", Role.Approver);
        Assert.Equal(id, Assert.Single((await Approvals.ListAsync(ann, ApprovalState.Pending, null, null, 10, Cancel)).Items).Id);
        Assert.Equal(ApprovalState.Approved, (await Approvals.DecideAsync(id, ann, Decision.Approve, "", Cancel)).State);
        Assert.Single((await Approvals.ListAsync(With("vera", "project/flights", Role.Viewer), null, null, null, 10, Cancel)).Items);
    }

    [Fact]
    public async Task A_key_for_approving_decides_and_asks_for_nothing()
    {
        var actor = Ann.Using(new ActingKey("k1", [KeyScope.Read, KeyScope.Approve], null));
        await FailsAsync(() => RequestAsync(actor), ErrorKind.Forbidden);
        var id = await RequestAsync(Carl);
        Assert.Equal(ApprovalState.Approved, (await Approvals.DecideAsync(id, actor, Decision.Approve, "", Cancel)).State);
    }

    [Fact]
    public async Task Only_admins_of_a_scope_change_its_policy_and_only_its_readers_see_it()
    {
        await FailsAsync(() => Approvals.SetPolicyAsync(Ann, AccessScope.OfProject("flights"), 0, true, Cancel), ErrorKind.Forbidden);
        await FailsAsync(() => Approvals.SetPolicyAsync(Root, AccessScope.OfProject("flights"), 11, true, Cancel), ErrorKind.Invalid);
        await Approvals.SetPolicyAsync(Root, AccessScope.OfProject("flights"), 3, false, Cancel);

        Assert.Single(await Approvals.PoliciesAsync(new Actor("vera", Role.Viewer), Cancel));
        Assert.Empty(await Approvals.PoliciesAsync(
            new Actor("walt", Role.None, new Dictionary<string, Role> { ["project/rides"] = Role.Admin }), Cancel));
    }
}

public sealed class PoliciesOnSqlite() : PolicyContract(null);

public sealed class PoliciesOnPostgres(PostgresServer postgres) : PolicyContract(postgres);
