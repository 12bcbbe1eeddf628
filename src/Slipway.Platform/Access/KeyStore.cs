using System.Data.Common;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Access;

/// <param name="Hash">32 bytes.</param>
/// <param name="SigningSecret">Null for a key with which nothing is signed.</param>
internal sealed record StoredKey(ApiKey Key, byte[] Hash, string? SigningSecret);

internal static class KeyStore
{
    private const string Columns =
        "id, principal, description, scopes, created_by, created_ms, expires_ms, last_used_ms, revoked_ms, hash, "
        + "(select secret from key_signing_secrets where key_id = id)";

    public static Task InsertAsync(DbSession session, ApiKey key, byte[] hash, CancellationToken cancel) => session.ExecuteAsync(
        """
        insert into api_keys (id, principal, description, scopes, created_by, created_ms, expires_ms, hash)
        values (@id, @principal, @description, @scopes, @by, @at, @expires, @hash)
        """,
        c => c.With("id", key.Id).With("principal", key.Principal).With("description", key.Description)
            .With("scopes", string.Join(',', key.Scopes.Select(EnumName.Of))).With("by", key.CreatedBy).With("at", key.CreatedMs)
            .With("expires", key.ExpiresMs).With("hash", Convert.ToHexStringLower(hash)),
        cancel);

    public static Task InsertSigningSecretAsync(DbSession session, string id, string secret, CancellationToken cancel) => session.ExecuteAsync(
        "insert into key_signing_secrets (key_id, secret) values (@id, @secret)", c => c.With("id", id).With("secret", secret), cancel);

    public static Task<StoredKey?> FindAsync(DbSession session, string id, CancellationToken cancel) =>
        session.FirstAsync<StoredKey>($"select {Columns} from api_keys where id = @id", c => c.With("id", id), Read, cancel);

    /// <summary>By id.</summary>
    /// <param name="principal">Only keys of this principal, when given.</param>
    public static async Task<List<ApiKey>> ListAsync(
        DbSession session, string? principal, string after, int max, CancellationToken cancel)
    {
        var rows = await session.QueryAsync(
            $"""
            select {Columns} from api_keys
            where id > @after and (cast(@principal as text) is null or principal = @principal)
            order by id limit @max
            """,
            c => c.With("after", after).With("principal", principal).With("max", max),
            Read,
            cancel);
        return rows.ConvertAll(row => row.Key);
    }

    public static Task<bool> AnyAsync(DbSession session, long nowMs, CancellationToken cancel) => session.FirstAsync(
        """
        select exists (
          select 1 from api_keys join principals on principals.name = api_keys.principal
          where revoked_ms is null and (expires_ms is null or expires_ms > @now) and not disabled)
        """,
        c => c.With("now", nowMs),
        row => row.GetBoolean(0),
        cancel);

    /// <returns>0 when it was revoked before.</returns>
    public static Task<int> RevokeAsync(DbSession session, string id, long atMs, CancellationToken cancel) => session.ExecuteAsync(
        "update api_keys set revoked_ms = @at where id = @id and revoked_ms is null", c => c.With("id", id).With("at", atMs), cancel);

    public static Task UsedAsync(DbSession session, string id, long atMs, CancellationToken cancel) => session.ExecuteAsync(
        "update api_keys set last_used_ms = @at where id = @id and (last_used_ms is null or last_used_ms < @at)",
        c => c.With("id", id).With("at", atMs),
        cancel);

    private static StoredKey Read(DbDataReader row) => new(
        new ApiKey(
            row.GetString(0), row.GetString(1), row.GetString(2), [.. ScopesOf(row.GetString(3))], row.GetString(4), row.GetInt64(5),
            row.Long(6), row.Long(7), row.Long(8)),
        Convert.FromHexString(row.GetString(9)),
        row.Text(10));

    private static IEnumerable<KeyScope> ScopesOf(string text) =>
        text.Split(',').Select(name => EnumName.Parse<KeyScope>(name, "scope of a key"));
}
