using System.Data.Common;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Access;

internal static class PrincipalStore
{
    private const string Columns = "name, kind, role, disabled, created_ms";

    /// <returns>0 when the name is taken.</returns>
    public static Task<int> InsertAsync(DbSession session, Principal principal, CancellationToken cancel) => session.ExecuteAsync(
        $"insert into principals ({Columns}) values (@name, @kind, @role, @disabled, @at) on conflict (name) do nothing",
        c => c.With("name", principal.Name).With("kind", EnumName.Of(principal.Kind)).With("role", EnumName.Of(principal.Role))
            .With("disabled", principal.Disabled).With("at", principal.CreatedMs),
        cancel);

    /// <summary>With its grants.</summary>
    public static async Task<Principal?> FindAsync(DbSession session, string name, CancellationToken cancel)
    {
        var found = await session.FirstAsync<Principal>(
            $"select {Columns} from principals where name = @name", c => c.With("name", name), Read, cancel);
        return found is null ? null : found with { Grants = await GrantsAsync(session, name, cancel) };
    }

    /// <summary>By name, without their grants.</summary>
    public static Task<List<Principal>> ListAsync(DbSession session, string after, int max, CancellationToken cancel) =>
        session.QueryAsync(
            $"select {Columns} from principals where name > @after order by name limit @max",
            c => c.With("after", after).With("max", max),
            Read,
            cancel);

    public static Task<bool> AnyAsync(DbSession session, CancellationToken cancel) => session.FirstAsync(
        "select exists (select 1 from principals)", null, row => row.GetBoolean(0), cancel);

    public static Task UpdateAsync(DbSession session, Principal principal, CancellationToken cancel) => session.ExecuteAsync(
        "update principals set role = @role, disabled = @disabled where name = @name",
        c => c.With("name", principal.Name).With("role", EnumName.Of(principal.Role)).With("disabled", principal.Disabled),
        cancel);

    /// <summary>With its grants and keys.</summary>
    public static Task DeleteAsync(DbSession session, string name, CancellationToken cancel) =>
        session.ExecuteAsync("delete from principals where name = @name", c => c.With("name", name), cancel);

    /// <summary>Locks every admin until the transaction ends, so that two cannot remove each other.</summary>
    /// <returns>Those that are not disabled.</returns>
    public static Task<List<string>> TakeAdminsAsync(DbSession session, CancellationToken cancel) => session.QueryAsync(
        "update principals set role = role where role = 'admin' and not disabled returning name", null, row => row.GetString(0), cancel);

    public static Task GrantAsync(DbSession session, Grant grant, CancellationToken cancel) => session.ExecuteAsync(
        """
        insert into principal_grants (principal, scope, role) values (@principal, @scope, @role)
        on conflict (principal, scope) do update set role = excluded.role
        """,
        c => c.With("principal", grant.Principal).With("scope", grant.Scope).With("role", EnumName.Of(grant.Role)),
        cancel);

    /// <returns>0 when there was none.</returns>
    public static Task<int> RemoveGrantAsync(DbSession session, string principal, string scope, CancellationToken cancel) =>
        session.ExecuteAsync(
            "delete from principal_grants where principal = @principal and scope = @scope",
            c => c.With("principal", principal).With("scope", scope),
            cancel);

    public static Task<int> ForgetScopeAsync(DbSession session, string scope, CancellationToken cancel) =>
        session.ExecuteAsync("delete from principal_grants where scope = @scope", c => c.With("scope", scope), cancel);

    public static Task<int> MoveScopeAsync(DbSession session, string from, string to, CancellationToken cancel) =>
        session.ExecuteAsync(
            "update principal_grants set scope = @to where scope = @from", c => c.With("from", from).With("to", to), cancel);

    public static Task<List<Grant>> GrantsOnAsync(DbSession session, string scope, CancellationToken cancel) => session.QueryAsync(
        "select principal, scope, role from principal_grants where scope = @scope order by principal",
        c => c.With("scope", scope),
        ReadGrant,
        cancel);

    private static async Task<Dictionary<string, Role>> GrantsAsync(DbSession session, string name, CancellationToken cancel)
    {
        var grants = await session.QueryAsync(
            "select principal, scope, role from principal_grants where principal = @name order by scope",
            c => c.With("name", name),
            ReadGrant,
            cancel);
        return grants.ToDictionary(grant => grant.Scope, grant => grant.Role, StringComparer.Ordinal);
    }

    private static Grant ReadGrant(DbDataReader row) =>
        new(row.GetString(0), row.GetString(1), EnumName.Parse<Role>(row.GetString(2), "role"));

    private static Principal Read(DbDataReader row) => new(
        row.GetString(0), EnumName.Parse<PrincipalKind>(row.GetString(1), "kind"), EnumName.Parse<Role>(row.GetString(2), "role"),
        row.GetBoolean(3), row.GetInt64(4), new Dictionary<string, Role>());
}
