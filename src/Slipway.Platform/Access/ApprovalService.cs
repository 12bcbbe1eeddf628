using Slipway.Core.Errors;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Jobs;

namespace Slipway.Platform.Access;

/// <summary>
/// Asks people before something happens. An approval holds for one subject and one action for as long as both exist: a model
/// version that was approved for production once may return there in a rollback.
/// </summary>
public sealed partial class ApprovalService(
    Db db, AuditLog audit, AccessService access, ApprovalOptions options, JobService jobs, TimeProvider time)
{
    public const int MaxActionLength = 100;
    public const int MaxTextLength = 5000;

    /// <returns>The id; that of the pending one when the same was asked before and is not decided.</returns>
    public Task<string> RequestAsync(
        Actor by, string subject, string action, string reason, CancellationToken cancel, ApprovalTarget? about = null) =>
        db.WriteAsync(session => RequestAsync(session, by, subject, action, reason, cancel, about), cancel);

    /// <summary>The same within the caller's transaction.</summary>
    /// <param name="about">Whose grants and policy count; only the model that the subject names when null.</param>
    public async Task<string> RequestAsync(
        DbSession session, Actor by, string subject, string action, string reason, CancellationToken cancel, ApprovalTarget? about = null)
    {
        Limit.Name("An approval's subject", subject, AuditLog.MaxObjectLength);
        var (project, model, author) = about ?? ApprovalTarget.Of(subject);
        Require(by, project, model, Role.Contributor, subject);
        Limit.Name("An approval's action", action, MaxActionLength);
        Limit.Text("An approval's reason", reason, MaxTextLength);
        var now = time.GetUtcNow();
        var policy = await PolicyOfAsync(session, project, model, cancel);
        var approval = new Approval(
            Guid.CreateVersion7(now).ToString("N"), subject, action, reason, by.Name, now.ToUnixTimeMilliseconds(),
            Math.Max(1, policy.Required), ApprovalState.Pending, null, [])
        {
            Project = project,
            Model = model,
            Author = author,
        };
        if (await ApprovalStore.InsertAsync(session, approval, cancel) == 0)
        {
            var pending = await ApprovalStore.PendingAsync(session, subject, action, cancel);
            return pending?.Id ?? throw SlipwayException.Conflict(
                $"An approval of {action} for {subject} was decided at this moment; ask again.");
        }

        await audit.AppendAsync(session, by, "approval.request", subject, new { approval.Id, action, reason }, cancel);
        return approval.Id;
    }

    /// <summary>Approves or rejects; the last approval that is required closes it. Repeating one's own decision changes nothing.</summary>
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Forbidden"/> without the role or, by the policy, for the requester;
    /// <see cref="ErrorKind.FailedPrecondition"/> when it is decided; Conflict when the approver decided otherwise before.
    /// </exception>
    public Task<Approval> DecideAsync(
        string id, Actor approver, Decision decision, string comment, CancellationToken cancel) =>
        db.WriteAsync(session => DecideAsync(session, id, approver, decision, comment, cancel), cancel);

    /// <summary>The same within the caller's transaction.</summary>
    public async Task<Approval> DecideAsync(
        DbSession session, string id, Actor approver, Decision decision, string comment, CancellationToken cancel)
    {
        Limit.Text("A decision's comment", comment, MaxTextLength);
        var approval = await ApprovalStore.TakeAsync(session, id, cancel) ?? throw Missing(id);
        Require(approver, approval.Project, approval.Model, Role.Approver, $"the approval of {approval.Subject}");
        var decisions = await ApprovalStore.DecisionsAsync(session, id, cancel);
        if (decisions.Find(d => d.Approver == approver.Name) is { } earlier)
        {
            return earlier.Decision == decision
                ? approval with { Decisions = decisions }
                : throw SlipwayException.Conflict($"'{approver.Name}' has decided '{EnumName.Of(earlier.Decision)}' on approval {id} before.");
        }

        await CheckAsync(session, approval, approver, cancel);
        var made = new ApprovalDecision(approver.Name, decision, comment, time.GetUtcNow().ToUnixTimeMilliseconds());
        await ApprovalStore.AddDecisionAsync(session, id, made, cancel);
        await audit.AppendAsync(
            session, approver, $"approval.{EnumName.Of(decision)}", approval.Subject, new { id, approval.Action, comment }, cancel);
        approval = approval with { Decisions = [.. decisions, made] };
        if (StateOf(approval) is var state && state != ApprovalState.Pending)
        {
            await ApprovalStore.CloseAsync(session, id, state, made.DecidedMs, cancel);

            // Pipelines that wait for the decision lie above this module: their job tells them.
            await jobs.EnqueueAsync(session, "pipelines.resume", new { approval = id }, cancel);
            approval = approval with { State = state, DecidedMs = made.DecidedMs };
        }

        return approval;
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public Task<Approval> GetAsync(string id, CancellationToken cancel) =>
        db.ReadAsync(session => GetAsync(session, id, cancel), cancel);

    /// <summary>The same for a caller who must be allowed to read it.</summary>
    public async Task<Approval> GetAsync(Actor by, string id, CancellationToken cancel)
    {
        var approval = await GetAsync(id, cancel);
        Require(by, approval.Project, approval.Model, Role.Viewer, $"the approval of {approval.Subject}");
        return approval;
    }

    /// <summary>Those that the actor may read, newest first, without their decisions.</summary>
    /// <param name="limit">1 to 1000.</param>
    public async Task<Page<Approval>> ListAsync(
        Actor by, ApprovalState? state, string? subject, string? pageToken, int limit, CancellationToken cancel)
    {
        Limit.Range("A page of approvals", limit, 1, 1000);
        var query = Json.Write(new[] { "approvals", state?.ToString(), subject });
        var before = pageToken is null ? "~" : PageToken.Read<string>(pageToken, query);
        var scopes = by.May(Role.Viewer) ? null : by.Grants?.Keys.ToArray() ?? [];
        var rows = await db.ReadAsync(
            session => ApprovalStore.ListAsync(session, state, subject, scopes, before, limit + 1, cancel), cancel);
        return PageToken.Cut(rows, limit, query, approval => approval.Id);
    }

    /// <summary>Lets a service go on only with an approval of exactly this subject and action.</summary>
    /// <param name="id">The approval that is meant, or null for any.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> saying which one is missing.</exception>
    public async Task<Approval> RequireAsync(
        DbSession session, string? id, string subject, string action, CancellationToken cancel)
    {
        if (id is not null)
        {
            var given = await GetAsync(session, id, cancel);
            return given.Subject == subject && given.Action == action && given.State == ApprovalState.Approved
                ? given
                : throw Refused($"Approval {id} is {EnumName.Of(given.State)} and for {given.Action} of {given.Subject}; {action} of {subject} needs an approved one of its own.");
        }

        if (await ApprovalStore.ApprovedAsync(session, subject, action, cancel) is { } approved)
        {
            return approved;
        }

        var pending = await ApprovalStore.PendingAsync(session, subject, action, cancel);
        throw Refused(pending is null
            ? $"{action} of {subject} needs an approval; none was asked for."
            : $"{action} of {subject} needs an approval; {pending.Id}, asked for by '{pending.RequestedBy}', is still pending.");
    }

    private static async Task<Approval> GetAsync(DbSession session, string id, CancellationToken cancel)
    {
        var approval = await ApprovalStore.FindAsync(session, id, cancel) ?? throw Missing(id);
        return approval with { Decisions = await ApprovalStore.DecisionsAsync(session, id, cancel) };
    }

    /// <remarks>The policy of the moment counts, so that a stricter one holds for what was asked before it.</remarks>
    private async Task CheckAsync(DbSession session, Approval approval, Actor approver, CancellationToken cancel)
    {
        if (approval.State != ApprovalState.Pending)
        {
            throw Refused($"Approval {approval.Id} is {EnumName.Of(approval.State)} already.");
        }

        var part = approver.Name == approval.RequestedBy ? "asked for" : approver.Name == approval.Author ? "is the author of what is in" : null;
        if (part is not null && !(await PolicyOfAsync(session, approval.Project, approval.Model, cancel)).AuthorMayApprove)
        {
            throw new SlipwayException(
                ErrorKind.Forbidden, $"'{approver.Name}' {part} approval {approval.Id} and may not decide on it; another approver must.");
        }
    }

    private static ApprovalState StateOf(Approval approval) => approval.Decisions switch
    {
        var all when all.Any(d => d.Decision == Decision.Reject) => ApprovalState.Rejected,
        var all when all.Count >= approval.Required => ApprovalState.Approved,
        _ => ApprovalState.Pending,
    };

    private static SlipwayException Missing(string id) => SlipwayException.NotFound($"There is no approval '{id}'.");

    private static SlipwayException Refused(string message) => new(ErrorKind.FailedPrecondition, message);
}
