using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Slipway.Tests.Hosting;

namespace Slipway.Tests.Mlflow;

/// <summary>The real server, spoken to as a client of MLflow does.</summary>
internal sealed class MlflowServer : IAsyncDisposable
{
    private readonly RunningHost host;

    private MlflowServer(RunningHost host) => this.host = host;

    public HttpClient Http => host.Http;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<MlflowServer> StartAsync() => new(await RunningHost.StartAsync());

    /// <param name="path">Below <c>/api/2.0/mlflow/</c>, or absolute.</param>
    public async Task<(int Status, string Body)> SendAsync(
        string method, string path, string? body = null, string contentType = "application/json")
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path.StartsWith('/') ? path : $"/api/2.0/mlflow/{path}");
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        }

        using var answer = await Http.SendAsync(request, Cancel);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }

    /// <summary>A call that must work.</summary>
    public async Task<JsonNode> CallAsync(string method, string path, string? body = null)
    {
        var (status, answer) = await SendAsync(method, path, body);
        Assert.True(status == 200, $"{method} {path} answered {status}: {answer}");
        return JsonNode.Parse(answer)!;
    }

    public Task<JsonNode> PostAsync(string path, string body) => CallAsync("POST", path, body);

    public Task<JsonNode> GetAsync(string path) => CallAsync("GET", path);

    /// <returns>The id of a new run.</returns>
    public async Task<string> StartRunAsync(string experiment = "0", string name = "r") =>
        (string)(await PostAsync("runs/create", $$"""{"experiment_id": "{{experiment}}", "run_name": "{{name}}", "user_id": "u", "start_time": 5}"""))["run"]!["info"]!["run_id"]!;

    public async Task<JsonNode> RunAsync(string id) => (await GetAsync($"runs/get?run_id={id}"))["run"]!;

    public ValueTask DisposeAsync() => host.DisposeAsync();
}
