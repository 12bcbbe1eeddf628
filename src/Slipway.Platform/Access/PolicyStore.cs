using System.Data.Common;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Access;

internal static class PolicyStore
{
    private const string Columns = "scope, required, author_may_approve";

    public static Task<ApprovalPolicy?> FindAsync(DbSession session, string scope, CancellationToken cancel) =>
        session.FirstAsync<ApprovalPolicy>(
            $"select {Columns} from approval_policies where scope = @scope", c => c.With("scope", scope), Read, cancel);

    public static Task<List<ApprovalPolicy>> ListAsync(DbSession session, CancellationToken cancel) => session.QueryAsync(
        $"select {Columns} from approval_policies order by scope", null, Read, cancel);

    public static Task PutAsync(DbSession session, ApprovalPolicy policy, CancellationToken cancel) => session.ExecuteAsync(
        """
        insert into approval_policies (scope, required, author_may_approve) values (@scope, @required, @author)
        on conflict (scope) do update set required = excluded.required, author_may_approve = excluded.author_may_approve
        """,
        c => c.With("scope", policy.Scope).With("required", policy.Required).With("author", policy.AuthorMayApprove),
        cancel);

    /// <returns>0 when there was none.</returns>
    public static Task<int> DeleteAsync(DbSession session, string scope, CancellationToken cancel) =>
        session.ExecuteAsync("delete from approval_policies where scope = @scope", c => c.With("scope", scope), cancel);

    public static Task<int> MoveAsync(DbSession session, string from, string to, CancellationToken cancel) => session.ExecuteAsync(
        "update approval_policies set scope = @to where scope = @from", c => c.With("from", from).With("to", to), cancel);

    private static ApprovalPolicy Read(DbDataReader row) => new(row.GetString(0), row.GetInt32(1), row.GetBoolean(2));
}
