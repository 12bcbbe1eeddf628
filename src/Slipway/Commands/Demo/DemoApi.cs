using System.Text.Json;
using System.Text.Json.Nodes;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation;

namespace Slipway.Commands.Demo;

/// <summary>The server's REST interface as the demo uses it, like any other client.</summary>
internal sealed class DemoApi(HttpClient http)
{
    public Task<JsonNode> GetAsync(string path, CancellationToken cancel) => SendAsync(HttpMethod.Get, path, null, cancel);

    /// <summary>The object, or null where there is none (404).</summary>
    public async Task<JsonNode?> FindAsync(string path, CancellationToken cancel)
    {
        using var response = await http.GetAsync(new Uri($"/api/v1/{path}", UriKind.Relative), cancel);
        return response.StatusCode == System.Net.HttpStatusCode.NotFound ? null : await ReadAsync(response, path, cancel);
    }

    public Task<JsonNode> PostAsync<T>(string path, T body, CancellationToken cancel) =>
        SendAsync(HttpMethod.Post, path, JsonContent.Create(body, options: Json.Options), cancel);

    public Task<JsonNode> PostBytesAsync(string path, ReadOnlyMemory<byte> json, CancellationToken cancel) =>
        SendAsync(HttpMethod.Post, path, new ReadOnlyMemoryContent(json) { Headers = { ContentType = new("application/json") } }, cancel);

    public Task<JsonNode> SendYamlAsync(HttpMethod method, string path, string yaml, CancellationToken cancel) =>
        SendAsync(method, path, new StringContent(yaml, System.Text.Encoding.UTF8, "application/yaml"), cancel);

    private async Task<JsonNode> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, new Uri($"/api/v1/{path}", UriKind.Relative)) { Content = content };
        using var response = await http.SendAsync(request, cancel);
        return await ReadAsync(response, $"{method} {path}", cancel);
    }

    private static async Task<JsonNode> ReadAsync(HttpResponseMessage response, string what, CancellationToken cancel)
    {
        var text = await response.Content.ReadAsStringAsync(cancel);
        if (!response.IsSuccessStatusCode)
        {
            throw new SlipwayException(ErrorKind.FailedPrecondition, $"{what} was answered with {(int)response.StatusCode}: {Detail(text)}");
        }

        return text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!;
    }

    private static string Detail(string text)
    {
        try
        {
            return JsonNode.Parse(text)?["detail"]?.GetValue<string>() ?? text;
        }
        catch (JsonException)
        {
            return text;
        }
    }
}
