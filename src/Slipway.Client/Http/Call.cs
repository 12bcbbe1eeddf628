using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;

namespace Slipway.Client.Http;

/// <summary>One request. It is made anew for each attempt, so its content must be too.</summary>
/// <param name="Path">Below the server's address, without a leading slash, escaped.</param>
internal sealed record Call(HttpMethod Method, string Path)
{
    public Func<HttpContent>? Content { get; init; }

    /// <summary>Whether making it twice is the same as making it once.</summary>
    public bool MayRepeat { get; init; } = Method != HttpMethod.Post;

    /// <summary>It carries a file, so it may take any time.</summary>
    public bool IsLong { get; init; }

    public static Call Of<T>(HttpMethod method, string path, T body, JsonTypeInfo<T> type, bool mayRepeat) =>
        new(method, path) { Content = () => JsonContent.Create(body, type), MayRepeat = mayRepeat };
}
