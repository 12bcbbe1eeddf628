using System.Text.RegularExpressions;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Access;

/// <summary>Who is known to this server. Admins change it; everybody may read what is known of themselves.</summary>
public sealed partial class PrincipalService(Db db, AuditLog audit, AccessService access, SignInCache cache, TimeProvider time)
{
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.Conflict"/> when the name is taken; <see cref="ErrorKind.FailedPrecondition"/> for the first one of
    /// all, which must come with a key.
    /// </exception>
    public Task<Principal> CreateAsync(Actor by, string name, PrincipalKind kind, Role role, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            access.Require(by, Role.Admin, Ref(name));
            if (!await PrincipalStore.AnyAsync(session, cancel) && by == Actors.Local)
            {
                throw Refused(
                    "From the first principal on, everybody is asked for a key, so the first one must be an admin who has one: "
                    + "slipway keys create --admin NAME.");
            }

            return await CreateAsync(session, by, name, kind, role, cancel);
        },
        cancel);

    /// <summary>By name, without their grants. For admins.</summary>
    /// <param name="limit">1 to 1000.</param>
    public async Task<Page<Principal>> ListAsync(Actor by, string? pageToken, int limit, CancellationToken cancel)
    {
        access.Require(by, Role.Admin, "principals");
        Limit.Range("A page of principals", limit, 1, 1000);
        const string query = "principals";
        var after = pageToken is null ? "" : PageToken.Read<string>(pageToken, query);
        var rows = await db.ReadAsync(session => PrincipalStore.ListAsync(session, after, limit + 1, cancel), cancel);
        return PageToken.Cut(rows, limit, query, row => row.Name);
    }

    /// <summary>With its grants. For admins, and for the principal.</summary>
    public async Task<Principal> GetAsync(Actor by, string name, CancellationToken cancel)
    {
        if (by.Name != name)
        {
            access.Require(by, Role.Admin, Ref(name));
        }

        return await db.ReadAsync(session => PrincipalStore.FindAsync(session, name, cancel), cancel) ?? throw Missing(name);
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/>: nobody would be left who can change it back.</exception>
    public Task<Principal> ChangeAsync(Actor by, string name, PrincipalChange change, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            access.Require(by, Role.Admin, Ref(name));
            var before = await PrincipalStore.FindAsync(session, name, cancel) ?? throw Missing(name);
            var after = before with { Role = change.Role ?? before.Role, Disabled = change.Disabled ?? before.Disabled };
            if (after.Role != Role.Admin || after.Disabled)
            {
                await KeepAnAdminAsync(session, name, cancel);
            }

            await PrincipalStore.UpdateAsync(session, after, cancel);
            await audit.AppendAsync(
                session, by, "principal.change", Ref(name), new { after.Role, after.Disabled, Before = new { before.Role, before.Disabled } },
                cancel);
            cache.ForgetAfter(session);
            return after;
        },
        cancel);

    /// <summary>With its keys and grants: a later principal of the same name starts with none of them.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/>: it is the last admin.</exception>
    public Task DeleteAsync(Actor by, string name, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            access.Require(by, Role.Admin, Ref(name));
            var gone = await PrincipalStore.FindAsync(session, name, cancel) ?? throw Missing(name);
            await KeepAnAdminAsync(session, name, cancel);
            await PrincipalStore.DeleteAsync(session, name, cancel);
            await audit.AppendAsync(session, by, "principal.delete", Ref(name), new { gone.Kind, gone.Role, gone.Grants }, cancel);
            cache.ForgetAfter(session);
        },
        cancel);

    /// <summary>The same as <see cref="CreateAsync(Actor, string, PrincipalKind, Role, CancellationToken)"/>, by a caller who checked what may be.</summary>
    internal async Task<Principal> CreateAsync(
        DbSession session, Actor by, string name, PrincipalKind kind, Role role, CancellationToken cancel)
    {
        CheckName(name);
        var principal = new Principal(
            name, kind, role, false, time.GetUtcNow().ToUnixTimeMilliseconds(), new Dictionary<string, Role>());
        if (await PrincipalStore.InsertAsync(session, principal, cancel) == 0)
        {
            throw SlipwayException.Conflict($"There is a principal '{name}' already.");
        }

        await audit.AppendAsync(session, by, "principal.create", Ref(name), new { kind, role }, cancel);
        cache.ForgetAfter(session);
        return principal;
    }

    internal static string Ref(string name) => $"principal/{name}";

    internal static SlipwayException Missing(string name) => SlipwayException.NotFound($"There is no principal '{name}'.");

    /// <summary>Whether a principal can be called that; the names of the server's own parts, and of nobody, cannot be taken.</summary>
    public static bool IsName(string name) => NamePattern().IsMatch(name) && name != Actors.Local.Name && name != Actors.Nobody.Name;

    private static void CheckName(string name)
    {
        if (!IsName(name))
        {
            throw SlipwayException.Invalid(
                $"'{name}' cannot be a principal's name; use 1 to {Principal.MaxNameLength} letters, digits, '.', '_', '-', '@' and '+' "
                + "that start with a letter or digit, and not 'local' or 'nobody'.");
        }
    }

    private static async Task KeepAnAdminAsync(DbSession session, string leaving, CancellationToken cancel)
    {
        var admins = await PrincipalStore.TakeAdminsAsync(session, cancel);
        if (admins is [var last] && last == leaving)
        {
            throw Refused($"'{leaving}' is the last admin; make another one first, or nobody could change anything.");
        }
    }

    private static SlipwayException Refused(string message) => new(ErrorKind.FailedPrecondition, message);

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}\z")]
    private static partial Regex NamePattern();
}
