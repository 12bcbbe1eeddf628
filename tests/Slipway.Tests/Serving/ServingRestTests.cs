using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Slipway.Core.Data;
using Slipway.Platform.Foundation;
using Slipway.Platform.Serving;
using Slipway.Platform.Serving.Predictions;
using Slipway.Protocols.OpenInference;

namespace Slipway.Tests.Serving;

/// <summary>Serving over a real socket: the native REST as the how-to pages use it, and the Open Inference Protocol beside it.</summary>
public abstract class OverHttp() : OnServing(null), IAsyncDisposable
{
    private WebApplication app = null!;

    protected HttpClient Http { get; private set; } = null!;

    protected override async Task PrepareAsync()
    {
        await base.PrepareAsync();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.ConfigureHttpJsonOptions(options => Json.Apply(options.SerializerOptions));

        // The services are those of the kit, which has started them.
        builder.Services.AddSingleton(Kit.Serving).AddSingleton(Kit.Rollouts).AddSingleton(Kit.Feedback).AddSingleton(Kit.Reader);
        app = builder.Build();
        app.MapServing();
        app.MapOpenInference();
        await app.StartAsync(Cancel);
        Http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        Http.Dispose();
        await app.DisposeAsync();
        await StopAsync();
        GC.SuppressFinalize(this);
    }

    /// <param name="body">Sent without a content type unless one is given.</param>
    protected async Task<(HttpStatusCode Status, string Body)> SendAsync(HttpMethod method, string path, string? body = null, string? type = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = type is null ? null : new(type);
        }

        using var response = await Http.SendAsync(request, Cancel);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancel));
    }
}

public sealed class ServingRestTests : OverHttp
{
    private async Task<JsonNode> JsonAsync(HttpMethod method, string path, string? body, HttpStatusCode expected = HttpStatusCode.OK)
    {
        var (status, text) = await SendAsync(method, path, body, "application/json");
        Assert.True(status == expected, $"{method} {path}: {(int)status} {text}");
        return JsonNode.Parse(text)!;
    }

    [Fact]
    public async Task An_endpoint_from_deployment_to_canary_to_rollback()
    {
        await Kit.RegisterAsync(TestModels.Echo);
        await Kit.RegisterAsync(TestModels.Inverse);
        var deployed = await JsonAsync(
            HttpMethod.Post, "/api/v1/endpoints", """{"name": "live", "model": "echo", "version": "1.0.0", "reason": "first", "options": {"threshold": 0.5, "log": "durable"}}""",
            HttpStatusCode.Created);
        Assert.Equal("""[{"version":"1.0.0","weight":100,"role":"champion"}]""", deployed["variants"]!.ToJsonString());

        var answer = await JsonAsync(HttpMethod.Post, "/api/v1/endpoints/live/predict", """{"instances": [{"x": 0.75}], "ids": ["p1"]}""");
        Assert.Equal(
            """{"endpoint":"live","model":"echo","predictions":[{"id":"p1","version":"1.0.0","label":true,"probability":0.75}]}""",
            answer.ToJsonString());

        var receipt = await JsonAsync(HttpMethod.Post, "/api/v1/feedback", """{"outcomes": [{"predictionId": "p1", "value": 1, "eventTime": "2001-05-01T00:00:00Z"}]}""");
        Assert.Equal("""{"recorded":1,"unchanged":0,"restated":0,"unmatched":0}""", receipt.ToJsonString());
        var counts = await JsonAsync(HttpMethod.Get, "/api/v1/endpoints/live/predictions/counts", null);
        Assert.Equal(("1", "1"), (counts["predictions"]!.ToJsonString(), counts["labelled"]!.ToJsonString()));

        var canary = await JsonAsync(
            HttpMethod.Post, "/api/v1/endpoints/live/canary", """{"challenger": "1.1.0", "cause": "by hand", "plan": {"steps": [10, 50]}}""", HttpStatusCode.Created);
        Assert.Equal("running", (string?)canary["state"]);
        var rolledBack = await JsonAsync(HttpMethod.Post, "/api/v1/endpoints/live/rollback", """{"reason": "enough"}""");
        Assert.Equal("""[{"version":"1.0.0","weight":100,"role":"champion"}]""", rolledBack["variants"]!.ToJsonString());
        Assert.Equal("rolled_back", (string?)(await JsonAsync(HttpMethod.Get, "/api/v1/endpoints/live/canary", null))["state"]);

        var split = await JsonAsync(
            HttpMethod.Put, "/api/v1/endpoints/live/traffic",
            """{"variants": [{"version": "1.0.0", "weight": 50, "role": "champion"}, {"version": "1.1.0", "weight": 50, "role": "challenger"}], "reason": "A/B"}""");
        Assert.Equal(4, (int)split["revision"]!);
        Assert.Equal(4, (await JsonAsync(HttpMethod.Get, "/api/v1/endpoints/live/history", null)).AsArray().Count);
        Assert.Equal("live", (string?)(await JsonAsync(HttpMethod.Get, "/api/v1/endpoints", null))["items"]![0]!["name"]);
    }

