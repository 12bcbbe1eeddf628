using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Slipway.Platform.Access;

/// <summary>
/// What the holder of a key sends: <c>slipway_ID_SECRET</c>, where ID is 12 characters of a-z and 0-9 and names the key in lists
/// and logs, and SECRET is 43 of A-Z, a-z and 0-9.
/// </summary>
/// <remarks>
/// The secret holds 43 · log₂ 62 = 256.03 random bits, so nobody can guess it from its hash, however fast the hash is: one round of
/// SHA-256 is enough, and a slow hash, made for passwords that people choose, would only slow every request. The prefix lets
/// scanners of source code find keys that were published by mistake.
/// </remarks>
internal sealed record KeyText(string Id, string Secret)
{
    public const string Prefix = "slipway_";

    private const int IdLength = 12;
    private const int SecretLength = 43;
    private const string IdCharacters = "0123456789abcdefghijklmnopqrstuvwxyz";
    private const string SecretCharacters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private static readonly SearchValues<char> IdSet = SearchValues.Create(IdCharacters);
    private static readonly SearchValues<char> SecretSet = SearchValues.Create(SecretCharacters);

    public static KeyText Create() => new(
        RandomNumberGenerator.GetString(IdCharacters, IdLength), RandomNumberGenerator.GetString(SecretCharacters, SecretLength));

    /// <summary>A secret to sign with: 43 characters, 256 random bits.</summary>
    public static string CreateSigningSecret() => RandomNumberGenerator.GetString(SecretCharacters, SecretLength);

    public static bool TryParse(string text, [NotNullWhen(true)] out KeyText? key)
    {
        var rest = text.AsSpan(text.StartsWith(Prefix, StringComparison.Ordinal) ? Prefix.Length : text.Length);
        var isKey = rest.Length == IdLength + 1 + SecretLength
            && rest[IdLength] == '_'
            && !rest[..IdLength].ContainsAnyExcept(IdSet)
            && !rest[(IdLength + 1)..].ContainsAnyExcept(SecretSet);
        key = isKey ? new KeyText(rest[..IdLength].ToString(), rest[(IdLength + 1)..].ToString()) : null;
        return isKey;
    }

    public byte[] Hash() => SHA256.HashData(Encoding.ASCII.GetBytes(Secret));

    /// <summary>Takes as long wherever the two differ.</summary>
    public static bool Equal(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => CryptographicOperations.FixedTimeEquals(left, right);

    public override string ToString() => $"{Prefix}{Id}_{Secret}";
}
