using System.Security.Cryptography;
using System.Text;

namespace Slipway.Hosting.SignIn;

/// <summary>A signature after AWS Signature Version 4, as the header <c>Authorization</c> carries it.</summary>
/// <param name="KeyId">The access key id: that of an API key.</param>
/// <param name="Day">Of the credential's scope, as <c>20150830</c>.</param>
/// <param name="Headers">The names of what is signed, in lower case, sorted.</param>
/// <param name="Hex">64 lower-case hex digits.</param>
internal sealed record SignatureV4(string KeyId, string Day, string Region, string Service, IReadOnlyList<string> Headers, string Hex)
{
    public const string Scheme = "AWS4-HMAC-SHA256";

    private const string Terminator = "aws4_request";

    /// <returns>Null for what is not of this form.</returns>
    public static SignatureV4? Parse(string authorization)
    {
        if (!authorization.StartsWith(Scheme + ' ', StringComparison.Ordinal))
        {
            return null;
        }

        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in authorization[Scheme.Length..].Split(',', StringSplitOptions.TrimEntries))
        {
            var equals = field.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0 || !fields.TryAdd(field[..equals], field[(equals + 1)..]))
            {
                return null;
            }
        }

        return fields.TryGetValue("Credential", out var credential) && fields.TryGetValue("SignedHeaders", out var headers)
            && fields.TryGetValue("Signature", out var hex) && credential.Split('/') is [var id, var day, var region, var service, Terminator]
            ? new SignatureV4(id, day, region, service, headers.Split(';'), hex)
            : null;
    }

    /// <summary>Hex(HMAC(key, text to sign)), where key = HMAC(HMAC(HMAC(HMAC("AWS4" + secret, day), region), service), "aws4_request").</summary>
    /// <param name="time">Of the header <c>X-Amz-Date</c>, as <c>20150830T123600Z</c>.</param>
    public string Compute(string secret, string time, string canonicalRequest)
    {
        var key = Encoding.UTF8.GetBytes("AWS4" + secret);
        foreach (var part in (string[])[Day, Region, Service, Terminator])
        {
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        }

        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonicalRequest)));
        var text = $"{Scheme}\n{time}\n{Day}/{Region}/{Service}/{Terminator}\n{digest}";
        return Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>Takes as long wherever the two differ.</summary>
    public bool Matches(string computed) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Hex), Encoding.UTF8.GetBytes(computed));
}
