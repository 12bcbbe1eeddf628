using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests;

public sealed class GarbageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_collection_that_is_killed_again_and_again_ends_with_what_is_deleted_gone_and_the_rest_whole()
    {
        await using var server = await SlipwayServer.StartAsync();
        var (kept, deleted) = (new List<string>(), new List<string>());
        for (var i = 0; i < 60; i++)
        {
            (i % 3 == 0 ? kept : deleted).Add(await RunAsync(server));
        }

        foreach (var run in deleted)
        {
            await PostAsync(server, "/api/2.0/mlflow/runs/delete", new { run_id = run });
        }

        // Killed at moments that spread over the whole of it; each time a part of the work is done.
        for (var delay = 1; delay <= 64; delay *= 2)
        {
            var collecting = server.Http.PostAsJsonAsync("/api/v1/gc", new { olderThan = "0" }, Cancel);
            await Task.WhenAny(collecting, Task.Delay(delay, Cancel));
            await server.KillAsync();
            await EndAsync(collecting);
            await server.StartAgainAsync();
        }

        await PostAsync(server, "/api/v1/gc", new { olderThan = "0" });

        var folder = Path.Combine(server.DataDirectory, "blobs", "artifacts");
        Assert.Equal(kept.Order(StringComparer.Ordinal), Directory.EnumerateDirectories(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        foreach (var run in kept)
        {
            Assert.Equal(run, await server.Http.GetStringAsync($"/api/v1/runs/{run}/artifacts/model/id.txt", Cancel));
        }

        foreach (var run in deleted)
        {
            using var gone = await server.Http.GetAsync(new Uri($"/api/v1/runs/{run}", UriKind.Relative), Cancel);
            Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        }
    }

    [Fact]
    public async Task The_command_works_on_the_data_folder_and_through_a_server()
    {
        await using var server = await SlipwayServer.StartAsync();
        var run = await RunAsync(server);
        await PostAsync(server, "/api/2.0/mlflow/runs/delete", new { run_id = run });

        var busy = await SlipwayProcess.RunAsync(["gc", "--data", server.DataDirectory], server.Folder.FullPath);
        Assert.Equal(1, busy.ExitCode);
        Assert.Contains("ask it with --server URL", Assert.Single(busy.ErrorLines), StringComparison.Ordinal);

        var told = await SlipwayProcess.RunAsync(
            ["gc", "--server", server.Http.BaseAddress!.ToString(), "--older-than", "0", "--dry-run", "--json"], server.Folder.FullPath);
        Assert.Equal((0, ""), (told.ExitCode, told.Errors));
        var report = JsonNode.Parse(told.Output)!;
        Assert.True(report["dryRun"]!.GetValue<bool>());
        Assert.Equal(run, report["items"]![0]!["name"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync(new Uri($"/api/v1/runs/{run}", UriKind.Relative), Cancel)).StatusCode);

        Assert.Equal(0, await server.StopAsync());
        var done = await SlipwayProcess.RunAsync(["gc", "--data", server.DataDirectory, "--older-than", "0"], server.Folder.FullPath);
        Assert.Equal((0, ""), (done.ExitCode, done.Errors));
        Assert.Contains($"removed       run                 32 B  {run}", done.Output, StringComparison.Ordinal);
        Assert.Contains("1 removed, 32 B free", done.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(server.DataDirectory, "blobs", "artifacts")));
    }

    [Fact]
    public async Task The_command_says_who_asks_by_flag_or_by_variable()
    {
        await using var server = await SlipwayServer.StartAsync();
        var made = await PostAsync(server, "/api/v1/keys", new { principal = "root", role = "admin" });
        var key = made["text"]!.GetValue<string>();
        string[] collect = ["gc", "--server", server.Http.BaseAddress!.ToString(), "--dry-run"];

        var nobody = await SlipwayProcess.RunAsync(collect, server.Folder.FullPath);
        var flag = await SlipwayProcess.RunAsync([.. collect, "--api-key", key], server.Folder.FullPath);
        var variable = await SlipwayProcess.RunAsync(collect, server.Folder.FullPath, new Dictionary<string, string> { ["SLIPWAY_API_KEY"] = key });

        Assert.Equal(1, nobody.ExitCode);
        Assert.Contains("401", Assert.Single(nobody.ErrorLines), StringComparison.Ordinal);
        Assert.Equal((0, ""), (flag.ExitCode, flag.Errors));
        Assert.Equal((0, ""), (variable.ExitCode, variable.Errors));
    }

    [Theory]
    [InlineData("--older-than", "soon")]
    [InlineData("--older-than", "-1d")]
    [InlineData("--server", "here")]
    public async Task A_wrong_flag_is_said_in_one_line(string flag, string value)
    {
        using var folder = new TempFolder();
        var result = await SlipwayProcess.RunAsync(["gc", $"{flag}={value}"], folder.FullPath);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(flag, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    /// <summary>It was answered before the kill, or it was not.</summary>
    private static async Task EndAsync(Task<HttpResponseMessage> collecting)
    {
        try
        {
            (await collecting).Dispose();
        }
        catch (HttpRequestException)
        {
            // The server was gone.
        }
    }

    private static async Task<string> RunAsync(SlipwayServer server)
    {
        var run = (await PostAsync(server, "/api/v1/runs", new { experimentId = 0 }))["id"]!.GetValue<string>();
        using var put = await server.Http.PutAsync(
            new Uri($"/api/v1/runs/{run}/artifacts/model/id.txt", UriKind.Relative), new StringContent(run), Cancel);
        put.EnsureSuccessStatusCode();
        return run;
    }

    private static async Task<JsonNode> PostAsync(SlipwayServer server, string url, object body)
    {
        using var answer = await server.Http.PostAsJsonAsync(url, body, Cancel);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.IsSuccessStatusCode, $"{url}: {text}");
        return JsonNode.Parse(text)!;
    }
}
