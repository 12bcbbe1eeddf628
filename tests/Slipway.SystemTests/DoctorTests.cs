using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests;

public sealed class DoctorTests(PostgresServer postgres) : IDisposable
{
    private static readonly string[] FreePorts = ["--urls", "http://127.0.0.1:0", "--grpc-urls", "http://127.0.0.1:0"];
    private readonly TempFolder folder = new();

    [Fact]
    public async Task A_machine_that_can_run_the_server_passes_and_nothing_is_left_behind()
    {
        var result = await SlipwayProcess.RunAsync(["doctor", .. FreePorts], folder.FullPath);

        Assert.Equal(0, result.ExitCode);
        Assert.DoesNotContain("fail ", result.Output, StringComparison.Ordinal);
        Assert.Contains("ok    onnx runtime  ONNX Runtime 1.", result.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.FullPath));
    }

    [Fact]
    public async Task Json_holds_every_check_with_its_verdict()
    {
        var findings = await FindAsync(0, []);

        Assert.Equal(
            ["runtime", "clock", "data folder", "database", "ports", "sqlite", "duckdb", "onnx runtime", "lightgbm"], findings.Keys);
        Assert.Equal("ok", findings["duckdb"].Verdict);
    }

    [Fact]
    public async Task A_port_in_use_fails_and_says_what_to_do()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);

        var finding = (await FindAsync(1, ["--urls", $"http://127.0.0.1:{port}"]))["ports"];

        Assert.Equal(("fail", "choose another with --urls"), (finding.Verdict, finding.Advice));
        Assert.Contains($"port {port} is in use", finding.Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_written_fails()
    {
        var finding = (await FindAsync(1, ["--data", "/proc/slipway"]))["data folder"];

        Assert.Equal("fail", finding.Verdict);
        Assert.Contains("/proc/slipway", finding.Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_database_file_fails()
    {
        folder.WriteText("data/slipway.db", new string('x', 5000));

        var finding = (await FindAsync(1, ["--data", "data"]))["database"];

        Assert.Equal("fail", finding.Verdict);
        Assert.Contains("slipway.db cannot be read", finding.Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_postgres_that_answers_passes_and_one_that_does_not_fails_without_its_password()
    {
        var reachable = (await FindAsync(0, ["--database", await postgres.CreateDatabaseAsync()]))["database"];
        Assert.Equal("ok", reachable.Verdict);
        Assert.Contains("version ", reachable.Found, StringComparison.Ordinal);

        var unreachable = (await FindAsync(1, ["--database", "Host=127.0.0.1;Port=1;Username=u;Password=secret"]))["database"];
        Assert.Equal("fail", unreachable.Verdict);
        Assert.DoesNotContain("secret", unreachable.Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_says_what_runs_on_what()
    {
        var result = await SlipwayProcess.RunAsync(["version", "--json"], folder.FullPath);

        var version = JsonDocument.Parse(result.Output).RootElement;
        Assert.Matches(@"^\d+\.\d+\.\d+", version.GetProperty("version").GetString());
        Assert.Equal(System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription, version.GetProperty("runtime").GetString());
    }

    public void Dispose() => folder.Dispose();

    private async Task<Dictionary<string, (string Verdict, string Found, string? Advice)>> FindAsync(int exitCode, string[] args)
    {
        string[] ports = args.Contains("--urls") ? ["--grpc-urls", "http://127.0.0.1:0"] : FreePorts;
        var result = await SlipwayProcess.RunAsync(["doctor", "--json", .. ports, .. args], folder.FullPath);
        Assert.Equal(exitCode, result.ExitCode);
        return JsonDocument.Parse(result.Output).RootElement.EnumerateArray().ToDictionary(
            finding => finding.GetProperty("check").GetString()!,
            finding => (finding.GetProperty("verdict").GetString()!, finding.GetProperty("found").GetString()!, finding.GetProperty("advice").GetString()));
    }
}
