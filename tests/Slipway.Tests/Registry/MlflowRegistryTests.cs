using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Features;
using Slipway.Platform.Access;
using Slipway.Tests.Hosting;
using Slipway.Tests.Serving;

namespace Slipway.Tests.Registry;

/// <summary>MLflow's calls of the registry over a real socket; answers as recordings of MLflow's own server have them.</summary>
public sealed partial class MlflowRegistryTests : IAsyncLifetime
{
    private const string Models = "/api/2.0/mlflow/registered-models";
    private const string Versions = "/api/2.0/mlflow/model-versions";

    private RunningHost host = null!;
    private Actor? signedIn;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => host = await RunningHost.StartAsync(map: app => app.Use((context, next) =>
    {
        context.Features.Set(signedIn);
        return next(context);
    }));

    public ValueTask DisposeAsync() => host.DisposeAsync();

    /// <returns>The body as it was sent, times replaced by 0.</returns>
    private async Task<string> SendAsync(HttpMethod method, string address, string? json, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var request = new HttpRequestMessage(method, address);
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        }

        using var response = await host.Http.SendAsync(request, Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(expected == response.StatusCode, $"{method} {address}: {(int)response.StatusCode} {text}");
        return Timestamps().Replace(text, "$1 0");
    }

    private Task<string> PostAsync(string address, string json, HttpStatusCode expected = HttpStatusCode.OK) =>
        SendAsync(HttpMethod.Post, address, json, expected);

    private Task<string> GetAsync(string address, HttpStatusCode expected = HttpStatusCode.OK) => SendAsync(HttpMethod.Get, address, null, expected);

    private async Task<(string? Code, string? Message)> FailsAsync(
        HttpMethod method, string address, string? json, HttpStatusCode expected = HttpStatusCode.BadRequest)
    {
        var error = JsonNode.Parse(await SendAsync(method, address, json, expected))!;
        return ((string?)error["error_code"], (string?)error["message"]);
    }

    private static string Version(int number, string stage = "None", string more = "", string indent = "  ") =>
        $$"""
        {
          "name": "smoke",
          "version": "{{number}}",
          "creation_timestamp": 0,
          "last_updated_timestamp": 0,
          "current_stage": "{{stage}}",
          "description": "",
          "source": "s3://bucket/{{number}}",
          "run_id": "",
          "status": "READY",
          "run_link": ""{{more}}
        }
        """.Replace("\n", "\n" + indent, StringComparison.Ordinal);

    private async Task CreateAsync(int versions)
    {
        await PostAsync($"{Models}/create", """{"name":"smoke"}""");
        for (var i = 1; i <= versions; i++)
        {
            await PostAsync($"{Versions}/create", $$"""{"name":"smoke","source":"s3://bucket/{{i}}"}""");
        }
    }

    [Fact]
    public async Task A_model_and_its_version_are_answered_as_recorded()
    {
        Assert.Equal(
            """
            {
              "registered_model": {
                "name": "smoke",
                "creation_timestamp": 0,
                "last_updated_timestamp": 0,
                "description": "desc",
                "tags": [
                  {
                    "key": "a",
                    "value": "b"
                  }
                ]
              }
            }
            """,
            await PostAsync($"{Models}/create", """{"name":"smoke","tags":[{"key":"a","value":"b"}],"description":"desc"}"""));
        Assert.Equal(
            $"{{\n  \"model_version\": {Version(1)}\n}}", await PostAsync($"{Versions}/create", """{"name":"smoke","source":"s3://bucket/1"}"""));
        Assert.Equal("{}", await PostAsync($"{Models}/alias", """{"name":"smoke","alias":"champion","version":"1"}"""));
        const string aliases = ",\n  \"aliases\": [\n    \"champion\"\n  ]";
        Assert.Equal($"{{\n  \"model_version\": {Version(1, more: aliases)}\n}}", await GetAsync($"{Models}/alias?name=smoke&alias=champion"));
        Assert.Equal(
            $"{{\n  \"model_version\": {Version(1, "Production", aliases)}\n}}",
            await PostAsync($"{Versions}/transition-stage", """{"name":"smoke","version":"1","stage":"production","archive_existing_versions":true}"""));
        await PostAsync($"{Versions}/create", """{"name":"smoke","source":"s3://bucket/2"}""");
        Assert.Equal(
            $$"""
            {
              "registered_model": {
                "name": "smoke",
                "creation_timestamp": 0,
                "last_updated_timestamp": 0,
                "description": "desc",
                "latest_versions": [
                  {{Version(1, "Production", indent: "      ")}},
                  {{Version(2, indent: "      ")}}
                ],
                "tags": [
                  {
                    "key": "a",
                    "value": "b"
                  }
                ],
                "aliases": [
                  {
                    "alias": "champion",
                    "version": "1"
                  }
                ]
              }
            }
            """,
            await GetAsync($"{Models}/get?name=smoke"));
        Assert.Equal(
            $"{{\n  \"model_versions\": [\n    {Version(2, indent: "    ")},\n    {Version(1, "Production", indent: "    ")}\n  ]\n}}",
            await GetAsync($"{Versions}/search?filter=name%3D%27smoke%27&max_results=10000&order_by=version_number%20DESC"));
    }

