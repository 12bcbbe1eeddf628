using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Slipway.Tests.Hosting;

/// <summary>Artifacts over HTTP: the native interface and the calls of the MLflow protocol on the same files.</summary>
public sealed class ArtifactHttpTests : IAsyncLifetime
{
    private const string Proxy = "/api/2.0/mlflow-artifacts";

    private RunningHost host = null!;
    private string run = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private HttpClient Http => host.Http;

    /// <summary>The run's artifacts as the protocol addresses them; experiment 0 is there from the start.</summary>
    private string Root => $"0/{run}/artifacts";

    public async ValueTask InitializeAsync()
    {
        host = await RunningHost.StartAsync();
        using var answer = await Http.PostAsJsonAsync("/api/v1/runs", new { experimentId = 0 }, Cancel);
        run = (await ReadAsync(answer))["id"]!.GetValue<string>();
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_file_that_an_MLflow_client_puts_is_listed_and_read_as_the_recording_shows()
    {
        using var put = await Http.PutAsync(At($"{Proxy}/artifacts/{Root}/sub/a.txt"), new StringContent("12345"), Cancel);
        Assert.Equal((HttpStatusCode.OK, "{}"), (put.StatusCode, await put.Content.ReadAsStringAsync(Cancel)));

        Assert.Equal(
            "{\n  \"files\": [\n    {\n      \"path\": \"a.txt\",\n      \"is_dir\": false,\n      \"file_size\": 5\n    }\n  ]\n}",
            await Http.GetStringAsync($"{Proxy}/artifacts?path={Uri.EscapeDataString($"{Root}/sub")}", Cancel));
        Assert.Equal("{}", await Http.GetStringAsync($"{Proxy}/artifacts?path={Uri.EscapeDataString($"{Root}/sub/a.txt")}", Cancel));
        using var got = await Http.GetAsync(At($"{Proxy}/artifacts/{Root}/sub/a.txt"), Cancel);
        Assert.Equal("12345", await got.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("text/plain", got.Content.Headers.ContentType!.MediaType);
        Assert.Equal("attachment; filename=a.txt; filename*=UTF-8''a.txt", got.Content.Headers.ContentDisposition!.ToString());
        Assert.Equal("nosniff", Assert.Single(got.Headers.GetValues("X-Content-Type-Options")));
    }

    [Fact]
    public async Task The_list_of_a_run_has_its_root_and_paths_from_there()
    {
        await PutAsync("sub/a.txt", "12345");
        await PutAsync("b.txt", "1");
        var list = await GetAsync($"/api/2.0/mlflow/artifacts/list?run_id={run}&run_uuid={run}");
        Assert.Equal($"mlflow-artifacts:/{Root}", list["root_uri"]!.GetValue<string>());
        Assert.Equal(
            """[{"path":"b.txt","is_dir":false,"file_size":1},{"path":"sub","is_dir":true}]""", list["files"]!.ToJsonString());
        var sub = await GetAsync($"/ajax-api/2.0/mlflow/artifacts/list?run_uuid={run}&path=sub");
        Assert.Equal("sub/a.txt", sub["files"]![0]!["path"]!.GetValue<string>());
        Assert.Null((await GetAsync($"/api/2.0/mlflow/artifacts/list?run_id={run}&path=none"))["files"]);
    }

    [Fact]
    public async Task A_file_is_deleted_through_the_proxy_and_then_missing_in_the_shape_of_the_protocol()
    {
        await PutAsync("a.txt", "x");
        using var deleted = await Http.DeleteAsync(At($"{Proxy}/artifacts/{Root}/a.txt"), Cancel);
        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        using var missing = await Http.GetAsync(At($"{Proxy}/artifacts/{Root}/a.txt"), Cancel);
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Equal("RESOURCE_DOES_NOT_EXIST", (await ReadAsync(missing))["error_code"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_range_a_validator_and_a_head_save_the_rest()
    {
        await PutAsync("data.bin", "0123456789");
        var url = At($"/api/v1/runs/{run}/artifacts/data.bin");

        using var head = await Http.SendAsync(new HttpRequestMessage(HttpMethod.Head, url), Cancel);
        Assert.Equal((HttpStatusCode.OK, 10L), (head.StatusCode, head.Content.Headers.ContentLength));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(Cancel));

        using var part = await SendAsync(url, request => request.Headers.Range = new RangeHeaderValue(2, 4));
        Assert.Equal((HttpStatusCode.PartialContent, "234"), (part.StatusCode, await part.Content.ReadAsStringAsync(Cancel)));
        Assert.Equal("bytes 2-4/10", part.Content.Headers.ContentRange!.ToString());

        using var beyond = await SendAsync(url, request => request.Headers.Range = new RangeHeaderValue(10, 20));
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, beyond.StatusCode);

        using var known = await SendAsync(url, request => request.Headers.IfNoneMatch.Add(head.Headers.ETag!));
        Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);
        await PutAsync("data.bin", "changed");
        using var changed = await SendAsync(url, request => request.Headers.IfNoneMatch.Add(head.Headers.ETag!));
        Assert.Equal("changed", await changed.Content.ReadAsStringAsync(Cancel));
    }

    [Theory]
    [InlineData("page.html", "text/plain")]
    [InlineData("plot.svg", "text/plain")]
    [InlineData("feed.xml", "text/plain")]
    [InlineData("page.XHTML", "text/plain")]
    [InlineData("code.js", "text/plain")]
    [InlineData("page.shtml", "application/octet-stream")]
    [InlineData("MLmodel", "text/plain")]
    [InlineData("conda.yaml", "text/plain")]
    [InlineData("plot.png", "image/png")]
    [InlineData("model.pkl", "application/octet-stream")]
    [InlineData("noextension", "application/octet-stream")]
    public async Task Nothing_that_is_stored_runs_in_a_browser(string name, string mediaType)
    {
        await PutAsync(name, "<script>alert(1)</script>");
        foreach (var url in new[] { $"/api/v1/runs/{run}/artifacts/{name}", $"{Proxy}/artifacts/{Root}/{name}", $"/get-artifact?run_id={run}&path={name}" })
        {
            using var got = await Http.GetAsync(At(url), Cancel);
            Assert.Equal((HttpStatusCode.OK, mediaType), (got.StatusCode, got.Content.Headers.ContentType!.MediaType));
            Assert.Equal("attachment", got.Content.Headers.ContentDisposition!.DispositionType);
            Assert.Equal("nosniff", Assert.Single(got.Headers.GetValues("X-Content-Type-Options")));
            Assert.StartsWith("sandbox", Assert.Single(got.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_MLflow_client_uploads_in_parts_to_addresses_that_need_no_credentials()
    {
        var created = await PostAsync($"{Proxy}/mpu/create/{Root}/sub", new { path = "/home/ada/model.bin", num_parts = 2 });
        var upload = created["upload_id"]!.GetValue<string>();
        var parts = new List<object>();
        foreach (var credential in created["credentials"]!.AsArray())
        {
            var (url, number) = (credential!["url"]!.GetValue<string>(), credential["part_number"]!.GetValue<int>());
            Assert.StartsWith(Http.BaseAddress!.ToString(), url, StringComparison.Ordinal);
            using var put = await Http.PutAsync(new Uri(url), new StringContent($"part {number};"), Cancel);
            Assert.Equal(HttpStatusCode.OK, put.StatusCode);
            parts.Add(new { part_number = number, etag = put.Headers.ETag!.Tag, url });

            using var tampered = await Http.PutAsync(new Uri(url.Replace($"/{number}?", $"/{number + 1}?", StringComparison.Ordinal)), new StringContent("x"), Cancel);
            Assert.Equal(HttpStatusCode.Forbidden, tampered.StatusCode);
        }

        await PostAsync($"{Proxy}/mpu/complete/{Root}/sub", new { path = "model.bin", upload_id = upload, parts });
        Assert.Equal("part 1;part 2;", await Http.GetStringAsync($"{Proxy}/artifacts/{Root}/sub/model.bin", Cancel));
        using var again = await Http.PostAsJsonAsync($"{Proxy}/mpu/abort/{Root}/sub", new { path = "model.bin", upload_id = upload }, Cancel);
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
    }

    [Fact]
    public async Task Links_read_and_write_one_artifact()
    {
        var link = await PostAsync("/api/2.0/mlflow/artifacts/presigned-upload-url", new { run_id = run, path = "dir/ä b%.txt", expiration = 60 });
        var url = link["presigned_url"]!.GetValue<string>();
        using var put = await Http.PutAsync(new Uri(url), new StringContent("linked"), Cancel);
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        using var get = await Http.GetAsync(new Uri(url), Cancel);
        Assert.Equal(HttpStatusCode.Forbidden, get.StatusCode);

        var download = await GetAsync($"{Proxy}/presigned/{Root}/dir/{Uri.EscapeDataString("ä b%.txt")}");
        Assert.Equal(6, download["file_size"]!.GetValue<long>());
        Assert.Equal("linked", await Http.GetStringAsync(new Uri(download["url"]!.GetValue<string>()), Cancel));
    }

    [Fact]
    public async Task The_upload_form_takes_ten_megabytes()
    {
        var url = At($"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=form.bin");
        using var fits = await Http.PostAsync(url, new ByteArrayContent(new byte[10 << 20]), Cancel);
        Assert.Equal(HttpStatusCode.OK, fits.StatusCode);
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(new byte[(10 << 20) + 1]) };
        request.Headers.ExpectContinue = true;
        using var large = await Http.SendAsync(request, Cancel);
        Assert.Equal("INVALID_PARAMETER_VALUE", (await ReadAsync(large))["error_code"]!.GetValue<string>());
        Assert.Equal(10 << 20, (await GetAsync($"/api/v1/runs/{run}/artifacts"))["items"]![0]!["bytes"]!.GetValue<long>());
    }

    [Fact]
    public async Task Logged_models_have_artifacts_of_their_own()
    {
        using var created = await Http.PostAsJsonAsync("/api/v1/logged-models", new { experimentId = 0, name = "m" }, Cancel);
        Assert.SkipWhen(created.StatusCode == HttpStatusCode.NotFound, "The server has no interface for logged models yet.");
        var id = (await ReadAsync(created))["id"]!.GetValue<string>();
        using var put = await Http.PutAsync(At($"{Proxy}/artifacts/0/models/{id}/artifacts/sub/MLmodel"), new StringContent("flavors:"), Cancel);
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);

        var list = await GetAsync($"/api/2.0/mlflow/logged-models/{id}/artifacts/directories?artifact_directory_path=sub");
        Assert.Equal($"mlflow-artifacts:/0/models/{id}/artifacts", list["root_uri"]!.GetValue<string>());
        Assert.Equal("sub/MLmodel", list["files"]![0]!["path"]!.GetValue<string>());
        Assert.Equal("flavors:", await Http.GetStringAsync($"/api/v1/logged-models/{id}/artifacts/sub/MLmodel", Cancel));
        using var wrongExperiment = await Http.GetAsync(At($"{Proxy}/artifacts/1/models/{id}/artifacts/sub/MLmodel"), Cancel);
        Assert.Equal(HttpStatusCode.NotFound, wrongExperiment.StatusCode);
    }

    [Fact]
    public async Task The_native_interface_lists_uploads_in_parts_and_deletes_folders()
    {
        var begun = await PostAsync($"/api/v1/runs/{run}/uploads", new { path = "deep/er/big.bin" });
        var upload = begun["id"]!.GetValue<string>();
        using var put = await Http.PutAsync(At($"/api/v1/runs/{run}/uploads/{upload}/parts/1"), new StringContent("abc"), Cancel);
        var part = await ReadAsync(put);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData("abc"u8)), part["sha256"]!.GetValue<string>());
        await PostAsync($"/api/v1/runs/{run}/uploads/{upload}/complete", new { parts = new[] { new { number = 1, sha256 = part["sha256"]!.GetValue<string>() } } });

        var all = await GetAsync($"/api/v1/runs/{run}/artifacts?recursive=true");
        Assert.Equal("""[{"path":"deep/er/big.bin","bytes":3,"isFolder":false}]""", all["items"]!.ToJsonString());
        var level = await GetAsync($"/api/v1/runs/{run}/artifacts?folder=deep");
        Assert.Equal("""[{"path":"deep/er","bytes":0,"isFolder":true}]""", level["items"]!.ToJsonString());
        using var deleted = await Http.DeleteAsync(At($"/api/v1/runs/{run}/artifacts/deep"), Cancel);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Empty((await GetAsync($"/api/v1/runs/{run}/artifacts?recursive=true"))["items"]!.AsArray());
    }

    [Fact]
    public async Task A_compressed_upload_is_stored_unpacked_and_a_bomb_is_refused()
    {
        using var small = await PutGzipAsync("a.txt", 1000);
        Assert.Equal(HttpStatusCode.OK, small.StatusCode);
        Assert.Equal(1000, (await Http.GetByteArrayAsync($"/api/v1/runs/{run}/artifacts/a.txt", Cancel)).Length);

        using var bomb = await PutGzipAsync("bomb.bin", (1L << 30) + 1);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, bomb.StatusCode);

        var broken = new StringContent("not gzip");
        broken.Headers.ContentEncoding.Add("gzip");
        using var refused = await Http.PutAsync(At($"/api/v1/runs/{run}/artifacts/broken"), broken, Cancel);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        var foreign = new StringContent("x");
        foreign.Headers.ContentEncoding.Add("zstd");
        using var unknown = await Http.PutAsync(At($"/api/v1/runs/{run}/artifacts/foreign"), foreign, Cancel);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, unknown.StatusCode);
        Assert.Equal(["a.txt"], (await GetAsync($"/api/v1/runs/{run}/artifacts"))["items"]!.AsArray().Select(item => item!["path"]!.GetValue<string>()));
    }

