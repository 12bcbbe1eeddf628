using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Access;

/// <summary>The rules by which approvals are given: a model's own, else its project's, else the server's.</summary>
public sealed partial class ApprovalService
{
    /// <param name="project">Null where it is not known.</param>
    /// <param name="model">Null where there is none.</param>
    public async Task<ApprovalPolicy> PolicyOfAsync(DbSession session, string? project, string? model, CancellationToken cancel) =>
        await FindAsync(session, model is null ? null : $"model/{model}", cancel)
        ?? await FindAsync(session, project is null ? null : $"project/{project}", cancel)
        ?? new ApprovalPolicy(ApprovalPolicy.Server, options.RequiredApprovals, options.AuthorMayApprove);

    /// <summary>The same outside a transaction.</summary>
    public Task<ApprovalPolicy> PolicyOfAsync(string? project, string? model, CancellationToken cancel) =>
        db.ReadAsync(session => PolicyOfAsync(session, project, model, cancel), cancel);

    /// <summary>The policies of the scopes that the actor may read, by scope.</summary>
    public async Task<IReadOnlyList<ApprovalPolicy>> PoliciesAsync(Actor by, CancellationToken cancel)
    {
        var all = await db.ReadAsync(session => PolicyStore.ListAsync(session, cancel), cancel);
        return [.. all.Where(policy => AccessScope.Parse(policy.Scope) is var scope && by.May(Role.Viewer, scope.Project, scope.Model))];
    }

    /// <summary>Sets or replaces the rule of a scope. For its admins.</summary>
    /// <param name="required">0 to <see cref="ApprovalPolicy.MaxRequired"/>.</param>
    public Task<ApprovalPolicy> SetPolicyAsync(
        Actor by, AccessScope scope, int required, bool authorMayApprove, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            access.RequireOn(scope, by, Role.Admin, scope.ToString());
            if (scope.View is not null)
            {
                throw SlipwayException.Invalid($"Approvals are of model versions; '{scope}' has no rule for them. Use project/NAME or model/NAME.");
            }

            Limit.Range("The number of approvals that are required", required, 0, ApprovalPolicy.MaxRequired);
            var policy = new ApprovalPolicy(scope.ToString(), required, authorMayApprove);
            var before = await PolicyStore.FindAsync(session, policy.Scope, cancel);
            await PolicyStore.PutAsync(session, policy, cancel);
            await audit.AppendAsync(
                session, by, "approval_policy.set", policy.Scope, new { required, authorMayApprove, before }, cancel);
            return policy;
        },
        cancel);

    /// <summary>Leaves the scope to the rule above it; nothing happens when it has none of its own.</summary>
    public Task RemovePolicyAsync(Actor by, AccessScope scope, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            access.RequireOn(scope, by, Role.Admin, scope.ToString());
            if (await PolicyStore.DeleteAsync(session, scope.ToString(), cancel) > 0)
            {
                await audit.AppendAsync(session, by, "approval_policy.remove", scope.ToString(), null, cancel);
            }
        },
        cancel);

    private static Task<ApprovalPolicy?> FindAsync(DbSession session, string? scope, CancellationToken cancel) =>
        scope is null ? Task.FromResult<ApprovalPolicy?>(null) : PolicyStore.FindAsync(session, scope, cancel);

    private void Require(Actor actor, string? project, string? model, Role least, string objectRef)
    {
        if (project is not null)
        {
            access.RequireIn(project, model, actor, least, objectRef);
        }
        else if (model is not null)
        {
            access.RequireOn(model, actor, least, objectRef);
        }
        else
        {
            access.Require(actor, least, objectRef);
        }
    }
}
