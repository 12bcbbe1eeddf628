using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests;

public sealed class FullDiskTests
{
    [Theory]
    [InlineData("4k")]
    [InlineData("64k")]
    [InlineData("512k")]
    public async Task A_server_that_finds_no_space_at_its_start_says_so_in_one_line(string size)
    {
        using var disk = new TinyDisk(size);
        using var folder = new TempFolder();

        var result = await SlipwayProcess.RunAsync(
            ["serve", "--data", disk.FullPath, "--urls", "http://127.0.0.1:0", "--grpc-urls", "http://127.0.0.1:0"], folder.FullPath);

        var line = Assert.Single(result.ErrorLines);
        Assert.Contains(disk.FullPath, line, StringComparison.Ordinal);
        Assert.Contains("is full; free some space", line, StringComparison.Ordinal);
        Assert.Equal(1, result.ExitCode);
    }

    [Fact]
    public async Task While_the_disk_is_full_reads_are_answered_and_writes_refused_and_afterwards_nothing_is_missing()
    {
        using var disk = new TinyDisk("8m");
        await using var server = await SlipwayServer.StartOnAsync(disk.FullPath);
        var kept = new List<string>();
        await CreateAsync(server, "before", kept);
        var run = await StartRunAsync(server);

        disk.Fill();
        var refused = await UntilRefusedAsync(server, kept);
        Assert.Equal("unavailable", refused["kind"]!.GetValue<string>());
        Assert.Contains("is full; free some space, nothing was written", refused["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await PutArtifactAsync(server, run));
        Assert.Equal(kept, await NamesAsync(server));

        disk.Free();
        await CreateAsync(server, "after", kept);
        Assert.Equal(HttpStatusCode.OK, await PutArtifactAsync(server, run));
        Assert.Equal(kept, await NamesAsync(server));
        Assert.Equal(0, await server.StopAsync());
        await server.StartAgainAsync();
        Assert.Equal(kept, await NamesAsync(server));
    }

    private static async Task CreateAsync(SlipwayServer server, string name, List<string> kept)
    {
        using var answer = await PostAsync(server, name);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        kept.Add(name);
    }

    /// <summary>Space that SQLite holds already takes a few more writes, which count when they are acknowledged.</summary>
    /// <returns>The problem document of the first refusal.</returns>
    private static async Task<JsonNode> UntilRefusedAsync(SlipwayServer server, List<string> kept)
    {
        for (var i = 0; i < 5000; i++)
        {
            var name = $"full {i} {new string('x', 200)}";
            using var answer = await PostAsync(server, name);
            if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
            {
                return JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
            }

            Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
            kept.Add(name);
        }

        throw new InvalidOperationException("A full disk took 5000 writes.");
    }

    private static async Task<string> StartRunAsync(SlipwayServer server)
    {
        using var answer = await server.Http.PostAsJsonAsync("/api/v1/runs", new { experimentId = 1 }, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!["id"]!.GetValue<string>();
    }

    /// <summary>A blob is a file of its own, outside the database.</summary>
    private static async Task<HttpStatusCode> PutArtifactAsync(SlipwayServer server, string run)
    {
        using var answer = await server.Http.PutAsync(
            new Uri($"/api/v1/runs/{run}/artifacts/file.bin", UriKind.Relative), new ByteArrayContent(new byte[1 << 20]),
            TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    private static Task<HttpResponseMessage> PostAsync(SlipwayServer server, string name) =>
        server.Http.PostAsJsonAsync("/api/v1/experiments", new { name }, TestContext.Current.CancellationToken);

    /// <summary>The experiments in the order of their creation, without the one that is always there.</summary>
    private static async Task<List<string>> NamesAsync(SlipwayServer server)
    {
        var (names, token) = (new List<(long Id, string Name)>(), "");
        do
        {
            var page = JsonNode.Parse(await server.Http.GetStringAsync(
                $"/api/v1/experiments?limit=1000{token}", TestContext.Current.CancellationToken))!;
            names.AddRange(page["items"]!.AsArray().Select(e => (e!["id"]!.GetValue<long>(), e["name"]!.GetValue<string>())).Where(e => e.Item1 != 0));
            token = page["nextPageToken"]?.GetValue<string>() is { } next ? $"&pageToken={Uri.EscapeDataString(next)}" : "";
        }
        while (token.Length > 0);
        return [.. names.OrderBy(e => e.Id).Select(e => e.Name)];
    }
}