    [Fact]
    public async Task Every_call_answers_under_every_root()
    {
        await CreateAsync(1);
        foreach (var root in new[] { "/api/2.0", "/api/3.0", "/ajax-api/2.0", "/ajax-api/3.0" })
        {
            Assert.Contains("\"smoke\"", await GetAsync($"{root}/mlflow/registered-models/search"), StringComparison.Ordinal);
            Assert.Contains("\"smoke\"", await GetAsync($"{root}/mlflow/model-versions/get?name=smoke&version=1"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_unchanged_script_moves_versions_back_and_forth()
    {
        await CreateAsync(2);
        foreach (var stage in new[] { "Staging", "None", "PRODUCTION", "Archived", "Staging", "Archived", "Production", "None" })
        {
            var moved = await PostAsync($"{Versions}/transition-stage", $$"""{"name":"smoke","version":"1","stage":"{{stage}}","archive_existing_versions":false}""");
            Assert.Contains($"\"current_stage\": \"{stage[..1]}{stage[1..].ToLowerInvariant()}\"", moved, StringComparison.Ordinal);
        }

        await PostAsync($"{Versions}/transition-stage", """{"name":"smoke","version":1,"stage":"Production"}""");
        await PostAsync($"{Versions}/transition-stage", """{"name":"smoke","version":2,"stage":"Production"}""");
        var latest = JsonNode.Parse(await PostAsync($"{Models}/get-latest-versions", """{"name":"smoke","stages":["production","Archived"]}"""))!;
        Assert.Equal(
            [("1", "Archived"), ("2", "Production")],
            latest["model_versions"]!.AsArray().Select(v => ((string)v!["version"]!, (string)v["current_stage"]!)));
        Assert.Equal("{}", await GetAsync($"{Models}/get-latest-versions?name=smoke&stages=Staging"));
    }

    [Fact]
    public async Task A_policy_stops_a_promotion_until_it_is_approved()
    {
        await CreateAsync(1);
        await SendAsync(HttpMethod.Patch, "/api/v1/models/smoke", """{"governed":true}""");
        const string promote = """{"name":"smoke","version":"1","stage":"Production","archive_existing_versions":true}""";
        var refused = await FailsAsync(HttpMethod.Post, $"{Versions}/transition-stage", promote);
        Assert.Equal(("INVALID_PARAMETER_VALUE", "promote:production of model/smoke/1.0.0 needs an approval; none was asked for."), refused);
        var approval = JsonNode.Parse(await PostAsync("/api/v1/models/smoke/versions/1/approval", """{"reason":"ok"}""", HttpStatusCode.Created))!;
        signedIn = new Actor("ann", Role.Approver);
        await PostAsync($"/api/v1/approvals/{approval["id"]}/decision", """{"decision":"approve"}""");
        Assert.Contains("\"Production\"", await PostAsync($"{Versions}/transition-stage", promote), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tags_descriptions_and_names_change()
    {
        await CreateAsync(1);
        Assert.Equal("{}", await PostAsync($"{Models}/set-tag", """{"name":"smoke","key":"mlflow.prompt.is_prompt","value":"true"}"""));
        Assert.Equal("{}", await GetAsync($"{Models}/search?filter=tag.%60mlflow.prompt.is_prompt%60%20!%3D%20'true'"));
        Assert.Equal("{}", await SendAsync(HttpMethod.Delete, $"{Models}/delete-tag", """{"name":"smoke","key":"mlflow.prompt.is_prompt"}"""));
        Assert.Equal("{}", await SendAsync(HttpMethod.Delete, $"{Models}/delete-tag", """{"name":"smoke","key":"none"}"""));
        Assert.Equal("{}", await PostAsync($"{Versions}/set-tag", """{"name":"smoke","version":"1","key":"k","value":"v"}"""));
        Assert.Contains("\"key\": \"k\"", await GetAsync($"{Versions}/get?name=smoke&version=1"), StringComparison.Ordinal);
        Assert.Equal("{}", await SendAsync(HttpMethod.Delete, $"{Versions}/delete-tag", """{"name":"smoke","version":"1","key":"k"}"""));
        Assert.Contains("\"description\": \"new\"", await SendAsync(HttpMethod.Patch, $"{Versions}/update", """{"name":"smoke","version":"1","description":"new"}"""), StringComparison.Ordinal);
        Assert.Contains("\"description\": \"of it\"", await SendAsync(HttpMethod.Patch, $"{Models}/update", """{"name":"smoke","description":"of it"}"""), StringComparison.Ordinal);
        Assert.Contains("\"name\": \"fire\"", await PostAsync($"{Models}/rename", """{"name":"smoke","new_name":"fire"}"""), StringComparison.Ordinal);
        Assert.Equal("{}", await SendAsync(HttpMethod.Delete, $"{Versions}/delete", """{"name":"fire","version":"1"}"""));
        Assert.Equal("{}", await SendAsync(HttpMethod.Delete, $"{Models}/alias", """{"name":"fire","alias":"none"}"""));
        Assert.Equal("{}", await SendAsync(HttpMethod.Delete, $"{Models}/delete", """{"name":"fire"}"""));
        Assert.Equal("{}", await GetAsync($"{Models}/search"));
    }

    [Fact]
    public async Task Errors_have_the_codes_and_words_that_clients_match()
    {
        await CreateAsync(1);
        var (missing, invalid, taken) = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "RESOURCE_ALREADY_EXISTS");
        var (post, get, no) = (HttpMethod.Post, HttpMethod.Get, HttpStatusCode.NotFound);
        Assert.Equal((taken, "Registered Model (name=smoke) already exists."), await FailsAsync(post, $"{Models}/create", """{"name":"smoke"}"""));
        Assert.Equal((missing, "Registered Model with name=x not found"), await FailsAsync(get, $"{Models}/get?name=x", null, no));
        Assert.Equal((missing, "Registered Model with name=x not found"), await FailsAsync(post, $"{Versions}/create", """{"name":"x","source":"s3://b/1"}""", no));
        Assert.Equal((missing, "Model Version (name=smoke, version=9) not found"), await FailsAsync(get, $"{Versions}/get?name=smoke&version=9", null, no));
        Assert.Equal((missing, "Model Version (name=x, version=1) not found"), await FailsAsync(get, $"{Versions}/get?name=x&version=1", null, no));
        Assert.Equal((invalid, "Registered model alias none not found."), await FailsAsync(get, $"{Models}/alias?name=smoke&alias=none", null));
        Assert.Equal((invalid, "Model version must be an integer, got '1.0.0'"), await FailsAsync(get, $"{Versions}/get?name=smoke&version=1.0.0", null));
        Assert.Equal(
            (invalid, "Missing value for required parameter 'name'. See the API docs for more information about request parameters."),
            await FailsAsync(post, $"{Models}/create", "{}"));
        Assert.Equal(
            (invalid, "Invalid Model Version stage: Live. Value must be one of None, Staging, Production, Archived."),
            await FailsAsync(post, $"{Versions}/transition-stage", """{"name":"smoke","version":"1","stage":"Live"}"""));
        Assert.Equal(invalid, (await FailsAsync(post, $"{Versions}/transition-stage", """{"name":"smoke","version":"1","stage":"None","archive_existing_versions":true}""")).Code);
        foreach (var source in new[] { "file:///etc", "/etc/passwd", "../x", "runs:/a/../../etc", "FILE:/etc" })
        {
            var (code, message) = await FailsAsync(post, $"{Versions}/create", $$"""{"name":"smoke","source":"{{source}}"}""");
            Assert.Equal((invalid, true), (code, message!.StartsWith($"Invalid model version source: '{source}'.", StringComparison.Ordinal)));
        }

        foreach (var alias in new[] { "latest", "v1", "1", "a b" })
        {
            Assert.Equal(invalid, (await FailsAsync(post, $"{Models}/alias", $$"""{"name":"smoke","alias":"{{alias}}","version":"1"}""")).Code);
        }

        Assert.Equal(invalid, (await FailsAsync(get, $"{Models}/search?max_results=1001", null)).Code);
        Assert.Equal(invalid, (await FailsAsync(get, $"{Versions}/search?max_results=200001", null)).Code);
        Assert.Equal(invalid, (await FailsAsync(get, $"{Versions}/search?filter=nme%3D'x'", null)).Code);
        signedIn = new Actor("vera", Role.Viewer);
        Assert.Equal("PERMISSION_DENIED", (await FailsAsync(post, $"{Models}/create", """{"name":"y"}""", HttpStatusCode.Forbidden)).Code);
    }

    [Fact]
    public async Task Pages_go_on_where_they_stopped()
    {
        await CreateAsync(3);
        var first = JsonNode.Parse(await GetAsync($"{Versions}/search?max_results=2&order_by=version_number"))!;
        Assert.Equal(["1", "2"], first["model_versions"]!.AsArray().Select(v => (string)v!["version"]!));
        var token = Uri.EscapeDataString((string)first["next_page_token"]!);
        var second = JsonNode.Parse(await GetAsync($"{Versions}/search?max_results=2&order_by=version_number&page_token={token}"))!;
        Assert.Equal(["3"], second["model_versions"]!.AsArray().Select(v => (string)v!["version"]!));
        Assert.Null(second["next_page_token"]);
    }

    [Fact]
    public async Task A_project_is_named_by_a_tag()
    {
        signedIn = new Actor("sue", Role.None, new Dictionary<string, Role> { ["project/shop"] = Role.Contributor });
        await PostAsync($"{Models}/create", """{"name":"price","tags":[{"key":"slipway.project","value":"shop"}]}""");
        Assert.Contains("\"price\"", await GetAsync($"{Models}/search"), StringComparison.Ordinal);
        Assert.Equal("PERMISSION_DENIED", (await FailsAsync(HttpMethod.Post, $"{Models}/create", """{"name":"x"}""", HttpStatusCode.Forbidden)).Code);
    }

    [Fact]
    public async Task An_onnx_file_is_imported_verified_and_downloaded()
    {
        await CreateAsync(0);
        using var body = new ByteArrayContent(TestModels.Echo);
        body.Headers.ContentType = new("application/octet-stream");
        using var imported = await host.Http.PostAsync(new Uri("/api/v1/models/smoke/versions/import?description=echo", UriKind.Relative), body, Cancel);
        Assert.Equal(HttpStatusCode.Created, imported.StatusCode);
        Assert.Equal(TestModels.Echo, await host.Http.GetByteArrayAsync(new Uri("/api/v1/models/smoke/versions/1/file", UriKind.Relative), Cancel));
        Assert.True((bool)JsonNode.Parse(await GetAsync("/api/v1/models/smoke/versions/1/package/verify"))!["intact"]!);
        Assert.Contains("BEGIN PUBLIC KEY", await GetAsync("/api/v1/packages/public-key"), StringComparison.Ordinal);
        Assert.Equal(
            ("RESOURCE_DOES_NOT_EXIST", "model/smoke/1.0.0 was made from bytes and has no source; download its file instead."),
            await FailsAsync(HttpMethod.Get, $"{Versions}/get-download-uri?name=smoke&version=1", null, HttpStatusCode.NotFound));
    }

    [GeneratedRegex("(\"[a-z_]*timestamp\":) [0-9]+")]
    private static partial Regex Timestamps();
}
