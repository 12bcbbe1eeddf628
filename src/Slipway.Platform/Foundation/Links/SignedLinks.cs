using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Foundation.Links;

/// <summary>What a link carries: for whom it was made, until when it works, and the proof that this server made it.</summary>
/// <param name="Actor">The name of whoever asked for it.</param>
/// <param name="Expires">Seconds since the epoch.</param>
/// <param name="Signature">HMAC-SHA-256 of the link's subject, actor, end and key, as base64url.</param>
/// <param name="Key">The id of the API key it was asked for with, which must still let its owner in; null where there was none.</param>
public sealed record LinkProof(string Actor, long Expires, string Signature, string? Key = null)
{
    /// <summary>To be put behind the '?' of the link.</summary>
    public string Query => string.Create(
        CultureInfo.InvariantCulture, $"actor={Uri.EscapeDataString(Actor)}&expires={Expires}{KeyPart}&signature={Signature}");

    private string KeyPart => Key is null ? "" : $"&key={Uri.EscapeDataString(Key)}";
}

/// <summary>
/// Links that let whoever holds them do one thing for a while, for clients that send no credentials to the addresses they are
/// given. The key is random, made once, and shared by all servers on the database.
/// </summary>
public sealed class SignedLinks(Db db, TimeProvider time)
{
    public static readonly TimeSpan MaxLifetime = TimeSpan.FromDays(1);

    private const string KeyName = "links";

    private byte[]? key;

    /// <param name="subject">All that the link allows, such as <c>GET run/0198…/model.onnx</c>.</param>
    /// <param name="lifetime">Above zero, at most <see cref="MaxLifetime"/>.</param>
    /// <param name="apiKey">The id of the API key that it is asked for with.</param>
    public async Task<LinkProof> SignAsync(
        string subject, string actor, TimeSpan lifetime, CancellationToken cancel, string? apiKey = null)
    {
        Limit.Range("The lifetime of a link in seconds", (long)lifetime.TotalSeconds, 1, (long)MaxLifetime.TotalSeconds);
        var expires = (time.GetUtcNow() + lifetime).ToUnixTimeSeconds();
        return new LinkProof(actor, expires, Mac(await KeyAsync(cancel), subject, actor, expires, apiKey), apiKey);
    }

    /// <summary>Whether the actor and the key may still do it, the caller asks.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Forbidden"/> for a link that was not made here, or not for this, or has expired.</exception>
    public async Task VerifyAsync(string subject, LinkProof proof, CancellationToken cancel)
    {
        var expected = Encoding.ASCII.GetBytes(Mac(await KeyAsync(cancel), subject, proof.Actor, proof.Expires, proof.Key));
        if (!CryptographicOperations.FixedTimeEquals(expected, Encoding.UTF8.GetBytes(proof.Signature)))
        {
            throw new SlipwayException(ErrorKind.Forbidden, "This link was not made by this server, or not for this; ask for a new one.");
        }

        if (time.GetUtcNow().ToUnixTimeSeconds() >= proof.Expires)
        {
            throw new SlipwayException(ErrorKind.Forbidden, "This link has expired; ask for a new one.");
        }
    }

    // As JSON, so that no two different lists give the same bytes.
    private static string Mac(byte[] key, string subject, string actor, long expires, string? apiKey)
    {
        string[] said = [subject, actor, expires.ToString(CultureInfo.InvariantCulture), .. apiKey is null ? (string[])[] : [apiKey]];
        return Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(Json.Write(said))));
    }

    private async Task<byte[]> KeyAsync(CancellationToken cancel) => key ??= await db.WriteAsync(
        async session =>
        {
            // Two servers that start together both try; the first one's key is the one that both then read.
            await session.ExecuteAsync(
                "insert into secrets (name, value) values (@name, @value) on conflict (name) do nothing",
                c => c.With("name", KeyName).With("value", RandomNumberGenerator.GetBytes(32)),
                cancel);
            return (await session.FirstAsync(
                "select value from secrets where name = @name", c => c.With("name", KeyName), row => row.Bytes(0), cancel))!;
        },
        cancel);
}
