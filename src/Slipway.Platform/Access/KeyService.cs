using Slipway.Core.Errors;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Access;

/// <summary>
/// API keys. Admins make them for anybody; everybody makes them for themselves, but a key makes no key that could do more or
/// live longer than itself.
/// </summary>
public sealed class KeyService(
    Db db, AuditLog audit, AccessService access, PrincipalService principals, SignInCache cache, KeyUses uses, TimeProvider time)
{
    private const int MaxDays = 3660;

    /// <returns>With the text that the holder sends, which can be had only here.</returns>
    public Task<NewKey> CreateAsync(Actor by, KeyRequest request, CancellationToken cancel)
    {
        Limit.Text("A key's description", request.Description, ApiKey.MaxDescriptionLength);
        if (request.ExpiresInDays is { } days)
        {
            Limit.Range("A key's life in days", days, 1, MaxDays);
        }

        return db.WriteAsync(session => CreateAsync(session, by, request, cancel), cancel);
    }

    /// <summary>By id, also those that are revoked or expired. Admins see all, others their own.</summary>
    /// <param name="principal">Only keys of this one, when given.</param>
    /// <param name="limit">1 to 1000.</param>
    public async Task<Page<ApiKey>> ListAsync(Actor by, string? principal, string? pageToken, int limit, CancellationToken cancel)
    {
        Limit.Range("A page of keys", limit, 1, 1000);
        var mayReadAll = by.May(Role.Admin);
        if (!mayReadAll && principal is not null && principal != by.Name)
        {
            access.Require(by, Role.Admin, $"the keys of '{principal}'");
        }

        var owner = mayReadAll ? principal : by.Name;
        var query = Json.Write(new[] { "keys", owner });
        var after = pageToken is null ? "" : PageToken.Read<string>(pageToken, query);
        var rows = await db.ReadAsync(session => KeyStore.ListAsync(session, owner, after, limit + 1, cancel), cancel);
        return PageToken.Cut(rows.ConvertAll(uses.Complete), limit, query, key => key.Id);
    }

    /// <summary>For admins, and for its owner.</summary>
    public async Task<ApiKey> GetAsync(Actor by, string id, CancellationToken cancel)
    {
        var stored = await db.ReadAsync(session => KeyStore.FindAsync(session, id, cancel), cancel);
        if (stored?.Key.Principal != by.Name)
        {
            access.Require(by, Role.Admin, $"key/{id}");
        }

        return stored is null ? throw Missing(id) : uses.Complete(stored.Key);
    }

    /// <summary>From the commit on the key opens nothing. Repeating it changes nothing. A key may revoke itself.</summary>
    public Task RevokeAsync(Actor by, string id, CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            var stored = await KeyStore.FindAsync(session, id, cancel);
            if (stored?.Key.Principal != by.Name || !(by.Key is null || by.Key.Id == id || by.Key.Scopes.Contains(KeyScope.Write)))
            {
                access.Require(by, Role.Admin, $"key/{id}");
            }

            var key = (stored ?? throw Missing(id)).Key;
            if (await KeyStore.RevokeAsync(session, id, time.GetUtcNow().ToUnixTimeMilliseconds(), cancel) > 0)
            {
                await audit.AppendAsync(session, by, "key.revoke", $"key/{id}", new { key.Principal }, cancel);
                cache.ForgetAfter(session);
            }
        },
        cancel);

    private async Task<NewKey> CreateAsync(DbSession session, Actor by, KeyRequest request, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var expires = request.ExpiresInDays is { } days ? now.AddDays(days).ToUnixTimeMilliseconds() : (long?)null;
        var scopes = Complete(request.Scopes);
        CheckMaker(by, request, scopes, expires);
        await FindOwnerAsync(session, by, request, cancel);

        var text = KeyText.Create();
        var key = new ApiKey(
            text.Id, request.Principal, request.Description ?? "", scopes, by.Name, now.ToUnixTimeMilliseconds(), expires, null, null);
        await KeyStore.InsertAsync(session, key, text.Hash(), cancel);
        var signing = request.Signing ? KeyText.CreateSigningSecret() : null;
        if (signing is not null)
        {
            await KeyStore.InsertSigningSecretAsync(session, key.Id, signing, cancel);
        }

        await audit.AppendAsync(
            session, by, "key.create", $"key/{key.Id}",
            new { key.Principal, key.Description, scopes, expiresMs = expires, request.Signing }, cancel);
        return new NewKey(key, text.ToString(), signing);
    }

    private async Task FindOwnerAsync(DbSession session, Actor by, KeyRequest request, CancellationToken cancel)
    {
        var owner = await PrincipalStore.FindAsync(session, request.Principal, cancel);
        if (request.Role is not { } role)
        {
            _ = owner ?? throw PrincipalService.Missing(request.Principal);
            return;
        }

        if (owner is null)
        {
            if (role != Role.Admin && by == Actors.Local && !await PrincipalStore.AnyAsync(session, cancel))
            {
                throw new SlipwayException(
                    ErrorKind.FailedPrecondition, $"The first principal must be an admin, or nobody could make others; '{request.Principal}' was to be {EnumName.Of(role)}.");
            }

            await principals.CreateAsync(session, by, request.Principal, request.Kind, role, cancel);
        }
        else if (owner.Role != role)
        {
            throw SlipwayException.Conflict(
                $"There is a principal '{owner.Name}' with the role {EnumName.Of(owner.Role)} already; change the role first, or name none.");
        }
    }

    private void CheckMaker(Actor by, KeyRequest request, List<KeyScope> scopes, long? expires)
    {
        if (by.May(Role.Admin))
        {
            return;
        }

        if (by.Name != request.Principal || request.Role is not null || by.Key?.Scopes.Contains(KeyScope.Write) == false)
        {
            access.Require(by, Role.Admin, $"the keys of '{request.Principal}'");
        }

        if (by.Key is { } own && (scopes.Except(own.Scopes).Any() || (own.ExpiresMs is { } end && (expires ?? long.MaxValue) > end)))
        {
            throw new SlipwayException(
                ErrorKind.Forbidden,
                $"Key {own.Id} makes no key that could do more or live longer than itself; it has the scopes {string.Join(", ", own.Scopes.Select(EnumName.Of))}"
                + (own.ExpiresMs is { } at ? $" and expires at {DateTimeOffset.FromUnixTimeMilliseconds(at):O}." : "."));
        }
    }

    private static List<KeyScope> Complete(IReadOnlyList<KeyScope>? asked) => asked switch
    {
        null or [] => [.. Enum.GetValues<KeyScope>()],
        _ when asked.Contains(KeyScope.Admin) => [.. Enum.GetValues<KeyScope>()],
        _ when asked.Contains(KeyScope.Write) || asked.Contains(KeyScope.Approve) => [.. asked.Append(KeyScope.Read).Distinct().Order()],
        _ => [.. asked.Distinct().Order()],
    };

    private static SlipwayException Missing(string id) => SlipwayException.NotFound($"There is no key '{id}'.");
}
