using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests;

/// <summary>The commands as a person or a script types them, against a real server.</summary>
public sealed class ClientCommandTests : IAsyncLifetime
{
    private SlipwayServer server = null!;

    public async ValueTask InitializeAsync() => server = await SlipwayServer.StartAsync();

    public async ValueTask DisposeAsync() => await server.DisposeAsync();

    private async Task<string> StartRunAsync(long experiment, object? environment = null, string name = "baseline")
    {
        var answer = await server.Http.PostAsJsonAsync("/api/v1/runs", new { experimentId = experiment, name, environment });
        return (string)(await answer.Content.ReadFromJsonAsync<JsonNode>())!["id"]!;
    }

    private async Task LogAsync(string run, object batch) =>
        (await server.Http.PostAsJsonAsync($"/api/v1/runs/{run}/batch", batch)).EnsureSuccessStatusCode();

    [Fact]
    public async Task Runs_are_listed_searched_compared_deleted_and_restored()
    {
        var experiment = (long)(await server.JsonAsync("experiments", "create", "flights"))["id"]!;
        var (good, poor) = (await StartRunAsync(experiment, name: "good"), await StartRunAsync(experiment, name: "poor"));
        await LogAsync(good, new { metrics = new[] { new { key = "auc", value = 0.75, timestampMs = 1 } }, @params = new { leaves = "31" } });
        await LogAsync(poor, new { metrics = new[] { new { key = "auc", value = 0.5, timestampMs = 1 } }, @params = new { leaves = "7" } });

        var list = await server.RunAsync("runs", "list", "--experiment", "flights");
        var found = await server.JsonAsync("runs", "search", "metrics.auc > 0.6", "--experiment", "flights");
        var compared = await server.RunAsync("runs", "compare", good, poor);
        await server.RunAsync("runs", "delete", poor);
        var left = await server.JsonAsync("runs", "list");
        await server.RunAsync("runs", "restore", poor);

        Assert.Equal(0, list.ExitCode);
        Assert.Matches(@"(?m)^ID +NAME +STATUS +STARTED +TOOK +auc$", list.Output);
        Assert.Matches($"(?m)^{good} +good +running .* 0\\.75$", list.Output);
        Assert.Equal(good, (string?)Assert.Single(found.AsArray())!["run"]!["id"]);
        Assert.Matches(@"(?m)^param +leaves +31 +7$", compared.Output);
        Assert.Single(left.AsArray());
        Assert.Equal(2, (await server.JsonAsync("runs", "list")).AsArray().Count);
    }

    [Fact]
    public async Task Logged_models_are_listed_deleted_and_restored()
    {
        var made = await server.Http.PostAsJsonAsync("/api/v1/logged-models", new { experimentId = 0, name = "tree", @params = new { depth = "3" } });
        var id = (string)(await made.Content.ReadFromJsonAsync<JsonNode>())!["id"]!;

        var list = await server.RunAsync("logged-models", "list", "params.depth = '3'");
        var deleted = await server.RunAsync("logged-models", "delete", id);
        var none = await server.RunAsync("logged-models", "list");
        var restored = await server.RunAsync("logged-models", "restore", id);
        var back = await server.JsonAsync("logged-models", "list", "--experiment", "Default");

        Assert.Matches($"(?m)^{id} +tree +pending ", list.Output);
        Assert.Equal((0, $"Deleted {id}."), (deleted.ExitCode, deleted.Output.Trim()));
        Assert.Equal("No logged models.", none.Output.Trim());
        Assert.Equal((0, $"Restored {id}."), (restored.ExitCode, restored.Output.Trim()));
        Assert.Equal(id, (string?)Assert.Single(back.AsArray())!["id"]);
    }

