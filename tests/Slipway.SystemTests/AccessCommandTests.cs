using System.Net;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests;

/// <summary><c>slipway keys</c>, <c>users</c> and <c>audit</c>: on a data folder, and through a server.</summary>
public sealed class AccessCommandTests : IDisposable
{
    private readonly TempFolder folder = new();

    private string Data => folder.Combine("data");

    [Fact]
    public async Task The_first_key_is_made_before_the_first_start_and_opens_a_server_that_others_can_reach()
    {
        var made = await RunAsync("keys create --admin ada");
        Assert.Equal(0, made.ExitCode);
        var key = made.Output.Trim();
        Assert.Matches("^slipway_[0-9a-z]{12}_[0-9A-Za-z]{43}$", key);
        Assert.Contains("It is shown only now", made.Errors, StringComparison.Ordinal);

        await using var server = await SlipwayServer.StartOnAsync(Data, "--auth", "required");
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.Http.GetAsync("/api/v1/whoami")).StatusCode);
        server.Http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        Assert.Contains("\"ada\"", await server.Http.GetStringAsync("/api/v1/whoami"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_asks_and_knows_nobody_says_how_to_make_a_key_and_writes_nothing()
    {
        var refused = await SlipwayProcess.RunAsync(
            ["serve", "--data", Data, "--urls", "http://0.0.0.0:0", "--grpc-urls", "http://127.0.0.1:0"], folder.FullPath);

        Assert.Contains("slipway keys create --admin NAME", Assert.Single(refused.ErrorLines), StringComparison.Ordinal);
        Assert.Equal(2, refused.ExitCode);
        Assert.False(Directory.Exists(Data));
    }

    [Fact]
    public async Task A_data_folder_whose_last_key_was_revoked_is_as_good_as_without_one()
    {
        await RunAsync("keys create --admin ada");
        using var keys = JsonDocument.Parse((await RunAsync("keys list --json")).Output);
        Assert.Equal(0, (await RunAsync($"keys revoke {keys.RootElement[0].GetProperty("id").GetString()}")).ExitCode);

        var refused = await SlipwayProcess.RunAsync(
            ["serve", "--data", Data, "--urls", "http://0.0.0.0:0", "--grpc-urls", "http://127.0.0.1:0"], folder.FullPath);

        Assert.Contains("nobody has a key yet", Assert.Single(refused.ErrorLines), StringComparison.Ordinal);
        Assert.Equal(2, refused.ExitCode);
    }

    [Fact]
    public async Task Through_a_server_the_commands_do_the_same_with_an_admins_key()
    {
        var admin = (await RunAsync("keys create --admin ada")).Output.Trim();
        await using var server = await SlipwayServer.StartOnAsync(Data);
        var environment = new Dictionary<string, string>
        {
            ["SLIPWAY_SERVER"] = server.Http.BaseAddress!.ToString(),
            ["SLIPWAY_API_KEY"] = admin,
        };
        Task<CommandResult> RemoteAsync(string command) => SlipwayProcess.RunAsync(command.Split(' '), folder.FullPath, environment);

        var held = await RunAsync("keys list");
        Assert.Equal(1, held.ExitCode);
        Assert.Contains("go through it with --server URL", Assert.Single(held.ErrorLines), StringComparison.Ordinal);

        Assert.Equal(0, (await RemoteAsync("users create trainer --service none")).ExitCode);
        Assert.Equal(0, (await RemoteAsync("users grant trainer contributor project/flights")).ExitCode);
        Assert.Contains("project/flights  contributor", (await RemoteAsync("users get trainer")).Output, StringComparison.Ordinal);
        var key = (await RemoteAsync("keys create --for trainer --scopes read,write --expires-in-days 7")).Output.Trim();
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(server, key)).StatusCode);

        Assert.Equal(0, (await RemoteAsync($"keys revoke {key.Split('_')[1]}")).ExitCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(server, key)).StatusCode);
        Assert.Equal(0, (await RemoteAsync("users ungrant trainer project/flights")).ExitCode);
        Assert.Equal(0, (await RemoteAsync("users delete trainer")).ExitCode);
        Assert.DoesNotContain("trainer", (await RemoteAsync("users list")).Output, StringComparison.Ordinal);

        var audited = (await RemoteAsync("audit list --limit 20 --json")).Output;
        foreach (var action in (string[])["principal.create", "grant.give", "key.create", "key.revoke", "grant.take", "principal.delete"])
        {
            Assert.Contains($"\"{action}\"", audited, StringComparison.Ordinal);
        }

        Assert.StartsWith("intact: ", (await RemoteAsync("audit verify")).Output, StringComparison.Ordinal);
        var denied = await SlipwayProcess.RunAsync(
            ["users", "list", "--server", server.Http.BaseAddress.ToString(), "--api-key", key], folder.FullPath);
        Assert.Equal(1, denied.ExitCode);
        Assert.Contains("wrong, has expired or was revoked", Assert.Single(denied.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tampered_audit_log_is_found_with_its_first_broken_row()
    {
        await RunAsync("keys create --admin ada");
        await RunAsync("users create vera viewer");
        await RunAsync("users change vera --role contributor");
        var intact = await RunAsync("audit verify");
        Assert.Equal(0, intact.ExitCode);
        Assert.StartsWith("intact: 4 rows", intact.Output, StringComparison.Ordinal);

        await using (var connection = new SqliteConnection($"Data Source={Path.Combine(Data, "slipway.db")};Pooling=false"))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var tamper = connection.CreateCommand();
            tamper.CommandText = "update audit_log set actor = 'somebody else' where seq = 3";
            await tamper.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var broken = await RunAsync("audit verify");
        Assert.Equal(1, broken.ExitCode);
        Assert.Equal("BROKEN at row 3: Row 3 was changed after it was written. 2 rows before it hold.\n", broken.Output);
        Assert.Contains("\"brokenSeq\":3", (await RunAsync("audit verify --json")).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("keys create", 2, "say whose key it is")]
    [InlineData("keys create --for vera", 1, "There is no principal 'vera'")]
    [InlineData("keys create --admin ada --scopes everything", 2, "'everything' is not a scope of a key; use one of read, write")]
    [InlineData("keys create --for vera --role viewer", 1, "The first principal must be an admin")]
    [InlineData("keys list", 1, "there are no data of Slipway in")]
    [InlineData("keys list --server ftp://x", 2, "--server: 'ftp://x' is not an http or https URL")]
    [InlineData("keys list --server http://127.0.0.1:9", 1, "http://127.0.0.1:9/ cannot be reached")]
    [InlineData("audit verify", 1, "there are no data of Slipway in")]
    public async Task A_mistake_is_one_line(string command, int exitCode, string expected)
    {
        var result = await RunAsync(command);
        Assert.Contains(expected, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.Equal((exitCode, ""), (result.ExitCode, result.Output));
    }

    [Fact]
    public async Task A_key_opens_a_gRPC_port_and_probes_need_none()
    {
        await RunAsync("keys create --admin ada");
        await using var server = await SlipwayServer.StartOnAsync(Data, "--auth", "required");
        using var channel = Grpc.Net.Client.GrpcChannel.ForAddress(server.GrpcAddress);

        var health = await new Grpc.Health.V1.Health.HealthClient(channel).CheckAsync(new Grpc.Health.V1.HealthCheckRequest());

        Assert.Equal(Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus.Serving, health.Status);
        Assert.Equal("ready\n", await server.Http.GetStringAsync("/readyz"));
    }

    public void Dispose() => folder.Dispose();

    private Task<CommandResult> RunAsync(string command)
    {
        string[] where = command.Contains("--server", StringComparison.Ordinal) ? [] : ["--data", Data];
        return SlipwayProcess.RunAsync([.. command.Split(' '), .. where], folder.FullPath);
    }

    private static Task<HttpResponseMessage> AskAsync(SlipwayServer server, string key)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/whoami");
        request.Headers.Authorization = new("Bearer", key);
        return server.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
