using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests.Features;

/// <summary>The commands of the feature registry as a person types them, against a real server.</summary>
public sealed class FeatureCommandTests : IAsyncLifetime
{
    private const string Views =
        """
        entities:
          - {name: shop, join_keys: [{name: shop, type: string}]}
        feature_views:
          - name: sales
            kind: batch
            owner: till-team
            entities: [shop]
            source: {path: sales.csv}
            features: [{name: revenue, type: float64}]
          - name: stock
            kind: batch
            entities: [shop]
            deprecated: {on: 2026-12-31, reason: nobody counts}
            source: {path: stock.parquet, columns: [{name: shop, type: string}, {name: event_timestamp, type: timestamp}, {name: pieces, type: int64}]}
            features: [{name: pieces, type: int64}]
        """;

    private readonly TempFolder folder = new();
    private SlipwayServer server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        server = await SlipwayServer.StartAsync();
        Directory.CreateDirectory(folder.Combine("services"));
        await File.WriteAllTextAsync(folder.Combine("views.yaml"), Views, Cancel);
        await File.WriteAllTextAsync(folder.Combine("sales.csv"), "shop,event_timestamp,revenue\na,2026-01-01T00:00:00Z,3.5\n", Cancel);
        await File.WriteAllTextAsync(folder.Combine("services/services.yaml"), "feature_services:\n  - {name: pricing, features: [{view: sales}, {view: stock}]}\n", Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        folder.Dispose();
    }

    private Task<CommandResult> TypeAsync(params string[] command) =>
        SlipwayProcess.RunAsync(["features", .. command, "--server", server.Http.BaseAddress!.ToString()], folder.FullPath);

    private async Task<string> PrintedAsync(params string[] command)
    {
        var result = await TypeAsync(command);
        Assert.True(result.ExitCode == 0, result.Errors);
        return result.Output.TrimEnd();
    }

    [Fact]
    public async Task Definitions_are_planned_applied_found_and_read()
    {
        Assert.Equal(
            """
            + entity shop 1
            + view sales 1
            + view stock 1
              ! view stock is deprecated from 2026-12-31 on: nobody counts
            + service pricing 1
              ! service pricing: Feature view 'stock' is deprecated from 2026-12-31 on: nobody counts
            An apply makes: 4 new, 0 with a new version, 0 with other notes.
            """,
            await PrintedAsync("plan", folder.FullPath));
        Assert.Equal("No definitions.", await PrintedAsync("list"));
        Assert.EndsWith("Done: 4 new, 0 with a new version, 0 with other notes.", await PrintedAsync("apply", folder.FullPath), StringComparison.Ordinal);

        await File.WriteAllTextAsync(
            folder.Combine("views.yaml"), Views.Replace("owner: till-team", "owner: money-team\n    ttl: 2h", StringComparison.Ordinal), Cancel);
        File.Delete(folder.Combine("services/services.yaml"));
        Assert.Equal(
            """
            ~ view sales 1 -> 2
                + ttl: 02:00:00
                ~ owner: till-team -> money-team
              ! view stock is deprecated from 2026-12-31 on: nobody counts Used by service pricing.
            ~ service pricing 1 -> 2, since what it builds on changes
              ! service pricing: Feature view 'stock' is deprecated from 2026-12-31 on: nobody counts
            An apply makes: 0 new, 2 with a new version, 0 with other notes.
            """,
            await PrintedAsync("plan", folder.FullPath));

        // A read makes what it reads used.
        Assert.Equal(2, JsonNode.Parse(await PrintedAsync("unused", "--json"))!.AsArray().Count);
        using var written = await server.Http.PostAsJsonAsync(
            "/write-to-online-store",
            new { feature_view_name = "stock", df = new { shop = new[] { "a" }, event_timestamp = new[] { "2026-01-01T00:00:00Z" }, pieces = new[] { 4 } } },
            Cancel);
        written.EnsureSuccessStatusCode();
        Assert.Equal(
            """
            ! Feature view 'stock' is deprecated from 2026-12-31 on: nobody counts
            pricing version 1
            ROW  FEATURE  VALUE  STATUS     SINCE
              0  revenue         not_found
              0  pieces       4  present    2026-01-01 00:00:00Z
            """,
            await PrintedAsync("get", "pricing", "--keys", """{"shop": ["a"]}"""));
        Assert.Contains("0  stock__pieces       4  present", await PrintedAsync("get", "pricing", "--full-names", "--keys", """{"shop": ["a"]}"""), StringComparison.Ordinal);

        Assert.Equal(["sales"], await FoundAsync("search", "--owner", "TILL-TEAM"));
        Assert.Equal(["sales"], await FoundAsync("search", "--type", "float64", "--kind", "view"));
        Assert.StartsWith("view stock 1\nused by service pricing; reader local (", await PrintedAsync("show", "stock"), StringComparison.Ordinal);
        Assert.Empty(JsonNode.Parse(await PrintedAsync("unused", "--json"))!.AsArray());
    }

    [Fact]
    public async Task A_column_that_a_file_lacks_is_refused_before_anything_is_sent()
    {
        await File.WriteAllTextAsync(folder.Combine("sales.csv"), "shop,event_timestamp,turnover\na,2026-01-01T00:00:00Z,3.5\n", Cancel);
        var refused = await TypeAsync("plan", folder.FullPath);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("views.yaml:4:5: ", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("revenue", refused.Errors, StringComparison.Ordinal);
    }

    private async Task<string[]> FoundAsync(params string[] command) =>
        [.. JsonNode.Parse(await PrintedAsync([.. command, "--json"]))!.AsArray().Select(found => (string)found!["name"]!)];
}
