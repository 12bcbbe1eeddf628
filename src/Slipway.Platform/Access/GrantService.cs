using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Access;

/// <summary>Roles in single projects and models. Whoever is admin there may give and take them.</summary>
public sealed class GrantService(Db db, AuditLog audit, AccessService access, SignInCache cache)
{
    /// <summary>Gives the role in place of any other that the principal holds in the scope.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> for an unknown principal.</exception>
    public Task GrantAsync(Actor by, string principal, AccessScope scope, Role role, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            access.RequireOn(scope, by, Role.Admin, scope.ToString());
            if (role == Role.None)
            {
                throw SlipwayException.Invalid("A grant gives a role; take it away to leave none.");
            }

            _ = await PrincipalStore.FindAsync(session, principal, cancel) ?? throw PrincipalService.Missing(principal);
            await PrincipalStore.GrantAsync(session, new Grant(principal, scope.ToString(), role), cancel);
            await audit.AppendAsync(session, by, "grant.give", PrincipalService.Ref(principal), new { Scope = scope.ToString(), role }, cancel);
            cache.ForgetAfter(session);
        },
        cancel);

    /// <summary>Takes the role away; nothing happens when there is none.</summary>
    public Task RemoveAsync(Actor by, string principal, AccessScope scope, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            access.RequireOn(scope, by, Role.Admin, scope.ToString());
            if (await PrincipalStore.RemoveGrantAsync(session, principal, scope.ToString(), cancel) > 0)
            {
                await audit.AppendAsync(session, by, "grant.take", PrincipalService.Ref(principal), new { Scope = scope.ToString() }, cancel);
                cache.ForgetAfter(session);
            }
        },
        cancel);

    /// <summary>Who holds which role in the scope. For its admins.</summary>
    public Task<List<Grant>> ListAsync(Actor by, AccessScope scope, CancellationToken cancel)
    {
        access.RequireOn(scope, by, Role.Admin, scope.ToString());
        return db.ReadAsync(session => PrincipalStore.GrantsOnAsync(session, scope.ToString(), cancel), cancel);
    }

    /// <summary>
    /// For whoever deletes a project or a model, in the same transaction: grants and policy go with it, so that a later one of the
    /// same name belongs to nobody.
    /// </summary>
    public async Task ForgetAsync(DbSession session, Actor by, AccessScope scope, CancellationToken cancel)
    {
        var grants = await PrincipalStore.ForgetScopeAsync(session, scope.ToString(), cancel);
        var policies = await PolicyStore.DeleteAsync(session, scope.ToString(), cancel);
        if (grants + policies > 0)
        {
            await audit.AppendAsync(session, by, "grant.forget", scope.ToString(), new { grants, policies }, cancel);
            cache.ForgetAfter(session);
        }
    }

    /// <summary>For whoever renames a project or a model: grants and policy go along. What the new name had is forgotten.</summary>
    public async Task MoveAsync(DbSession session, Actor by, AccessScope from, AccessScope to, CancellationToken cancel)
    {
        await ForgetAsync(session, by, to, cancel);
        var grants = await PrincipalStore.MoveScopeAsync(session, from.ToString(), to.ToString(), cancel);
        var policies = await PolicyStore.MoveAsync(session, from.ToString(), to.ToString(), cancel);
        if (grants + policies > 0)
        {
            await audit.AppendAsync(session, by, "grant.move", to.ToString(), new { From = from.ToString(), grants, policies }, cancel);
            cache.ForgetAfter(session);
        }
    }
}
