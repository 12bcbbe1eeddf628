using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Jobs;
using Slipway.TestKit;

namespace Slipway.Tests.Access;

public abstract class ApprovalContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private const string Subject = "model/flight-delay/1.0.0";
    private const string Promote = "promote:production";

    private static readonly Actor Carl = new("carl", Role.Contributor);
    private static readonly Actor Ann = new("ann", Role.Approver);
    private static readonly Actor Bob = new("bob", Role.Approver);

    private AuditLog audit = null!;

    protected override Task PrepareAsync()
    {
        audit = new AuditLog(Db, Time);
        return Task.CompletedTask;
    }

    private ApprovalService Approvals(ApprovalOptions? options = null) =>
        new(Db, audit, new AccessService(), options ?? new ApprovalOptions(), new JobService(Db, Time, new JobOptions()), Time);

    private static async Task<SlipwayException> FailsAsync(Func<Task> act, ErrorKind kind)
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(act);
        Assert.Equal(kind, error.Kind);
        return error;
    }

    [Fact]
    public async Task One_approver_who_did_not_ask_is_enough()
    {
        var approvals = Approvals();
        var id = await approvals.RequestAsync(Carl, Subject, Promote, "April AUC 0.73", Cancel);
        Assert.Equal(ApprovalState.Pending, (await approvals.GetAsync(id, Cancel)).State);

        var decided = await approvals.DecideAsync(id, Ann, Decision.Approve, "agreed", Cancel);
        Assert.Equal(ApprovalState.Approved, decided.State);
        Assert.Equal(id, (await Db.WriteAsync(s => approvals.RequireAsync(s, null, Subject, Promote, Cancel), Cancel)).Id);
        Assert.Equal(
            ["approval.approve", "approval.request"],
            (await audit.ListAsync(Subject, null, null, 10, Cancel)).Items.Select(e => e.Action));
    }

    [Fact]
    public async Task The_author_may_not_approve_alone()
    {
        var approvals = Approvals();
        var id = await approvals.RequestAsync(Ann, Subject, Promote, "", Cancel);
        var error = await FailsAsync(() => approvals.DecideAsync(id, Ann, Decision.Approve, "", Cancel), ErrorKind.Forbidden);
        Assert.Contains("'ann' asked for approval", error.Message, StringComparison.Ordinal);
        Assert.Equal(ApprovalState.Pending, (await approvals.GetAsync(id, Cancel)).State);
    }

    [Fact]
    public async Task The_author_may_approve_where_the_policy_says_so()
    {
        var approvals = Approvals(new ApprovalOptions { AuthorMayApprove = true });
        var id = await approvals.RequestAsync(Ann, Subject, Promote, "", Cancel);
        Assert.Equal(ApprovalState.Approved, (await approvals.DecideAsync(id, Ann, Decision.Approve, "", Cancel)).State);
    }

    [Fact]
    public async Task A_contributor_may_ask_and_not_decide_and_a_viewer_may_not_ask()
    {
        var approvals = Approvals();
        var id = await approvals.RequestAsync(Ann, Subject, Promote, "", Cancel);
        var error = await FailsAsync(() => approvals.DecideAsync(id, Carl, Decision.Approve, "", Cancel), ErrorKind.Forbidden);
        Assert.Equal(
            "'carl' has the role contributor on the approval of model/flight-delay/1.0.0; this needs approver.", error.Message);
        await FailsAsync(
            () => approvals.RequestAsync(new Actor("vera", Role.Viewer), Subject, Promote, "", Cancel), ErrorKind.Forbidden);
    }

    [Fact]
    public async Task Two_required_approvals_come_from_two_people()
    {
        var approvals = Approvals(new ApprovalOptions { RequiredApprovals = 2 });
        var id = await approvals.RequestAsync(Carl, Subject, Promote, "", Cancel);
        Assert.Equal(ApprovalState.Pending, (await approvals.DecideAsync(id, Ann, Decision.Approve, "", Cancel)).State);
        Assert.Equal(ApprovalState.Pending, (await approvals.DecideAsync(id, Ann, Decision.Approve, "", Cancel)).State);
        Assert.Equal(ApprovalState.Approved, (await approvals.DecideAsync(id, Bob, Decision.Approve, "", Cancel)).State);
        Assert.Equal(["ann", "bob"], (await approvals.GetAsync(id, Cancel)).Decisions.Select(d => d.Approver));
    }

    [Fact]
    public async Task One_rejection_ends_it_and_a_new_request_starts_anew()
    {
        var approvals = Approvals(new ApprovalOptions { RequiredApprovals = 2 });
        var id = await approvals.RequestAsync(Carl, Subject, Promote, "", Cancel);
        await approvals.DecideAsync(id, Ann, Decision.Approve, "", Cancel);
        Assert.Equal(ApprovalState.Rejected, (await approvals.DecideAsync(id, Bob, Decision.Reject, "no", Cancel)).State);
        await FailsAsync(
            () => approvals.DecideAsync(id, new Actor("root", Role.Admin), Decision.Approve, "", Cancel), ErrorKind.FailedPrecondition);
        Assert.NotEqual(id, await approvals.RequestAsync(Carl, Subject, Promote, "again", Cancel));
    }

    [Fact]
    public async Task Asking_again_while_pending_gives_the_same_request()
    {
        var approvals = Approvals();
        var ids = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(
            () => approvals.RequestAsync(Carl, Subject, Promote, "", Cancel))));
        Assert.Single(ids.Distinct());
        Assert.Single((await approvals.ListAsync(Carl, ApprovalState.Pending, Subject, null, 10, Cancel)).Items);
    }

    [Fact]
    public async Task Deciding_otherwise_afterwards_is_a_conflict()
    {
        var approvals = Approvals();
        var id = await approvals.RequestAsync(Carl, Subject, Promote, "", Cancel);
        await approvals.DecideAsync(id, Ann, Decision.Approve, "", Cancel);
        await FailsAsync(() => approvals.DecideAsync(id, Ann, Decision.Reject, "", Cancel), ErrorKind.Conflict);
    }

    [Fact]
    public async Task An_approval_of_something_else_does_not_count()
    {
        var approvals = Approvals();
        var id = await approvals.RequestAsync(Carl, "model/flight-delay/1.0.1", Promote, "", Cancel);
        await approvals.DecideAsync(id, Ann, Decision.Approve, "", Cancel);
        await FailsAsync(
            () => Db.WriteAsync(s => approvals.RequireAsync(s, id, Subject, Promote, Cancel), Cancel), ErrorKind.FailedPrecondition);
        var error = await FailsAsync(
            () => Db.WriteAsync(s => approvals.RequireAsync(s, null, Subject, Promote, Cancel), Cancel), ErrorKind.FailedPrecondition);
        Assert.Equal("promote:production of model/flight-delay/1.0.0 needs an approval; none was asked for.", error.Message);
    }

    [Fact]
    public async Task Approvals_that_decide_at_the_same_time_close_once()
    {
        var approvals = Approvals(new ApprovalOptions { RequiredApprovals = 5 });
        var id = await approvals.RequestAsync(Carl, Subject, Promote, "", Cancel);
        await Task.WhenAll(Enumerable.Range(0, 5).Select(i => Task.Run(
            () => approvals.DecideAsync(id, new Actor($"approver-{i}", Role.Approver), Decision.Approve, "", Cancel))));
        var approval = await approvals.GetAsync(id, Cancel);
        Assert.Equal(ApprovalState.Approved, approval.State);
        Assert.Equal(5, approval.Decisions.Count);
        Assert.True((await audit.VerifyAsync(Cancel)).Intact);
    }
}

public sealed class ApprovalsOnSqlite() : ApprovalContract(null);

public sealed class ApprovalsOnPostgres(PostgresServer postgres) : ApprovalContract(postgres);
