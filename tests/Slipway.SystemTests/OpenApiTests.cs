using System.Text.Json;
using System.Text.Json.Nodes;
using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests;

public sealed class OpenApiTests
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    [Fact]
    public async Task The_openapi_document_names_the_program()
    {
        var document = await DocumentAsync();

        Assert.StartsWith("3.1", (string)document["openapi"]!, StringComparison.Ordinal);
        Assert.Equal("Slipway", (string)document["info"]!["title"]!);
    }

    /// <summary>A change of the REST interface shows in a review: run the tests with SLIPWAY_WRITE_OPENAPI=1 to take it over.</summary>
    [Fact]
    public async Task The_openapi_document_in_the_docs_is_the_one_that_the_server_gives()
    {
        var document = await DocumentAsync();

        // What differs by build and by port says nothing of the interface.
        document["info"]!.AsObject().Remove("version");
        document.AsObject().Remove("servers");
        var now = document.ToJsonString(Indented).ReplaceLineEndings("\n") + "\n";
        var file = Path.Combine(Repository(), "docs", "reference", "openapi.json");
        if (Environment.GetEnvironmentVariable("SLIPWAY_WRITE_OPENAPI") == "1")
        {
            await File.WriteAllTextAsync(file, now, TestContext.Current.CancellationToken);
        }

        var kept = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        Assert.True(kept == now, $"docs/reference/openapi.json is not what the server gives; {FirstDifference(kept, now)}. SLIPWAY_WRITE_OPENAPI=1 writes it.");
    }

    private static async Task<JsonNode> DocumentAsync()
    {
        await using var server = await SlipwayServer.StartAsync();
        return JsonNode.Parse(await server.Http.GetStringAsync("/openapi/v1.json", TestContext.Current.CancellationToken))!;
    }

    private static string FirstDifference(string kept, string now)
    {
        var (old, fresh) = (kept.Split('\n'), now.Split('\n'));
        var line = Enumerable.Range(0, Math.Min(old.Length, fresh.Length)).FirstOrDefault(i => old[i] != fresh[i], Math.Min(old.Length, fresh.Length));
        return $"line {line + 1}: '{old.ElementAtOrDefault(line)?.Trim()}' is now '{fresh.ElementAtOrDefault(line)?.Trim()}'";
    }

    private static string Repository()
    {
        var folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Slipway.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}
