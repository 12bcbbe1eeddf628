using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Slipway.Platform.Foundation.Analytics;
using Slipway.SystemTests.Kit;

[assembly: AssemblyFixture(typeof(RedisServer))]

namespace Slipway.SystemTests;

/// <summary>A real server brings a file of many entities online, is killed in the middle, and is read, erased from and watched.</summary>
public sealed class MaterializationTests(RedisServer redis) : IAsyncLifetime
{
    private const int Entities = 400_000;

    private const string Yaml =
        """
        entities:
          - {name: user, join_keys: [{name: user_id, type: int64}]}
        feature_views:
          - name: habits
            kind: batch
            entities: [user]
            source: {path: habits.parquet, event_timestamp: at}
            features: [{name: visits, type: int64}, {name: spent, type: float64}, {name: city, type: string}]
        feature_services:
          - {name: habits_service, features: [{view: habits}]}
        """;

    private readonly TempFolder sources = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        using var analytics = new AnalyticsEngine(new AnalyticsOptions());

        // Two rows of each user, the newer one first: what must be online is the first.
        await analytics.RunAsync(
            session =>
            {
                session.WriteParquet(
                    $"""
                    select i % {Entities} as user_id, timestamp '2026-01-02' - interval (i // {Entities}) day as at,
                      i as visits, i / 4.0 as spent, 'city ' || i % 10 as city
                    from range({2 * Entities}) t(i)
                    """,
                    sources.Combine("habits.parquet"));
                return 0;
            },
            Cancel);
    }

    public ValueTask DisposeAsync()
    {
        sources.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<SlipwayServer> StartAsync(bool onRedis)
    {
        string[] store = onRedis ? ["--online-store", await redis.AddressAsync(Cancel)] : [];
        var server = await SlipwayServer.StartAsync(["--feature-sources", sources.FullPath, .. store]);
        using var applied = await server.Http.PostAsync("/api/v1/features/apply", new StringContent(Yaml), Cancel);
        applied.EnsureSuccessStatusCode();
        return server;
    }

    private static async Task<JsonNode> StatusAsync(SlipwayServer server, string id) =>
        (await server.Http.GetFromJsonAsync<JsonNode>($"/api/v1/features/materialize/{id}", Cancel))!;

    private static Task<JsonNode> UntilAsync(SlipwayServer server, string id, Func<JsonNode, bool> holds) =>
        UntilAsync(() => StatusAsync(server, id), holds);

    /// <summary>Asks until the answer is the one awaited; two minutes are for a machine that is busy with other tests.</summary>
    private static async Task<T> UntilAsync<T>(Func<Task<T>> ask, Func<T, bool> holds)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var answer = await ask();
            if (holds(answer))
            {
                return answer;
            }

            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromMinutes(2), $"still: {answer}");
            await Task.Delay(5, Cancel);
        }
    }

    private static async Task<JsonNode> ReadAsync(SlipwayServer server, params long[] users)
    {
        using var answer = await server.Http.PostAsJsonAsync(
            "/api/v1/features/online", new { service = "habits_service", entities = new { user_id = users } }, Cancel);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonNode>(Cancel))!;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_run_that_is_killed_goes_on_with_no_gap_and_no_double_effect(bool onRedis)
    {
        await using var server = await StartAsync(onRedis);
        using var started = await server.Http.PostAsJsonAsync("/api/v1/features/materialize", new { }, Cancel);
        Assert.Equal(System.Net.HttpStatusCode.Accepted, started.StatusCode);
        var id = (string)(await started.Content.ReadFromJsonAsync<JsonNode>(Cancel))!["id"]!;
        var killed = await UntilAsync(server, id, status => status["views"]!.AsArray() is [{ } view] && (long)view["rows"]! > 0);
        await server.KillAsync();
        Assert.Equal("running", (string?)killed["state"]);
        Assert.InRange((long)killed["views"]![0]!["rows"]!, 1, Entities - 1);

        await server.StartAgainAsync();
        Assert.InRange((long)(await StatusAsync(server, id))["views"]![0]!["rows"]!, (long)killed["views"]![0]!["rows"]!, Entities);
        var done = await UntilAsync(server, id, status => (string?)status["state"] is "succeeded" or "dead");
        Assert.Equal(("succeeded", (long)Entities, 1.0), ((string)done["state"]!, (long)done["views"]![0]!["rows"]!, (double)done["views"]![0]!["done"]!));

        long[] users = [.. Enumerable.Range(0, 1000).Select(i => (long)(i * (Entities / 1000)))];
        var values = await ReadAsync(server, users);
        Assert.Equal(users, values["values"]!["visits"]!.AsArray().Select(value => (long)value!));
        Assert.All(values["statuses"]!["visits"]!.AsArray(), status => Assert.Equal("present", (string?)status));
    }

    [Fact]
    public async Task The_command_shows_how_far_it_is_and_the_metric_how_far_behind()
    {
        await using var server = await StartAsync(onRedis: false);
        var environment = new Dictionary<string, string> { ["SLIPWAY_SERVER"] = server.Http.BaseAddress!.ToString() };
        var full = await SlipwayProcess.RunAsync(["features", "materialize", "--views", "habits", "--full"], server.Folder.FullPath, environment);
        Assert.Equal((0, true), (full.ExitCode, full.Errors.Contains("habits@1: ", StringComparison.Ordinal)));
        Assert.Matches($@"(?m)^habits@1 +20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ +{Entities}$", full.Output);

        var next = await SlipwayProcess.RunAsync(["features", "materialize", "--json"], server.Folder.FullPath, environment);
        Assert.Equal(0, (long)JsonNode.Parse(next.Output)!["views"]![0]!["rows"]!);
        var unknown = await SlipwayProcess.RunAsync(["features", "materialize", "--views", "hobbits"], server.Folder.FullPath, environment);
        Assert.Equal((1, "slipway: There is no stored feature view 'hobbits'; there are habits.\n"), (unknown.ExitCode, unknown.Errors));

        var lag = await UntilAsync(
            () => server.Http.GetStringAsync("/metrics", Cancel),
            metrics => metrics.Contains("slipway_features_lag_seconds{", StringComparison.Ordinal));
        Assert.Matches("""slipway_features_lag_seconds\{[^}]*view="habits@1"[^}]*\} \d""", lag);
    }

    [Fact]
    public async Task An_erased_user_stays_away_after_another_materialization()
    {
        await using var server = await StartAsync(onRedis: true);
        var environment = new Dictionary<string, string> { ["SLIPWAY_SERVER"] = server.Http.BaseAddress!.ToString() };
        Assert.Equal(0, (await SlipwayProcess.RunAsync(["features", "materialize", "--full"], server.Folder.FullPath, environment)).ExitCode);
        Assert.Equal("present", (string?)(await ReadAsync(server, 7))["statuses"]!["visits"]![0]);
        var erased = await SlipwayProcess.RunAsync(["features", "erase", "user", "--keys", """{"user_id":[7]}"""], server.Folder.FullPath, environment);
        Assert.Equal(0, erased.ExitCode);
        Assert.Matches(@"(?m)^habits@1 +1$", erased.Output);
        Assert.Equal(0, (await SlipwayProcess.RunAsync(["features", "materialize", "--full"], server.Folder.FullPath, environment)).ExitCode);
        var read = await ReadAsync(server, 7, 8);
        Assert.Equal(["not_found", "present"], read["statuses"]!["visits"]!.AsArray().Select(status => (string)status!));
    }
}
