using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests.SageMaker;

/// <summary>A real server that asks who calls, a feature group on it, and the key pair of somebody who may put records.</summary>
internal sealed class RecordServer : IAsyncDisposable
{
    private const string Yaml =
        """
        entities:
          - {name: driver, join_keys: [{name: driver, type: string}]}
        sources:
          - {name: rides, push: true, columns: [{name: driver, type: string}, {name: at, type: timestamp}, {name: trips, type: int64}, {name: conv, type: float64}]}
        feature_views:
          - {name: driver_stats, kind: batch, entities: [driver], source: {name: rides, event_timestamp: at}, features: [{name: trips, type: int64}, {name: conv, type: float64}]}
          - name: rides_1d
            kind: streaming
            entities: [driver]
            source: {name: rides, event_timestamp: at}
            hop: 1d
            aggregations: [{name: rides, function: count, window: 1d}]
        """;

    private readonly TempFolder folder = new();

    private SlipwayServer? server;
    private string admin = "";

    public SlipwayServer Server => server ?? throw new InvalidOperationException("The server was not started.");

    /// <summary>As <c>AWS_ACCESS_KEY_ID</c> and <c>AWS_SECRET_ACCESS_KEY</c>.</summary>
    public IReadOnlyDictionary<string, string> Pair { get; private set; } = new Dictionary<string, string>();

    private HandSigner Signer => new(Pair["AWS_ACCESS_KEY_ID"], Pair["AWS_SECRET_ACCESS_KEY"]);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <param name="redis">The address of its online store; null for the database.</param>
    public static async Task<RecordServer> StartAsync(string? redis = null)
    {
        var started = new RecordServer();
        try
        {
            var data = started.folder.Combine("data");
            started.admin = (await started.RunAsync("keys", "create", "--admin", "ada", "--data", data)).Trim();
            var pair = await started.RunAsync("keys", "create", "--for", "shop", "--role", "contributor", "--service", "--sigv4", "--data", data);
            started.Pair = pair.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('=', 2)).ToDictionary(p => p[0], p => p[1]);
            started.server = await SlipwayServer.StartOnAsync(data, redis is null ? [] : ["--online-store", redis]);
            using var applied = await started.AsAdminAsync("/api/v1/features/apply", Yaml, "application/yaml");
            Assert.True(applied.IsSuccessStatusCode, await applied.Content.ReadAsStringAsync(Cancel));
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    /// <summary>Signed by hand.</summary>
    /// <param name="tail">Path and query, which need no escapes and whose query is sorted.</param>
    public async Task<(int Status, string Body)> SendAsync(string method, string tail, string body = "")
    {
        using var request = Signer.Sign(Server.Http.BaseAddress!, method, tail, body, TimeProvider.System.GetUtcNow());
        using var answer = await Server.Http.SendAsync(request, Cancel);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }

    public Task<(int Status, string Body)> PutAsync(string driver, DateTimeOffset at, long trips) => SendAsync(
        "PUT", "/FeatureGroup/driver_stats",
        $$"""{"Record":[{"FeatureName":"driver","ValueAsString":"{{driver}}"},{"FeatureName":"at","ValueAsString":"{{at:yyyy-MM-dd'T'HH:mm:ss'Z'}}"},{"FeatureName":"trips","ValueAsString":"{{trips}}"}]}""");

    /// <summary>Null where there is no record.</summary>
    public async Task<long?> TripsAsync(string driver)
    {
        var (status, body) = await SendAsync("GET", $"/FeatureGroup/driver_stats?FeatureName=trips&RecordIdentifierValueAsString={driver}");
        Assert.True(status == 200, body);
        return JsonNode.Parse(body)!["Record"]?[0]?["ValueAsString"] is { } trips ? long.Parse((string)trips!, null) : null;
    }

    /// <summary>How many records of each driver the topic holds, which is their history for training sets.</summary>
    /// <param name="day">Of the records; it is closed by this.</param>
    public async Task<IReadOnlyList<long?>> CountAsync(DateTimeOffset day, params string[] drivers)
    {
        using var closed = await AsAdminAsync(
            "/api/v1/features/push", $$"""{"source":"rides","watermark":"{{day.AddDays(1):O}}","wait":true}""", "application/json");
        Assert.True(closed.IsSuccessStatusCode, await closed.Content.ReadAsStringAsync(Cancel));
        var names = new JsonArray([.. drivers.Select(driver => JsonValue.Create(driver))]).ToJsonString();
        using var read = await AsAdminAsync(
            "/get-online-features", """{"features":["rides_1d:rides"],"entities":{"driver":NAMES}}""".Replace("NAMES", names, StringComparison.Ordinal), "application/json");
        return [.. JsonNode.Parse(await read.Content.ReadAsStringAsync(Cancel))!["results"]![1]!["values"]!.AsArray().Select(value => (long?)value)];
    }

    /// <summary>Behind the last event of the topic.</summary>
    public async Task<long> EndOffsetAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/topics/rides");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", admin);
        using var answer = await Server.Http.SendAsync(request, Cancel);
        return (long)JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancel))!["endOffset"]!;
    }

    public async ValueTask DisposeAsync()
    {
        await (server?.DisposeAsync() ?? ValueTask.CompletedTask);
        folder.Dispose();
    }

    private async Task<string> RunAsync(params string[] args)
    {
        var result = await SlipwayProcess.RunAsync(args, folder.FullPath);
        return result.ExitCode == 0 ? result.Output : throw new InvalidOperationException(result.Errors);
    }

    private async Task<HttpResponseMessage> AsAdminAsync(string path, string body, string type)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, type) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", admin);
        return await Server.Http.SendAsync(request, Cancel);
    }
}