    [Fact]
    public async Task Columns_of_inputs_and_a_missing_content_type_are_taken()
    {
        await Kit.DeployAsync(await Kit.RegisterAsync(TestModels.Echo));
        var (status, body) = await SendAsync(HttpMethod.Post, "/api/v1/endpoints/live/predict", """{"inputs": {"x": [0.25, 1]}}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal([0.25f, 1f], JsonNode.Parse(body)!["predictions"]!.AsArray().Select(p => (float)p!["probability"]!));
    }
}

public sealed class OpenInferenceTests : OverHttp
{
    private const string Row = """{"id":"r1","inputs":[{"name":"features","shape":[2,2],"datatype":"FP32","data":[[1,0],[0,1]]}]}""";

    protected override void Add(IServiceCollection services)
    {
        File.WriteAllBytes(Folder.Combine("local.onnx"), TestModels.Logistic([1, -1], 0));
        services.AddSingleton(new LocalModel("local", Folder.Combine("local.onnx")));
    }

    /// <summary>The exchange in tests/…/Golden/NAME.txt: request line, request body, status, response body.</summary>
    public static TheoryData<string> Exchanges =>
        [.. Directory.EnumerateFiles(Golden, "*.txt").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    private static string Golden => Path.Combine(AppContext.BaseDirectory, "Serving", "Golden");

    [Theory]
    [MemberData(nameof(Exchanges))]
    public async Task Exchanges_are_as_recorded(string name)
    {
        await Kit.DeployAsync(await Kit.RegisterAsync(
            TestModels.Logistic([1, -1], 0), "flights", [new("a", DataType.Float32), new("b", DataType.Float32)]), "flights");
        var parts = (await File.ReadAllTextAsync(Path.Combine(Golden, $"{name}.txt"), Cancel)).Split("\n\n");
        var line = parts[0].Split(' ');
        var body = parts.Length == 3 ? parts[1] : null;

        var (status, answer) = await SendAsync(new HttpMethod(line[0]), line[1], body);

        Assert.Equal(parts[^1].TrimEnd(), $"{(int)status} {answer}");
    }

    [Fact]
    public async Task A_row_has_the_same_probability_through_both_protocols_and_is_logged()
    {
        await Kit.DeployAsync(await Kit.RegisterAsync(
            TestModels.Logistic([0.3f, -1.7f], 0.1f), "flights", [new("a", DataType.Float32), new("b", DataType.Float32)]), "flights");

        var tensors = JsonNode.Parse((await SendAsync(HttpMethod.Post, "/v2/models/flights/infer", Row)).Body)!;
        var rows = JsonNode.Parse((await SendAsync(
            HttpMethod.Post, "/api/v1/endpoints/flights/predict", """{"instances":[{"a":1,"b":0},{"b":1,"a":0}]}""")).Body)!;

        Assert.Equal(
            rows["predictions"]!.AsArray().Select(p => (float)p!["probability"]!),
            tensors["outputs"]![1]!["data"]!.AsArray().Select(v => (float)v!));
        await Kit.Get<PredictionLog>().FlushAsync(Cancel);
        Assert.Equal(4, (await Kit.Reader.CountsAsync("flights", Cancel)).Predictions);
    }
}
