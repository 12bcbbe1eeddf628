using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests.Security;

/// <summary>
/// The classes of attacks published against the artifacts of tracking servers, each on every input that takes a path, sent raw
/// to a real server. Every one is refused, shows nothing and changes nothing outside the run's folder, or in it.
/// </summary>
public sealed class ArtifactAttackTests : IAsyncLifetime
{
    private const string Secret = "the canary is alive";
    private const string Proxy = "/api/2.0/mlflow-artifacts";

    /// <summary>As they stand in a request line or, as they are, in a JSON body.</summary>
    private static readonly string[] Payloads =
    [
        // up, plain and encoded once, twice and three times
        "../canary", "../../canary", "../../../../../../../../etc/passwd", "a/../../canary", "a/b/../../../canary", "..", "../",
        "%2e%2e/canary", "..%2fcanary", "%2e%2e%2fcanary", "%2E%2E%2Fcanary", "%2e%2e%2f%2e%2e%2f%2e%2e%2fcanary", "a%2f..%2f..%2fcanary",
        "%252e%252e%252fcanary", "%252e%252e/canary", "..%252fcanary", "%25252e%25252e%25252fcanary", ".%2e/canary", "%2e./canary", "%2e",

        // absolute, other systems' separators, drives and shares
        "/etc/passwd", "//etc/passwd", "%2fetc%2fpasswd", "%252fetc%252fpasswd", @"..\canary", @"..\..\canary", "..%5ccanary", "..%255ccanary", @"a\..\..\canary",
        "C:/canary", @"C:\canary", "C:%5ccanary", "c%3a/canary", "c%253a/canary", "//host/share/canary", @"\\host\share", "%5c%5chost%5cshare",

        // schemes
        "file:///etc/passwd", "FILE:///etc/passwd", "file://localhost/etc/passwd", "a/file:///etc/passwd",

        // parameters, fragments and queries that hide it
        "..;/canary", "..;v=1/..;/canary", "..%3b/canary", "a/..%3bx/canary", "..%23/canary", "..%3f/canary", "a%23/../../canary", "a%3f/../../canary", "..%20/canary",

        // control characters and overlong forms
        "a%00b", "..%00/canary", ".%00./canary", "canary%00.txt", "a%0d%0ab", "a%0ab", "%7f", "%c0%ae%c0%ae/canary", "%c0%ae%c0%ae%c0%afcanary", "....//canary", "..././/canary",

        // links inside the folder that point outside
        "link/canary", "linked-file", "link/new",

        // the store's own folder
        ".incoming/x", "a/.incoming/x",
    ];

    /// <summary>Dots that are all of a segment are resolved before a route is looked for: such an address names another resource.</summary>
    private static readonly string[] InAddress = [.. Payloads.Where(payload => payload is not (".." or "../" or "%2e"))];

    private SlipwayServer server = null!;
    private string run = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string RunFolder => Path.Combine(server.DataDirectory, "blobs", "artifacts", run);