    [Fact]
    public async Task Policies_are_set_listed_and_removed()
    {
        var none = await server.RunAsync("approvals", "policy", "list");
        var set = await server.RunAsync("approvals", "policy", "set", "project/flights", "--required", "2");
        await server.RunAsync("approvals", "policy", "set", "model/delay", "--required", "1", "--author-may-approve");
        var list = await server.RunAsync("approvals", "policy", "list");
        var json = await server.JsonAsync("approvals", "policy", "list");
        await server.RunAsync("approvals", "policy", "remove", "project/flights");
        var left = await server.JsonAsync("approvals", "policy", "list");
        var wrong = await server.RunAsync("approvals", "policy", "set", "flights", "--required", "2");
        var many = await server.RunAsync("approvals", "policy", "set", "model/delay", "--required", "11");

        Assert.Equal((0, "No policies: the rule of the server holds everywhere."), (none.ExitCode, none.Output.Trim()));
        Assert.Equal((0, "project/flights: 2 must agree, the author may not be among them."), (set.ExitCode, set.Output.Trim()));
        Assert.Matches(@"(?m)^SCOPE +REQUIRED +AUTHOR MAY APPROVE$", list.Output);
        Assert.Matches(@"(?m)^model/delay +1 +yes$", list.Output);
        Assert.Matches(@"(?m)^project/flights +2 +no$", list.Output);
        Assert.Equal(["model/delay", "project/flights"], json.AsArray().Select(p => (string?)p!["scope"]));
        Assert.Equal("model/delay", (string?)Assert.Single(left.AsArray())!["scope"]);
        Assert.Equal((2, "slipway: 'flights' is not a scope; use project/NAME or model/NAME."), (wrong.ExitCode, Assert.Single(wrong.ErrorLines)));
        Assert.Equal(2, many.ExitCode);
        Assert.Contains("11", Assert.Single(many.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_goes_wrong_is_one_line_and_an_exit_code()
    {
        var absent = await server.RunAsync("runs", "get", "none");
        var nobody = await server.RunAsync("runs", "list", "--server", "http://127.0.0.1:9");
        var nonsense = await server.RunAsync("runs", "list", "--server", "nonsense");
        var unknown = await server.RunAsync("runs", "lst");
        var filter = await server.RunAsync("runs", "search", "metrics.auc >", "--experiment", "0");

        Assert.Equal((1, "slipway: There is no run 'none'."), (absent.ExitCode, Assert.Single(absent.ErrorLines)));
        Assert.Equal(1, nobody.ExitCode);
        Assert.StartsWith("slipway: No Slipway server answers at http://127.0.0.1:9: ", Assert.Single(nobody.ErrorLines), StringComparison.Ordinal);
        Assert.Equal((2, "slipway: 'nonsense' is not the address of a server; give one like http://127.0.0.1:8080"), (nonsense.ExitCode, Assert.Single(nonsense.ErrorLines)));
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("'lst'", Assert.Single(unknown.ErrorLines), StringComparison.Ordinal);
        Assert.Contains("'slipway runs --help'", unknown.Errors, StringComparison.Ordinal);
        Assert.Equal(2, filter.ExitCode);
        Assert.Single(filter.ErrorLines);
    }

    [Fact]
    public async Task A_server_ignores_the_variables_of_its_clients()
    {
        var result = await SlipwayProcess.RunAsync(
            ["doctor", "--data", server.Folder.Combine("other"), "--urls", "http://127.0.0.1:0", "--grpc-urls", "http://127.0.0.1:0"],
            server.Folder.FullPath,
            new Dictionary<string, string> { ["SLIPWAY_SERVER"] = "http://x:1", ["SLIPWAY_API_KEY"] = "k", ["SLIPWAY_RUN_ID"] = "r" });
        Assert.DoesNotContain("unknown variable", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_of_a_run_are_written_below_the_folder()
    {
        var run = await StartRunAsync(0);
        await server.Http.PutAsync($"/api/v1/runs/{run}/artifacts/model/a.txt", new StringContent("A"));
        await server.Http.PutAsync($"/api/v1/runs/{run}/artifacts/b.txt", new StringContent("B"));

        var result = await server.RunAsync("runs", "download", run, "model", "--into", "here");

        Assert.Equal(0, result.ExitCode);
        Assert.Equal("A", await File.ReadAllTextAsync(server.Folder.Combine("here/model/a.txt")));
        Assert.False(File.Exists(server.Folder.Combine("here/b.txt")));
    }

    [Fact]
    public async Task A_run_is_compared_made_again_and_judged()
    {
        var root = server.Folder.Combine("repo");
        Directory.CreateDirectory(root);
        await File.WriteAllTextAsync(
            Path.Combine(root, "train.sh"),
            """
            value=$(cat rate.txt)
            curl -sf "${SLIPWAY_SERVER}api/v1/runs/$SLIPWAY_RUN_ID/metrics" -H 'Content-Type: application/json' \
              -d "[{\"key\": \"auc\", \"value\": $value, \"timestampMs\": 1}]"
            """);
        await File.WriteAllTextAsync(Path.Combine(root, "rate.txt"), "0.75");
        await GitAsync(root, "init", "--quiet");
        await GitAsync(root, "add", ".");
        await GitAsync(root, "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "--message=first");
        var commit = (await GitAsync(root, "rev-parse", "HEAD")).Trim();
        var run = await StartRunAsync(0, new { gitCommit = commit, gitDirty = false, commandLine = "sh train.sh", seed = 7, workingDirectory = "" });
        await LogAsync(run, new { metrics = new[] { new { key = "auc", value = 0.75, timestampMs = 1 } } });

        // The file in the working copy is not what the run read; a fresh checkout is.
        await File.WriteAllTextAsync(Path.Combine(root, "rate.txt"), "0.5");
        var here = await SlipwayProcess.RunAsync(["runs", "reproduce", run, "--run", "--json"], root, server.Variables);
        var fresh = await SlipwayProcess.RunAsync(["runs", "reproduce", run, "--into", "../fresh", "--run", "--json"], root, server.Variables);

        var (differs, same) = (JsonNode.Parse(here.Output)!, JsonNode.Parse(fresh.Output)!);
        Assert.Equal((1, "differs"), (here.ExitCode, Verdict(differs["findings"]!, "changes")));
        Assert.Equal("differs", Verdict(differs["rerun"]!["findings"]!, "metric auc"));
        Assert.Equal(("same", "same"), (Verdict(same["findings"]!, "commit"), Verdict(same["findings"]!, "changes")));
        Assert.Equal("same", Verdict(same["rerun"]!["findings"]!, "metric auc"));
        Assert.True(fresh.ExitCode == 0, fresh.Output + fresh.Errors);
        var again = await server.JsonAsync("runs", "get", (string)same["rerun"]!["runId"]!);
        Assert.Equal((run, "finished"), ((string?)again["tags"]!["slipway.reproduces"], (string?)again["run"]!["status"]));
    }

    [Fact]
    public async Task A_command_that_lost_a_secret_is_not_run()
    {
        var run = await StartRunAsync(0, new { commandLine = "train --api-key s3cret" });

        var result = await server.RunAsync("runs", "reproduce", run, "--run");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("run it by hand: train --api-key ***", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Approvals_are_listed_and_decided()
    {
        await server.Http.PostAsJsonAsync("/api/v1/approvals", new { subject = "model/delay/1.0.0", action = "promote:production", reason = "better" });

        var pending = await server.JsonAsync("approvals", "list");
        var table = await server.RunAsync("approvals", "list");

        Assert.Equal("better", (string?)Assert.Single(pending.AsArray())!["reason"]);
        Assert.Matches(@"(?m)^\w{32} +model/delay/1\.0\.0 +promote:production +pending +0/1 ", table.Output);
    }

    private static string? Verdict(JsonNode findings, string what) =>
        (string?)findings.AsArray().Single(finding => (string?)finding!["what"] == what)!["verdict"];

    private static async Task<string> GitAsync(string folder, params string[] words)
    {
        using var git = Process.Start(new ProcessStartInfo("git", words) { WorkingDirectory = folder, RedirectStandardOutput = true })!;
        var output = await git.StandardOutput.ReadToEndAsync();
        await git.WaitForExitAsync();
        Assert.Equal(0, git.ExitCode);
        return output;
    }
}
