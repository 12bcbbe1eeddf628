using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Slipway.SystemTests.Kit;

namespace Slipway.SystemTests;

/// <summary>Each mistake: one line that names the thing, where it was said and what to do; exit code 2; nothing written.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly TempFolder folder = new();

    [Theory]
    [InlineData("serve --shutdown-timout 5s", "unknown flag '--shutdown-timout' (did you mean '--shutdown-timeout'?)")]
    [InlineData("srve", "unknown command 'srve' (did you mean 'serve'?)")]
    [InlineData("serve extra", "'slipway serve' takes no argument 'extra'")]
    [InlineData("serve --log-level loud", "flag --log-level: 'loud' is not legal: there is no such choice; give trace, debug")]
    [InlineData("serve --urls https://127.0.0.1:1", "flag --urls: 'https://127.0.0.1:1' is not legal: it does not start with http://")]
    [InlineData("serve --urls http://127.0.0.1:70000", "'70000' is not a port from 0 to 65535")]
    [InlineData("serve --shutdown-timeout 2h", "flag --shutdown-timeout: '2h' is not legal: it is out of range; give a duration from 1s to 1h")]
    [InlineData("serve --log-level info --log-level debug", "flag --log-level is given 2 times")]
    [InlineData("serve --model flights=missing.onnx", "there is no file 'missing.onnx'")]
    [InlineData("serve --model ../x=slipway", "'../x' is not a legal name")]
    [InlineData("serve --database Host=h;Passwrod=secret", "flag --database: the value is not legal")]
    [InlineData("serve --config absent.yaml", "the configuration file 'absent.yaml' cannot be read")]
    [InlineData("serve --urls http://0.0.0.0:0", "can be reached from other machines")]
    [InlineData("serve --grpc-urls http://*:0", "let everybody in with --allow-anonymous")]
    [InlineData("serve --urls http://0.0.0.0:0 --auth off", "accept that with --allow-anonymous")]
    [InlineData("serve --auth required", "nobody has a key yet")]
    [InlineData("serve --auth maybe", "flag --auth: 'maybe' is not legal")]
    [InlineData("serve --oidc-authority https://issuer.example", "need both --oidc-authority, who issues them, and --oidc-audience")]
    [InlineData("serve --oidc-authority http://issuer.example", "it is not an https URL")]
    [InlineData("serve --oidc-role admins=emperor", "'admins=emperor' names no value or no role")]
    [InlineData("serve --oidc-role team=viewer@somewhere", "'somewhere' is not a scope")]
    [InlineData("serve --allowed-hosts http://x", "'http://x' is not a host name")]
    [InlineData("serve --allow-outgoing 10.0.0.0/99", "is neither a host, nor an address, nor a range")]
    public async Task A_wrong_flag_or_value_is_one_line_and_exit_code_2(string command, string expected)
    {
        var result = await SlipwayProcess.RunAsync(command.Split(' '), folder.FullPath);

        Assert.Contains(expected, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", result.Errors, StringComparison.Ordinal);
        Assert.Equal(2, result.ExitCode);
        Assert.Equal("", result.Output);
        Assert.Empty(Directory.GetFileSystemEntries(folder.FullPath));
    }

    [Theory]
    [InlineData("log-levle: debug", "slipway.yaml:1: unknown key 'log-levle' (did you mean 'log-level'?)")]
    [InlineData("data: d\n\nmax-body-size: 1GB", "slipway.yaml:3 (max-body-size): '1GB' is not legal")]
    [InlineData("data: d\ndata: e", "slipway.yaml:2: the key 'data' is given twice")]
    [InlineData("data: a: b", "slipway.yaml:1: this is not YAML")]
    [InlineData("- data", "slipway.yaml:1: the file is not a mapping")]
    [InlineData("data: {path: d}", "slipway.yaml:1 (data): the value is not plain text")]
    public async Task A_wrong_line_in_the_file_is_named_by_its_number(string yaml, string expected)
    {
        var file = folder.WriteText("slipway.yaml", yaml);

        var result = await SlipwayProcess.RunAsync(["serve"], folder.FullPath);

        Assert.Contains(expected, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.Equal(2, result.ExitCode);
        Assert.Equal([file], Directory.GetFileSystemEntries(folder.FullPath));
    }

    [Theory]
    [InlineData("SLIPWAY_LOGLEVEL", "debug", "unknown variable 'SLIPWAY_LOGLEVEL' (did you mean 'SLIPWAY_LOG_LEVEL'?)")]
    [InlineData("SLIPWAY_ALLOW_ANONYMOUS", "yes", "variable SLIPWAY_ALLOW_ANONYMOUS: 'yes' is not legal: it is neither true nor false")]
    [InlineData("SLIPWAY_DATABASE", "Username=u;Password=secret", "variable SLIPWAY_DATABASE: the value is not legal: it names no Host")]
    public async Task A_wrong_variable_is_named(string name, string value, string expected)
    {
        var result = await SlipwayProcess.RunAsync(["serve"], folder.FullPath, new Dictionary<string, string> { [name] = value });

        Assert.Contains(expected, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", result.Errors, StringComparison.Ordinal);
        Assert.Equal(2, result.ExitCode);
        Assert.Empty(Directory.GetFileSystemEntries(folder.FullPath));
    }

    [Theory]
    [InlineData("--urls", "--grpc-urls")]
    [InlineData("--grpc-urls", "--urls")]
    public async Task A_port_in_use_is_named_with_its_flag_and_nothing_is_written(string taken, string free)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);

        var result = await SlipwayProcess.RunAsync(
            ["serve", taken, $"http://127.0.0.1:{port}", free, "http://127.0.0.1:0"], folder.FullPath);

        Assert.Equal(
            $"slipway: port {port} is in use by another process (http://127.0.0.1:{port}); choose another with {taken}",
            Assert.Single(result.ErrorLines));
        Assert.Equal(1, result.ExitCode);
        Assert.Empty(Directory.GetFileSystemEntries(folder.FullPath));
    }

    /// <remarks>Nobody can create a folder under a file or in /proc, root included.</remarks>
    [Theory]
    [InlineData("blocked/data")]
    [InlineData("/proc/slipway")]
    public async Task A_data_folder_that_cannot_be_written_is_named(string data)
    {
        folder.WriteText("blocked", "a file, not a folder");

        var result = await SlipwayProcess.RunAsync(
            ["serve", "--data", data, "--urls", "http://127.0.0.1:0", "--grpc-urls", "http://127.0.0.1:0"], folder.FullPath);

        var line = Assert.Single(result.ErrorLines);
        Assert.Contains($"the data folder '{Path.GetFullPath(data, folder.FullPath)}' cannot be written", line, StringComparison.Ordinal);
        Assert.EndsWith("choose another with --data", line, StringComparison.Ordinal);
        Assert.Equal(1, result.ExitCode);
    }

    [Fact]
    public async Task Two_servers_cannot_share_a_data_folder()
    {
        await using var first = await SlipwayServer.StartAsync();

        var second = await SlipwayProcess.RunAsync(
            ["serve", "--data", first.DataDirectory, "--urls", "http://127.0.0.1:0", "--grpc-urls", "http://127.0.0.1:0"],
            folder.FullPath);

        Assert.Contains("is in use by another slipway process", Assert.Single(second.ErrorLines), StringComparison.Ordinal);
        Assert.Equal(1, second.ExitCode);
    }

    public void Dispose() => folder.Dispose();
}