    public async ValueTask InitializeAsync()
    {
        server = await SlipwayServer.StartAsync();
        run = (await PostAsync("/api/v1/runs", new { experimentId = 0 }))["id"]!.GetValue<string>();
        using var put = await server.Http.PutAsync(new Uri($"/api/v1/runs/{run}/artifacts/kept", UriKind.Relative), new StringContent("kept"), Cancel);
        put.EnsureSuccessStatusCode();

        // Wherever a path that leaves the run may lead to, something waits to be read or overwritten.
        string[] folders =
        [
            server.Folder.FullPath, server.DataDirectory, Path.Combine(server.DataDirectory, "blobs"), Path.Combine(server.DataDirectory, "blobs", "artifacts"),
        ];
        foreach (var folder in folders)
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "canary"), Secret, Cancel);
        }

        Directory.CreateSymbolicLink(Path.Combine(RunFolder, "link"), server.Folder.FullPath);
        File.CreateSymbolicLink(Path.Combine(RunFolder, "linked-file"), Path.Combine(server.Folder.FullPath, "canary"));
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_path_in_the_address_leads_nowhere_else()
    {
        await AttackAsync(
            InAddress,
            [
                ("GET", $"{Proxy}/artifacts/0/{run}/artifacts/"), ("HEAD", $"{Proxy}/artifacts/0/{run}/artifacts/"), ("PUT", $"{Proxy}/artifacts/0/{run}/artifacts/"),
                ("DELETE", $"{Proxy}/artifacts/0/{run}/artifacts/"), ("PUT", $"{Proxy}/artifacts/0/{run}/"), ("PUT", $"{Proxy}/artifacts/0/"),
                ("GET", $"{Proxy}/artifacts/"), ("PUT", $"{Proxy}/artifacts/"), ("DELETE", $"{Proxy}/artifacts/"), ("PUT", $"{Proxy}/artifacts/0/models/"),
                ("PUT", $"/ajax-api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/"), ("PUT", $"/api/3.0/mlflow-artifacts/artifacts/0/{run}/artifacts/"),
                ("GET", $"{Proxy}/presigned/0/{run}/artifacts/"), ("GET", $"{Proxy}/links/0/{run}/artifacts/"), ("PUT", $"{Proxy}/links/0/{run}/artifacts/"),
                ("PUT", $"{Proxy}/mpu/parts/"), ("GET", $"/api/v1/runs/{run}/artifacts/"), ("PUT", $"/api/v1/runs/{run}/artifacts/"),
                ("DELETE", $"/api/v1/runs/{run}/artifacts/"), ("PUT", $"/api/v1/runs/{run}/uploads/"), ("DELETE", $"/api/v1/runs/{run}/uploads/"),
            ]);
    }

    [Fact]
    public async Task A_path_in_the_query_leads_nowhere_else()
    {
        await AttackAsync(
            Payloads,
            [
                ("GET", $"{Proxy}/artifacts?path=0/{run}/artifacts/"), ("GET", $"{Proxy}/artifacts?path="), ("GET", $"/api/2.0/mlflow/artifacts/list?run_id={run}&path="),
                ("GET", "/api/2.0/mlflow/artifacts/list?run_id="), ("GET", $"/get-artifact?run_id={run}&path="), ("GET", "/get-artifact?path=kept&run_id="),
                ("GET", $"/ajax-api/2.0/mlflow/get-artifact?run_uuid={run}&path="), ("POST", $"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path="),
                ("POST", "/ajax-api/2.0/mlflow/upload-artifact?path=canary&run_uuid="), ("GET", $"/api/v1/runs/{run}/artifacts?folder="),
                ("GET", $"/api/v1/runs/{run}/artifacts?recursive=true&folder="), ("GET", "/model-versions/get-artifact?name=none&version=1&path="),
                ("GET", "/model-versions/get-artifact?path=canary&version=1&name="), ("GET", "/model-versions/get-artifact?path=canary&name=none&version="),
            ]);
    }

    [Fact]
    public async Task A_path_in_a_body_leads_nowhere_else()
    {
        var before = Snapshot();
        foreach (var payload in Payloads)
        {
            var path = Uri.UnescapeDataString(payload);
            foreach (var given in new[] { payload, path })
            {
                await RefusedAsync("POST", $"/api/v1/runs/{run}/uploads", new JsonObject { ["path"] = given });
                await RefusedAsync("POST", "/api/2.0/mlflow/artifacts/presigned-upload-url", new JsonObject { ["run_id"] = run, ["path"] = given });
                await RefusedAsync("POST", "/api/2.0/mlflow/artifacts/presigned-upload-url", new JsonObject { ["run_id"] = given, ["path"] = "canary" });
                await RefusedAsync(
                    "POST", $"{Proxy}/mpu/complete/0/{run}/artifacts",
                    new JsonObject { ["path"] = "x", ["upload_id"] = given, ["parts"] = new JsonArray(new JsonObject { ["part_number"] = 1, ["etag"] = given }) });
                await RefusedAsync("POST", $"{Proxy}/mpu/abort/0/{run}/artifacts", new JsonObject { ["path"] = "x", ["upload_id"] = given });
            }

        }

        foreach (var payload in InAddress)
        {
            await RefusedAsync("POST", $"{Proxy}/mpu/create/0/{run}/artifacts/{payload}", new JsonObject { ["path"] = "x", ["num_parts"] = 1 });
        }

        Assert.Equal(before, Snapshot());
    }

    [Fact]
    public async Task The_local_path_that_a_client_sends_with_an_upload_in_parts_gives_its_name_only()
    {
        foreach (var local in new[] { "../../../canary", "/etc/canary", @"..\..\canary", @"C:\Users\ada\canary" })
        {
            var before = Snapshot();
            var created = await PostAsync($"{Proxy}/mpu/create/0/{run}/artifacts/sub", new { path = local, num_parts = 1 });
            using var put = await server.Http.PutAsync(new Uri(created["credentials"]![0]!["url"]!.GetValue<string>()), new StringContent("part"), Cancel);
            await PostAsync(
                $"{Proxy}/mpu/complete/0/{run}/artifacts/sub",
                new { path = local, upload_id = created["upload_id"]!.GetValue<string>(), parts = new[] { new { part_number = 1, etag = put.Headers.ETag!.Tag } } });
            Assert.Equal("part", await File.ReadAllTextAsync(Path.Combine(RunFolder, "sub", "canary"), Cancel));
            Directory.Delete(Path.Combine(RunFolder, "sub"), recursive: true);
            Assert.Equal(before, Snapshot());
        }

        await RefusedAsync("POST", $"{Proxy}/mpu/create/0/{run}/artifacts/sub", new JsonObject { ["path"] = "../..", ["num_parts"] = 1 });
    }

    /// <summary>A version's source and an experiment's location decide where files are read and written.</summary>
    [Fact]
    public async Task A_source_or_a_location_opens_no_other_folder()
    {
        string[] places =
        [
            "/etc", "file:///etc", "FILE:///etc", "fIlE:/etc", "file://localhost/etc", "file:etc", "../../../../etc", "./canary", @"\\host\share", @"C:\canary",
            "mlflow-artifacts:/../../../../etc", "mlflow-artifacts:/0/%2e%2e/%2e%2e/etc", $"mlflow-artifacts:/0/{run}/artifacts/../../../..",
            $"mlflow-artifacts:/0/{run}/artifacts/link", $"mlflow-artifacts:/0/{run}/artifacts#/../../../..", $"mlflow-artifacts:/0/{run}/artifacts?/../../../..",
            $"mlflow-artifacts:/0/{run}/artifacts;/../../../..", $"runs:/{run}/../../../..", $"runs:/{run}/link", "runs:/../../../../etc/passwd",
            "models:/../../../../etc/1", "s3://bucket/../../../../etc", "http:///#/../../../../etc/",
        ];
        var before = Snapshot();
        for (var i = 0; i < places.Length; i++)
        {
            var model = $"evil{i}";
            await PostAsync("/api/2.0/mlflow/registered-models/create", new { name = model });
            var version = new JsonObject { ["name"] = model, ["source"] = places[i], ["run_id"] = run };
            await RawHttp.SendAsync(server.Http.BaseAddress!, "POST", "/api/2.0/mlflow/model-versions/create", version.ToJsonString(), Cancel);
            foreach (var path in new[] { "canary", "passwd", "..%2fcanary", "link/canary" })
            {
                var answer = await RawHttp.SendAsync(
                    server.Http.BaseAddress!, "GET", $"/model-versions/get-artifact?name={model}&version=1&path={path}", null, Cancel);
                Assert.True(answer.Status is >= 400 and < 500, $"{places[i]} {path}: {answer.Text}");
                Assert.DoesNotContain(Secret, answer.Text, StringComparison.Ordinal);
            }

            await RefusedAsync(
                "POST", "/api/2.0/mlflow/experiments/create", new JsonObject { ["name"] = model, ["artifact_location"] = places[i] });
        }

        Assert.Equal(before, Snapshot());
    }

    private async Task AttackAsync(string[] payloads, (string Method, string Target)[] inputs)
    {
        var before = Snapshot();
        foreach (var (method, target) in inputs)
        {
            foreach (var payload in payloads)
            {
                var answer = await RawHttp.SendAsync(server.Http.BaseAddress!, method, target + payload, method is "GET" or "HEAD" ? null : "overwritten", Cancel);
                Assert.True(answer.Status is >= 400 and < 500, $"{method} {target}{payload}: {answer.Text}");
                Assert.DoesNotContain(Secret, answer.Text, StringComparison.Ordinal);
                Assert.DoesNotContain("root:", answer.Text, StringComparison.Ordinal);
            }
        }

        Assert.Equal(before, Snapshot());
    }

    private async Task RefusedAsync(string method, string target, JsonObject body)
    {
        var answer = await RawHttp.SendAsync(server.Http.BaseAddress!, method, target, body.ToJsonString(), Cancel);
        Assert.True(answer.Status is >= 400 and < 500, $"{method} {target} {body.ToJsonString()}: {answer.Text}");
    }

    /// <summary>Every file below the server's folder with its hash, but for the database, which logs who asked.</summary>
    private List<string> Snapshot() =>
    [
        .. Directory.EnumerateFiles(server.Folder.FullPath, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None })
            .Where(file => !Path.GetFileName(file).StartsWith("slipway.", StringComparison.Ordinal) && !file.Contains("/link/", StringComparison.Ordinal))
            .Select(file => $"{Path.GetRelativePath(server.Folder.FullPath, file)} {Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)))}")
            .Order(StringComparer.Ordinal),
    ];

    private async Task<JsonNode> PostAsync(string url, object body)
    {
        using var answer = await server.Http.PostAsJsonAsync(url, body, Cancel);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }
}
