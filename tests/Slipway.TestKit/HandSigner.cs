using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Slipway.TestKit;

/// <summary>A client that signs by the rules of AWS Signature Version 4, for paths and queries that need no escapes.</summary>
public sealed record HandSigner(string KeyId, string Secret, string Service = "sagemaker", string Region = "eu-central-1")
{
    public static void AddTo(HttpRequestMessage request, string authorization) =>
        request.Headers.TryAddWithoutValidation("Authorization", authorization);

    /// <param name="tail">Path and query; the query is sorted.</param>
    public HttpRequestMessage Sign(Uri server, string method, string tail, string body, DateTimeOffset at)
    {
        var time = at.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var (path, query) = tail.Split('?') is [var left, var right] ? (left, right) : (tail, "");
        var canonical = $"{method}\n{path}\n{query}\nhost:{server.Authority}\nx-amz-date:{time}\n\nhost;x-amz-date\n{Hash(body)}";
        var scope = $"{time[..8]}/{Region}/{Service}/aws4_request";
        var key = new[] { time[..8], Region, Service, "aws4_request" }.Aggregate(Encoding.UTF8.GetBytes("AWS4" + Secret), Mac);
        var signature = Convert.ToHexStringLower(Mac(key, $"AWS4-HMAC-SHA256\n{time}\n{scope}\n{Hash(canonical)}"));

        var request = new HttpRequestMessage(new HttpMethod(method), new Uri(server, tail));
        request.Content = body.Length == 0 ? null : new StringContent(body, Encoding.UTF8, "application/json");
        request.Headers.TryAddWithoutValidation("X-Amz-Date", time);
        AddTo(request, $"AWS4-HMAC-SHA256 Credential={KeyId}/{scope}, SignedHeaders=host;x-amz-date, Signature={signature}");
        return request;
    }

    private static byte[] Mac(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
