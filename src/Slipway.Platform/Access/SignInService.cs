using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Access;

/// <summary>Turns what a caller shows into who acts.</summary>
public sealed class SignInService(Db db, SignInCache cache, KeyUses uses, TimeProvider time)
{
    /// <summary>Compared with when there is no such key, so that a wrong id costs what a wrong secret costs.</summary>
    private static readonly byte[] NoHash = new byte[32];

    /// <summary>Whether there is any principal. From the first one on, callers are asked who they are.</summary>
    public async ValueTask<bool> IsAnyoneKnownAsync(CancellationToken cancel)
    {
        var known = cache.Current;

        // The last admin cannot be deleted, so a yes stays a yes.
        if (known.Anyone is { } last && (last.Any || cache.IsFresh(last.ReadAt)))
        {
            return last.Any;
        }

        var read = new SignInCache.KnownCount(
            await db.ReadAsync(session => PrincipalStore.AnyAsync(session, cancel), cancel), cache.Now);
        known.Anyone = read;
        return read.Any;
    }

    /// <summary>Whether some key lets somebody in now.</summary>
    public Task<bool> IsAnyKeyValidAsync(CancellationToken cancel) =>
        db.ReadAsync(session => KeyStore.AnyAsync(session, time.GetUtcNow().ToUnixTimeMilliseconds(), cancel), cancel);

    /// <summary>Whether the text was meant as an API key, right or wrong.</summary>
    public static bool LooksLikeKey(string text) => text.StartsWith(KeyText.Prefix, StringComparison.Ordinal);

    /// <param name="text">As the holder sends it.</param>
    /// <param name="onlyKnown">Whether to answer only for keys that were right before, and ask the database for no others.</param>
    /// <returns>Null for a key that is wrong, expired or revoked, and for one whose principal is disabled.</returns>
    public async ValueTask<Actor?> ByKeyAsync(string text, bool onlyKnown, CancellationToken cancel)
    {
        if (!KeyText.TryParse(text, out var key))
        {
            return null;
        }

        var hash = key.Hash();
        var known = cache.Current;
        var found = known.Keys.GetValueOrDefault(key.Id);
        var isRight = KeyText.Equal(found?.Stored.Hash ?? NoHash, hash);
        if (!isRight && onlyKnown)
        {
            return null;
        }

        if (!isRight || !cache.IsFresh(found!.ReadAt))
        {
            found = await ReadAsync(known, key.Id, hash, cancel);
        }

        return found is null ? null : Use(found);
    }

    /// <summary>The holder of a key with which something was signed.</summary>
    /// <param name="onlyKnown">Whether to answer only for keys that are in memory, and ask the database for no others.</param>
    /// <param name="isSigned">Whether the secret it is given made the signature.</param>
    /// <returns>Null for a wrong signature, a key without a secret to sign with, and all that <see cref="ByKeyAsync"/> turns away.</returns>
    public async ValueTask<Actor?> BySignatureAsync(
        string id, bool onlyKnown, Func<string, ValueTask<bool>> isSigned, CancellationToken cancel)
    {
        var found = onlyKnown && !cache.Current.Keys.ContainsKey(id) ? null : await FindAsync(id, cancel);
        return found?.Stored.SigningSecret is { } secret && await isSigned(secret) ? Use(found) : null;
    }

    /// <summary>The holder of a key, as it is now, for what was signed in the key's name before.</summary>
    /// <param name="id">Of a key; whoever asks has a proof that the key was shown.</param>
    /// <returns>Null for a key that has expired or was revoked, and for one whose principal is disabled or gone.</returns>
    public async ValueTask<Actor?> ByKeyIdAsync(string id, CancellationToken cancel) =>
        await FindAsync(id, cancel) is { } found ? Use(found) : null;

    /// <summary>Somebody that a trusted issuer vouches for, with what the principal of that name, if there is one, holds here.</summary>
    /// <param name="vouched">With the roles that the issuer's claims give.</param>
    /// <returns>Null when the principal is disabled.</returns>
    public async ValueTask<Actor?> ByNameAsync(Actor vouched, CancellationToken cancel)
    {
        var known = cache.Current;
        if (!known.Principals.TryGetValue(vouched.Name, out var found) || !cache.IsFresh(found.ReadAt))
        {
            var principal = await db.ReadAsync(session => PrincipalStore.FindAsync(session, vouched.Name, cancel), cancel);
            if (principal is null)
            {
                return vouched;
            }

            found = new SignInCache.KnownPrincipal(principal, cache.Now);
            known.Principals[vouched.Name] = found;
        }

        return found.Principal.Disabled ? null : Join(vouched, found.Principal);
    }

    private async ValueTask<SignInCache.KnownKey?> FindAsync(string id, CancellationToken cancel)
    {
        var known = cache.Current;
        return known.Keys.TryGetValue(id, out var found) && cache.IsFresh(found.ReadAt) ? found : await ReadAsync(known, id, null, cancel);
    }

    /// <param name="hash">Of the text that was shown; null where none needs to be.</param>
    private async Task<SignInCache.KnownKey?> ReadAsync(
        SignInCache.Generation known, string id, byte[]? hash, CancellationToken cancel)
    {
        var readAt = cache.Now;
        var (stored, owner) = await db.ReadAsync(
            async session =>
            {
                var stored = await KeyStore.FindAsync(session, id, cancel);
                return stored is not null && (hash is null || KeyText.Equal(stored.Hash, hash))
                    ? (stored, await PrincipalStore.FindAsync(session, stored!.Key.Principal, cancel))
                    : (null, null);
            },
            cancel);
        if (stored is null || owner is null)
        {
            return null;
        }

        var actor = owner.Disabled
            ? null
            : new Actor(owner.Name, owner.Role, owner.Grants).Using(new ActingKey(id, stored.Key.Scopes, stored.Key.ExpiresMs));
        return known.Keys[id] = new SignInCache.KnownKey(stored, actor, readAt);
    }

    private Actor? Use(SignInCache.KnownKey found)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var key = found.Stored.Key;
        if (key.RevokedMs is not null || key.ExpiresMs <= now || found.Actor is null)
        {
            return null;
        }

        uses.Note(key.Id, now);
        return found.Actor;
    }

    private static Actor Join(Actor vouched, Principal principal)
    {
        var grants = new Dictionary<string, Role>(principal.Grants, StringComparer.Ordinal);
        foreach (var (scope, role) in vouched.Grants ?? principal.Grants)
        {
            grants[scope] = grants.TryGetValue(scope, out var held) && held > role ? held : role;
        }

        return vouched with { Role = vouched.Role > principal.Role ? vouched.Role : principal.Role, Grants = grants };
    }
}
