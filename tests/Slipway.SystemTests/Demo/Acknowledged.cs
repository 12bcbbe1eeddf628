using System.Text.Json.Nodes;

namespace Slipway.SystemTests.Demo;

/// <summary>What a server has told its callers to be done. Nothing of it may be gone after a crash.</summary>
internal sealed record Acknowledged(
    IReadOnlyList<string> Audit, long Predictions, long Labelled, long EndOffset, DateTimeOffset Watermark,
    IReadOnlyList<string> Steps, IReadOnlyList<string> Versions)
{
    public static Acknowledged Nothing { get; } = new([], 0, 0, 0, DateTimeOffset.MinValue, [], []);

    public static async Task<Acknowledged> ReadAsync(HttpClient server)
    {
        // The newest first, so that what is read later cannot be behind what was read before.
        var versions = await FindAsync(server, "models/flight-delay/versions");
        var counts = await GetAsync(server, "endpoints/flight-delay/predictions/counts");
        var topic = await GetAsync(server, "topics/flights");
        var steps = new List<string>();
        foreach (var run in (JsonArray)await GetAsync(server, "pipeline-runs?limit=1000"))
        {
            steps.AddRange(Ended(await GetAsync(server, $"pipeline-runs/{run!["id"]}")));
        }

        var audit = (await GetAsync(server, "audit?limit=1000"))["items"]!.AsArray();
        return new(
            [.. audit.Select(entry => $"{entry!["seq"]} {entry["action"]} {entry["object"]} {entry["hash"]}").Reverse()],
            counts["predictions"]!.GetValue<long>(), counts["labelled"]!.GetValue<long>(),
            topic["endOffset"]!.GetValue<long>(), topic["watermark"]?.GetValue<DateTimeOffset>() ?? DateTimeOffset.MinValue,
            steps, [.. (versions?["items"]!.AsArray() ?? []).Select(version => version!["version"]!.GetValue<string>())]);
    }

    /// <summary>Fails unless all of this is still part of what the server says now, and its audit log is whole.</summary>
    public async Task MustHaveSurvivedAsync(HttpClient server)
    {
        var verdict = await GetAsync(server, "audit/verify");
        Assert.True(verdict["intact"]!.GetValue<bool>(), verdict.ToJsonString());
        var now = await ReadAsync(server);
        Assert.Equal(Audit, now.Audit.Take(Audit.Count));
        Assert.InRange(now.Predictions, Predictions, long.MaxValue);
        Assert.InRange(now.Labelled, Labelled, long.MaxValue);
        Assert.InRange(now.EndOffset, EndOffset, long.MaxValue);
        Assert.InRange(now.Watermark, Watermark, DateTimeOffset.MaxValue);
        Assert.Superset(Steps.ToHashSet(), now.Steps.ToHashSet());
        Assert.Superset(Versions.ToHashSet(), now.Versions.ToHashSet());
    }

    /// <summary>Steps that had ended well, with what they gave.</summary>
    private static IEnumerable<string> Ended(JsonNode run) => run["steps"]!.AsArray()
        .Where(step => step!["state"]!.GetValue<string>() is "succeeded" or "cached")
        .Select(step => $"{run["id"]} {step!["name"]} {step["outputs"]?.ToJsonString()}");

    private static async Task<JsonNode> GetAsync(HttpClient server, string path) =>
        JsonNode.Parse(await server.GetStringAsync($"/api/v1/{path}"))!;

    private static async Task<JsonNode?> FindAsync(HttpClient server, string path)
    {
        using var answer = await server.GetAsync($"/api/v1/{path}");
        return answer.StatusCode == System.Net.HttpStatusCode.NotFound ? null : JsonNode.Parse(await answer.Content.ReadAsStringAsync());
    }
}