    private static Uri At(string url) => new(url, UriKind.Relative);

    private static async Task<JsonNode> ReadAsync(HttpResponseMessage answer) => JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancel))!;

    private async Task PutAsync(string path, string text)
    {
        using var put = await Http.PutAsync(At($"/api/v1/runs/{run}/artifacts/{path}"), new StringContent(text), Cancel);
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
    }

    private async Task<JsonNode> GetAsync(string url) => JsonNode.Parse(await Http.GetStringAsync(At(url), Cancel))!;

    private async Task<JsonNode> PostAsync(string url, object body)
    {
        using var answer = await Http.PostAsJsonAsync(url, body, Cancel);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    private async Task<HttpResponseMessage> SendAsync(Uri url, Action<HttpRequestMessage> change)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        change(request);
        return await Http.SendAsync(request, Cancel);
    }

    /// <summary>Zeros, a thousandth of which travel.</summary>
    private async Task<HttpResponseMessage> PutGzipAsync(string path, long bytes)
    {
        var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            var zeros = new byte[1 << 20];
            for (var left = bytes; left > 0; left -= zeros.Length)
            {
                await gzip.WriteAsync(zeros.AsMemory(0, (int)Math.Min(left, zeros.Length)), Cancel);
            }
        }

        packed.Position = 0;
        var content = new StreamContent(packed);
        content.Headers.ContentEncoding.Add("gzip");
        return await Http.PutAsync(At($"/api/v1/runs/{run}/artifacts/{path}"), content, Cancel);
    }
}
