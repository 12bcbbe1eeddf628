using System.Data.Common;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Access;

internal static class ApprovalStore
{
    private const string Columns =
        "id, subject, action, reason, requested_by, requested_ms, required, state, decided_ms, project, model, author";

    /// <returns>0 when one for this subject and action is pending already.</returns>
    public static Task<int> InsertAsync(DbSession session, Approval approval, CancellationToken cancel) => session.ExecuteAsync(
        """
        insert into approvals (id, subject, action, reason, requested_by, requested_ms, required, state, project, model, author)
        values (@id, @subject, @action, @reason, @by, @at, @required, 'pending', @project, @model, @author)
        on conflict (subject, action) where state = 'pending' do nothing
        """,
        c => c.With("id", approval.Id).With("subject", approval.Subject).With("action", approval.Action)
            .With("reason", approval.Reason).With("by", approval.RequestedBy).With("at", approval.RequestedMs)
            .With("required", approval.Required).With("project", approval.Project).With("model", approval.Model)
            .With("author", approval.Author),
        cancel);

    public static Task<Approval?> PendingAsync(DbSession session, string subject, string action, CancellationToken cancel) =>
        session.FirstAsync<Approval>(
            $"select {Columns} from approvals where subject = @subject and action = @action and state = 'pending'",
            c => c.With("subject", subject).With("action", action),
            Read,
            cancel);

    public static Task<Approval?> FindAsync(DbSession session, string id, CancellationToken cancel) => session.FirstAsync<Approval>(
        $"select {Columns} from approvals where id = @id", c => c.With("id", id), Read, cancel);

    /// <summary>Locks the approval until the transaction ends; two decisions at once follow each other.</summary>
    public static Task<Approval?> TakeAsync(DbSession session, string id, CancellationToken cancel) => session.FirstAsync<Approval>(
        $"update approvals set state = state where id = @id returning {Columns}", c => c.With("id", id), Read, cancel);

    /// <summary>The newest approved one for exactly this subject and action.</summary>
    public static Task<Approval?> ApprovedAsync(DbSession session, string subject, string action, CancellationToken cancel) =>
        session.FirstAsync<Approval>(
            $"""
            select {Columns} from approvals where subject = @subject and action = @action and state = 'approved'
            order by id desc limit 1
            """,
            c => c.With("subject", subject).With("action", action),
            Read,
            cancel);

    public static Task AddDecisionAsync(
        DbSession session, string id, ApprovalDecision decision, CancellationToken cancel) => session.ExecuteAsync(
        """
        insert into approval_decisions (approval_id, approver, decision, comment, decided_ms)
        values (@id, @approver, @decision, @comment, @at)
        """,
        c => c.With("id", id).With("approver", decision.Approver).With("decision", EnumName.Of(decision.Decision))
            .With("comment", decision.Comment).With("at", decision.DecidedMs),
        cancel);

    public static Task CloseAsync(DbSession session, string id, ApprovalState state, long atMs, CancellationToken cancel) =>
        session.ExecuteAsync(
            "update approvals set state = @state, decided_ms = @at where id = @id",
            c => c.With("id", id).With("state", EnumName.Of(state)).With("at", atMs),
            cancel);

    public static Task<List<ApprovalDecision>> DecisionsAsync(DbSession session, string id, CancellationToken cancel) =>
        session.QueryAsync(
            """
            select approver, decision, comment, decided_ms from approval_decisions
            where approval_id = @id order by decided_ms, approver
            """,
            c => c.With("id", id),
            row => new ApprovalDecision(
                row.GetString(0), EnumName.Parse<Decision>(row.GetString(1), "decision"), row.GetString(2), row.GetInt64(3)),
            cancel);

    /// <param name="scopes">Only approvals of these projects and models, when given.</param>
    public static Task<List<Approval>> ListAsync(
        DbSession session, ApprovalState? state, string? subject, string[]? scopes, string before, int max, CancellationToken cancel)
    {
        var given = session.Engine == DbEngine.Postgres ? "select unnest(@scopes)" : "select value from json_each(@scopes)";
        return session.QueryAsync(
            $"""
            select {Columns} from approvals
            where id < @before and (cast(@state as text) is null or state = @state)
              and (cast(@subject as text) is null or subject = @subject)
              and (@all or 'project/' || project in ({given}) or 'model/' || model in ({given}))
            order by id desc limit @max
            """,
            c => c.With("before", before).With("state", state is { } s ? EnumName.Of(s) : null).With("subject", subject)
                .With("all", scopes is null).With("max", max)
                .With("scopes", session.Engine == DbEngine.Postgres ? scopes ?? [] : Json.Write(scopes ?? [])),
            Read,
            cancel);
    }

    private static Approval Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetInt64(5),
        row.GetInt32(6), EnumName.Parse<ApprovalState>(row.GetString(7), "state"), row.Long(8), [])
    {
        Project = row.Text(9),
        Model = row.Text(10),
        Author = row.Text(11),
    };
}
