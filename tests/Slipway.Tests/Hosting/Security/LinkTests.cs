using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Slipway.Platform.Access;
using Slipway.Platform.Tracking;

namespace Slipway.Tests.Hosting.Security;

/// <summary>Links to artifacts work without credentials, and no longer than the key that they were asked for with.</summary>
public sealed class LinkTests : IAsyncLifetime
{
    private const string Proxy = "/api/2.0/mlflow-artifacts";

    private ClosedHost server = null!;
    private string key = "";
    private string run = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        server = await ClosedHost.StartAsync();
        key = await server.KeyAsync("vera", Role.None, null, ("project/default", Role.Contributor));
        run = (await server.Services.GetRequiredService<TrackingService>().StartRunAsync(Actors.Local, new RunStart(0), Cancel)).Id;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Links_of_a_key_that_is_revoked_open_nothing()
    {
        var (upload, download, part) = await LinksAsync();
        Assert.Equal(HttpStatusCode.OK, await PutAsync(upload));
        Assert.Equal(HttpStatusCode.OK, await GetAsync(download));
        Assert.Equal(HttpStatusCode.OK, await PutAsync(part));

        await server.Services.GetRequiredService<KeyService>().RevokeAsync(Actors.Local, IdOf(upload), Cancel);

        Assert.Equal(HttpStatusCode.Forbidden, await PutAsync(upload));
        Assert.Equal(HttpStatusCode.Forbidden, await GetAsync(download));
        Assert.Equal(HttpStatusCode.Forbidden, await PutAsync(part));
    }

    [Fact]
    public async Task A_link_cannot_be_separated_from_its_key()
    {
        var (_, download, _) = await LinksAsync();
        Assert.Equal(HttpStatusCode.Forbidden, await GetAsync(download.Replace($"&key={IdOf(download)}", "", StringComparison.Ordinal)));
        Assert.Equal(HttpStatusCode.Forbidden, await GetAsync(download.Replace("&key=", "&key=x", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_link_does_what_its_key_may_do_now()
    {
        var (upload, download, _) = await LinksAsync();
        await server.Services.GetRequiredService<GrantService>().GrantAsync(
            Actors.Local, "vera", AccessScope.OfProject("default"), Role.Viewer, Cancel);

        Assert.Equal(HttpStatusCode.Forbidden, await PutAsync(upload));
        Assert.Equal(HttpStatusCode.OK, await GetAsync(download));
    }

    private static string IdOf(string link) => link.Split("&key=")[1].Split('&')[0];

    private async Task<(string Upload, string Download, string Part)> LinksAsync()
    {
        using var put = await server.SendAsync("PUT", $"/api/v1/runs/{run}/artifacts/a.txt", key, new StringContent("abc"));
        var upload = await AskAsync("POST", "/api/2.0/mlflow/artifacts/presigned-upload-url", new { run_id = run, path = "a.txt" });
        var download = await AskAsync("GET", $"{Proxy}/presigned/0/{run}/artifacts/a.txt", null);
        var parts = await AskAsync("POST", $"{Proxy}/mpu/create/0/{run}/artifacts", new { path = "b.bin", num_parts = 1 });
        return ((string)upload["presigned_url"]!, (string)download["url"]!, (string)parts["credentials"]![0]!["url"]!);
    }

    private async Task<JsonNode> AskAsync(string method, string path, object? body)
    {
        using var answer = await server.SendAsync(method, path, key, body is null ? null : JsonContent.Create(body));
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    private async Task<HttpStatusCode> PutAsync(string link)
    {
        using var answer = await server.Http.PutAsync(new Uri(link), new StringContent("abc"), Cancel);
        return answer.StatusCode;
    }

    private async Task<HttpStatusCode> GetAsync(string link)
    {
        using var answer = await server.Http.GetAsync(new Uri(link), Cancel);
        return answer.StatusCode;
    }
}
