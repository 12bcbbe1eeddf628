using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Registry;
using Slipway.Platform.Tracking;
using Slipway.Tests.Hosting;

namespace Slipway.Tests.Registry;

/// <summary>The native REST interface of Access, Tracking and Registry over a real socket, as the how-to pages use it.</summary>
public sealed class RestTests() : OnBothEngines(null), IAsyncDisposable
{
    private const string Outside = "what a stranger must not read";

    private RunningHost host = null!;
    private Actor? signedIn;

    private HttpClient Http => host.Http;

    protected override async Task PrepareAsync() => host = await RunningHost.StartAsync(
        add: services => services.AddSingleton(Db).AddSingleton(new BlobStore(Folder.Combine("blobs"))),
        map: app => app.Use((context, next) =>
        {
            context.Features.Set(signedIn); // as sign-in will do
            return next(context);
        }));

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await host.DisposeAsync();
        await DisposeAsync();
    }

    private async Task<JsonNode> SendAsync(HttpMethod method, string address, string? json, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(method, address);
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        }

        using var response = await Http.SendAsync(request, Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(expected == response.StatusCode, $"{method} {address}: {(int)response.StatusCode} {text}");
        return text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!;
    }

    private Task<JsonNode> GetAsync(string address) => SendAsync(HttpMethod.Get, address, null, HttpStatusCode.OK);

    private Task<JsonNode> PostAsync(string address, string json, HttpStatusCode expected = HttpStatusCode.OK) =>
        SendAsync(HttpMethod.Post, address, json, expected);

    private async Task<string> StartRunAsync()
    {
        var experiment = await PostAsync("/api/v1/experiments", """{"name":"flights"}""", HttpStatusCode.Created);
        var run = await PostAsync(
            "/api/v1/runs", $$"""{"experimentId":{{experiment["id"]}},"name":"lightgbm"}""", HttpStatusCode.Created);
        return (string)run["id"]!;
    }

    [Fact]
    public async Task A_run_is_tracked_over_http()
    {
        var id = await StartRunAsync();
        await PostAsync($"/api/v1/runs/{id}/params", """{"leaves":"31"}""", HttpStatusCode.NoContent);
        await PostAsync(
            $"/api/v1/runs/{id}/metrics",
            """[{"key":"train/auc","value":0.71,"timestampMs":1,"step":1},{"key":"train/auc","value":"NaN","timestampMs":2,"step":2}]""",
            HttpStatusCode.NoContent);
        await PostAsync($"/api/v1/runs/{id}/tags", """{"team":"ops"}""", HttpStatusCode.NoContent);
        await PostAsync(
            $"/api/v1/runs/{id}/inputs", """{"name":"flights","digest":"abc","source":"flights.parquet","rows":1000,"context":"training"}""", HttpStatusCode.NoContent);
        await PostAsync($"/api/v1/runs/{id}/batch", """{"params":{"seed":"7"},"metrics":[]}""", HttpStatusCode.NoContent);
        await PostAsync($"/api/v1/runs/{id}/finish", """{"status":"finished"}""");

        var run = await GetAsync($"/api/v1/runs/{id}");
        Assert.Equal("finished", (string?)run["run"]!["status"]);
        Assert.Equal("local", (string?)run["run"]!["actor"]);
        Assert.Equal("NaN", (string?)run["metrics"]!["train/auc"]!["value"]);
        Assert.Equal("""{"leaves":"31","seed":"7"}""", run["params"]!.ToJsonString());
        Assert.Equal(1000, (int)run["inputs"]![0]!["rows"]!);
        Assert.Equal(2, (await GetAsync($"/api/v1/runs/{id}/metrics/train/auc"))["items"]!.AsArray().Count);
        Assert.Equal(id, (string?)(await GetAsync("/api/v1/runs?experimentId=1"))["items"]![0]!["run"]!["id"]);
        Assert.Equal(1, (int)(await GetAsync("/api/v1/experiments/by-name/flights"))["id"]!);
    }

    [Theory]
    [InlineData("metrics", """[{"key":"auc","timestampMs":1}]""")]
    [InlineData("metrics", """[{"key":"auc","value":"high","timestampMs":1}]""")]
    [InlineData("metrics", "[{")]
    [InlineData("finish", "{}")]
    public async Task A_body_that_lacks_something_or_is_no_json_is_a_bad_request(string part, string json)
    {
        var id = await StartRunAsync();
        using var response = await Http.PostAsync(
            new Uri($"/api/v1/runs/{id}/{part}", UriKind.Relative), new StringContent(json, Encoding.UTF8, "application/json"), Cancel);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task An_artifact_goes_up_and_down_and_no_browser_runs_it()
    {
        var id = await StartRunAsync();
        var page = "<script>alert(1)</script>"u8.ToArray();
        using var up = await Http.PutAsync(new Uri($"/api/v1/runs/{id}/artifacts/report/page.html", UriKind.Relative), new ByteArrayContent(page), Cancel);
        Assert.Equal(HttpStatusCode.OK, up.StatusCode);

        using var down = await Http.GetAsync(new Uri($"/api/v1/runs/{id}/artifacts/report/page.html", UriKind.Relative), Cancel);
        Assert.Equal(page, await down.Content.ReadAsByteArrayAsync(Cancel));
        Assert.Equal("text/plain", down.Content.Headers.ContentType!.MediaType);
        Assert.Equal("attachment", down.Content.Headers.ContentDisposition!.DispositionType);
        Assert.Equal("page.html", down.Content.Headers.ContentDisposition.FileName);
        Assert.Equal(["nosniff"], down.Headers.GetValues("X-Content-Type-Options"));
        Assert.Equal(["sandbox; default-src 'none'"], down.Headers.GetValues("Content-Security-Policy"));
        Assert.Equal("report/page.html", (string?)(await GetAsync($"/api/v1/runs/{id}/artifacts?recursive=true"))["items"]![0]!["path"]);

        using var part = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/runs/{id}/artifacts/report/page.html");
        part.Headers.Range = new System.Net.Http.Headers.RangeHeaderValue(1, 6);
        using var ranged = await Http.SendAsync(part, Cancel);
        Assert.Equal("script", await ranged.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task An_upload_may_be_larger_than_the_usual_limit_of_a_request()
    {
        var id = await StartRunAsync();
        var bytes = new byte[31 << 20]; // Kestrel's default limit is 30,000,000
        using var up = await Http.PutAsync(new Uri($"/api/v1/runs/{id}/artifacts/model.onnx", UriKind.Relative), new ByteArrayContent(bytes), Cancel);
        var info = await up.Content.ReadFromJsonAsync<BlobInfo>(Json.Options, Cancel);
        Assert.Equal((bytes.LongLength, Convert.ToHexStringLower(SHA256.HashData(bytes))), (info!.Bytes, info.Sha256));
    }

    [Fact]
    public async Task A_model_is_registered_approved_promoted_and_traced_over_http()
    {
        var run = await StartRunAsync();
        await PostAsync($"/api/v1/runs/{run}/inputs", """{"name":"flights","digest":"abc","source":"flights.parquet"}""", HttpStatusCode.NoContent);
        using (await Http.PutAsync(new Uri($"/api/v1/runs/{run}/artifacts/model/model.onnx", UriKind.Relative), new ByteArrayContent("onnx"u8.ToArray()), Cancel))
        {
            await PostAsync("/api/v1/models", """{"name":"flight-delay","description":"Late arrivals.","owner":"ops"}""", HttpStatusCode.Created);
        }

        var version = await PostAsync(
            "/api/v1/models/flight-delay/versions",
            $$"""
            {"runId":"{{run}}","artifact":"model/model.onnx","requestKey":"first","metrics":{"auc":0.728},
             "signature":{"inputs":[{"name":"hour","type":"int64"}],"outputs":[{"name":"probability","type":"float32"}]},
             "featureService":"delay_v1","featureViews":{"airport_delay":"3"},"trainingWindow":{"fromUs":978307200000000,"toUs":986083200000000} }
            """,
            HttpStatusCode.Created);
        Assert.Equal(("1.0.0", "development"), ((string?)version["version"], (string?)version["stage"]));

        const string at = "/api/v1/models/flight-delay/versions/1.0.0";
        await PostAsync($"{at}/transitions", """{"stage":"staging"}""");
        var approval = await PostAsync(
            "/api/v1/approvals", """{"subject":"model/flight-delay/1.0.0","action":"promote:production","reason":"AUC 0.728"}""", HttpStatusCode.Created);
        Assert.Equal("local", (string?)approval["requestedBy"]);
        signedIn = new Actor("ann", Role.Approver);
        await PostAsync($"/api/v1/approvals/{approval["id"]}/decision", """{"decision":"approve","comment":"ok"}""");
        var promoted = await PostAsync($"{at}/transitions", """{"stage":"production"}""");
        Assert.Equal("""["champion"]""", promoted["aliases"]!.ToJsonString());
        Assert.Equal((string?)approval["id"], (string?)(await GetAsync($"{at}/transitions"))[1]!["approvalId"]);

        await SendAsync(HttpMethod.Put, "/api/v1/models/flight-delay/aliases/challenger", """{"version":"1.0.0"}""", HttpStatusCode.NoContent);
        await SendAsync(HttpMethod.Delete, "/api/v1/models/flight-delay/aliases/challenger", null, HttpStatusCode.NoContent);
        Assert.Equal("""{"champion":1}""", (await GetAsync("/api/v1/models/flight-delay"))["aliases"]!.ToJsonString());
        Assert.Equal("onnx", await Http.GetStringAsync(new Uri("/api/v1/models/flight-delay/versions/champion/file", UriKind.Relative), Cancel));
        Assert.StartsWith("# flight-delay 1.0.0", (string?)(await GetAsync($"{at}/card"))["markdown"], StringComparison.Ordinal);

        var lineage = await GetAsync("/api/v1/lineage?kind=model_version&id=flight-delay%2F1.0.0&direction=upstream");
        Assert.Equal(["dataset", "feature_service", "run", "model_version"], lineage["nodes"]!.AsArray().Select(n => (string)n!["kind"]!));
        Assert.True((bool)(await GetAsync("/api/v1/audit/verify"))["intact"]!);
        var audit = await GetAsync("/api/v1/audit?object=model%2Fflight-delay%2F1.0.0&limit=2");
        Assert.Equal(["model_version.transition", "approval.approve"], audit["items"]!.AsArray().Select(e => (string)e!["action"]!));
    }

    [Theory]
    [InlineData("%2e%2e/%2e%2e/secret")]
    [InlineData("..%2f..%2fsecret")]
    [InlineData("%252e%252e%252fsecret")]
    [InlineData("..%5c..%5csecret")]
    [InlineData("a/%2e%2e/%2e%2e/%2e%2e/%2e%2e/secret")]
    [InlineData("%2fetc/passwd")]
    [InlineData("C:/windows/win.ini")]
    [InlineData("secret%23.txt")]
    [InlineData("a%3b/../secret")]
    [InlineData("a%0ab")]
    public async Task No_address_reaches_a_file_outside_the_run(string path)
    {
        var id = await StartRunAsync();
        foreach (var name in new[] { "secret", "blobs/secret", "blobs/artifacts/secret" })
        {
            Folder.WriteText(name, Outside);
        }

        // As raw text on the socket: a client library would tidy the path first.
        foreach (var method in new[] { "GET", "PUT" })
        {
            var status = await RawAsync($"{method} /api/v1/runs/{id}/artifacts/{path} HTTP/1.1");
            Assert.True(status is >= 400 and < 500 || (method == "PUT" && status == 200), $"{method} {path}: {status}");
        }

        var written = Directory.EnumerateFiles(Folder.Combine("blobs"), "*", SearchOption.AllDirectories)
            .Where(file => !file.Contains(id, StringComparison.Ordinal));
        Assert.Equal([Outside, Outside], written.Select(File.ReadAllText));
        Assert.Equal(Outside, await File.ReadAllTextAsync(Folder.Combine("secret"), Cancel));
    }

    private async Task<int> RawAsync(string requestLine)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(Http.BaseAddress!.Host, Http.BaseAddress.Port, Cancel);
        await using var stream = client.GetStream();
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"{requestLine}\r\nHost: localhost\r\nContent-Length: 4\r\nConnection: close\r\n\r\nevil"), Cancel);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var answer = await reader.ReadToEndAsync(Cancel);
        Assert.DoesNotContain(Outside, answer, StringComparison.Ordinal);
        return int.Parse(answer.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task OpenApi_describes_each_address_and_takes_no_actor_from_the_caller()
    {
        var paths = (await GetAsync("/openapi/v1.json"))["paths"]!.AsObject();
        foreach (var path in new[] { "/api/v1/runs/{id}/artifacts/{path}", "/api/v1/models/{model}/versions/{version}/transitions", "/api/v1/audit/verify" })
        {
            Assert.Contains(path, paths);
        }

        var takeActor = paths.Where(path => path.Key.StartsWith("/api/v1/", StringComparison.Ordinal)).Where(path => path.Value!.AsObject().Any(
            operation => operation.Value!["parameters"]?.AsArray().Any(p => (string?)p!["name"] == "actor") == true));
        Assert.Equal(["/api/v1/audit"], takeActor.Select(path => path.Key)); // there it is a filter
    }

    [Fact]
    public async Task An_error_is_a_problem_document_that_names_the_thing()
    {
        var problem = await SendAsync(HttpMethod.Get, "/api/v1/runs/none", null, HttpStatusCode.NotFound);
        Assert.Equal("There is no run 'none'.", (string?)problem["detail"]);
        await PostAsync("/api/v1/models", """{"name":"a/b"}""", HttpStatusCode.BadRequest);
        await PostAsync("/api/v1/models", "{}", HttpStatusCode.BadRequest);
        await PostAsync("/api/v1/models", """{"name":"m"}""", HttpStatusCode.Created);
        await PostAsync("/api/v1/models/m/versions/1/transitions", """{"stage":"staging"}""", HttpStatusCode.NotFound);
        await new RegistryKit(Db, Folder.Combine("blobs"), Time).CreateAsync("m");
        await PostAsync("/api/v1/models/m/versions/1/transitions", """{"stage":"production"}""", HttpStatusCode.PreconditionFailed);
        await PostAsync("/api/v1/models/m/versions/1/transitions", "{}", HttpStatusCode.BadRequest);
        await SendAsync(HttpMethod.Get, "/api/v1/lineage?kind=planet&id=x", null, HttpStatusCode.BadRequest);
        signedIn = new Actor("vera", Role.Viewer);
        await PostAsync("/api/v1/experiments", """{"name":"x"}""", HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task A_card_is_written_over_http()
    {
        await PostAsync("/api/v1/models", """{"name":"m"}""", HttpStatusCode.Created);
        var kit = new RegistryKit(Db, Folder.Combine("blobs"), Time);
        await kit.CreateAsync("m");
        using var put = await Http.PutAsync(
            new Uri("/api/v1/models/m/versions/1/card", UriKind.Relative), new StringContent("# Ü", Encoding.UTF8, "text/markdown"), Cancel);
        Assert.Equal(HttpStatusCode.NoContent, put.StatusCode);
        var card = await GetAsync("/api/v1/models/m/versions/1/card");
        Assert.StartsWith("# Ü\n\n## Purpose\n", (string?)card["markdown"], StringComparison.Ordinal);
        Assert.Equal((true, true, false), ((bool)card["edited"]!, (bool)card["sections"]![0]!["edited"]!, (bool)card["sections"]![1]!["edited"]!));
    }
}
