using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http.Features;
using Slipway.Core.Errors;
using Slipway.Platform.Access;

namespace Slipway.Hosting.SignIn;

/// <summary>On a route: its callers may sign their requests (AWS Signature Version 4) instead of sending a key.</summary>
/// <param name="Service">For which they must be signed, as <c>sagemaker</c>.</param>
internal sealed record TakesSignatures(string Service);

/// <summary>Callers who sign their requests. The whole request is signed: headers that are not signed must not matter, the body does.</summary>
internal sealed class SignatureSignIn(SignInService keys, TimeProvider time)
{
    public static readonly TimeSpan MaxSkew = TimeSpan.FromMinutes(15);

    /// <summary>A body is hashed before anything is known of its sender but a key's id, so it must fit into memory.</summary>
    public const int MaxBodyBytes = 4 << 20;

    private const string DateHeader = "x-amz-date";
    private const string HashHeader = "x-amz-content-sha256";
    private const string DateFormat = "yyyyMMdd'T'HHmmss'Z'";

    /// <returns>Null where the route takes no signatures, or the request has none.</returns>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Unauthenticated"/> for a header of another form.</exception>
    public static SignatureV4? Of(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<TakesSignatures>() is not { } takes
            || context.Request.Headers.Authorization is not [{ } header]
            || !header.StartsWith(SignatureV4.Scheme, StringComparison.Ordinal))
        {
            return null;
        }

        var signature = SignatureV4.Parse(header) ?? throw Refuse(
            $"The header Authorization must be '{SignatureV4.Scheme} Credential=ID/DAY/REGION/SERVICE/aws4_request, SignedHeaders=…, Signature=…'.");
        return signature.Service == takes.Service ? signature : throw Refuse(
            $"The request is signed for the service '{signature.Service}'; this is '{takes.Service}'.");
    }

    /// <param name="onlyKnown">Whether to answer only for keys that are in memory.</param>
    /// <returns>Null for a wrong signature or key.</returns>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Unauthenticated"/> when it is too old, or leaves out what must be signed; TooLarge.</exception>
    public ValueTask<Actor?> BySignatureAsync(HttpContext context, SignatureV4 signature, bool onlyKnown)
    {
        var sentAt = Time(context.Request, signature);
        CheckHeaders(context.Request, signature);
        return keys.BySignatureAsync(
            signature.KeyId, onlyKnown, secret => IsSignedAsync(context, signature, sentAt, secret), context.RequestAborted);
    }

    private async ValueTask<bool> IsSignedAsync(HttpContext context, SignatureV4 signature, string sentAt, string secret)
    {
        var request = context.Request;
        var hash = Convert.ToHexStringLower(SHA256.HashData(await BodyAsync(request, context.RequestAborted)));
        if (request.Headers.TryGetValue(HashHeader, out var said) && said != hash)
        {
            throw Refuse($"The header {HashHeader} is not the SHA-256 of the body; unsigned and chunked bodies are not taken.");
        }

        var headers = signature.Headers.Select(name => (name, request.Headers[name].Select(value => value ?? "").ToArray())).ToArray();
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        return signature.Matches(signature.Compute(secret, sentAt, CanonicalRequest.Of(request.Method, target, headers, hash)));
    }

    private string Time(HttpRequest request, SignatureV4 signature)
    {
        var text = request.Headers[DateHeader].ToString();
        if (!DateTimeOffset.TryParseExact(text, DateFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            || !text.StartsWith(signature.Day, StringComparison.Ordinal) || signature.Day.Length != 8)
        {
            throw Refuse($"The header X-Amz-Date must be a time like 20150830T123600Z, of the day that the credential names; got '{text}'.");
        }

        var skew = (time.GetUtcNow() - at).Duration();
        return skew <= MaxSkew ? text : throw Refuse(
            $"The request was signed at {at:u}, and it is {time.GetUtcNow():u}; the clocks may differ by {MaxSkew.TotalMinutes} minutes.");
    }

    /// <summary>What a proxy or a thief could add without breaking the signature must not be what a handler reads.</summary>
    private static void CheckHeaders(HttpRequest request, SignatureV4 signature)
    {
        var needed = request.Headers.Keys.Select(name => name.ToLowerInvariant())
            .Where(name => name == "host" || name.StartsWith("x-amz-", StringComparison.Ordinal));
        if (needed.FirstOrDefault(name => !signature.Headers.Contains(name)) is { } left)
        {
            throw Refuse($"The header '{left}' must be among those that are signed.");
        }
    }

    private static async ValueTask<byte[]> BodyAsync(HttpRequest request, CancellationToken cancel)
    {
        var body = new MemoryStream();
        var buffer = new byte[16 << 10];
        for (int read; (read = await request.Body.ReadAsync(buffer, cancel)) > 0;)
        {
            if (body.Length + read > MaxBodyBytes)
            {
                throw new SlipwayException(ErrorKind.TooLarge, $"A signed body holds at most {MaxBodyBytes} bytes.");
            }

            body.Write(buffer, 0, read);
        }

        body.Position = 0;
        request.Body = body;
        return body.ToArray();
    }

    private static SlipwayException Refuse(string message) => new(ErrorKind.Unauthenticated, message);
}
