using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Slipway.SystemTests.Kit;

/// <summary>A real server in its own process and folder, on free ports. It can be stopped, killed and started again on the same data.</summary>
public sealed partial class SlipwayServer : IAsyncDisposable
{
    private readonly TempFolder folder = new();
    private readonly string[] extraArgs;
    private SlipwayProcess? process;
    private HttpClient? http;

    private SlipwayServer(string? dataDirectory, string[] extraArgs)
    {
        DataDirectory = dataDirectory ?? folder.Combine("data");
        this.extraArgs = extraArgs;
    }

    /// <summary>The working directory.</summary>
    public TempFolder Folder => folder;

    /// <summary><c>data</c> in the working directory, unless the test gave another.</summary>
    public string DataDirectory { get; }

    public SlipwayProcess Process => process ?? throw new InvalidOperationException("The server was not started.");

    /// <summary>Talks to the HTTP/1.1 address of the running process.</summary>
    public HttpClient Http => http ?? throw new InvalidOperationException("The server was not started.");

    /// <summary>What tells a command which server is meant.</summary>
    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string> { ["SLIPWAY_SERVER"] = Http.BaseAddress!.ToString() };

    public Uri GrpcAddress { get; private set; } = new("http://unset");

    /// <summary>Starts a server and waits until it is ready.</summary>
    /// <param name="extraArgs">Flags of <c>serve</c> besides <c>--data</c>, <c>--urls</c> and <c>--grpc-urls</c>.</param>
    public static Task<SlipwayServer> StartAsync(params string[] extraArgs) => StartAsync(new SlipwayServer(null, extraArgs));

    /// <summary>The same on a data folder of the test's choice.</summary>
    public static Task<SlipwayServer> StartOnAsync(string dataDirectory, params string[] extraArgs) =>
        StartAsync(new SlipwayServer(dataDirectory, extraArgs));

    private static async Task<SlipwayServer> StartAsync(SlipwayServer server)
    {
        try
        {
            await server.StartAgainAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the server that was stopped or killed, on the same data and on new ports.</summary>
    public async Task StartAgainAsync()
    {
        await ForgetProcessAsync();
        string[] args =
        [
            "serve", "--data", DataDirectory, "--urls", "http://127.0.0.1:0", "--grpc-urls", "http://127.0.0.1:0", .. extraArgs,
        ];
        process = SlipwayProcess.Start(args, folder.FullPath, awaitedText: "Slipway is ready");
        var match = ReadyLine().Match(await process.WaitForLineAsync());
        Assert.True(match.Success, process.Output);
        http = new HttpClient { BaseAddress = new Uri(match.Groups["http"].Value), Timeout = Patience.Limit };
        GrpcAddress = new Uri(match.Groups["grpc"].Value);
    }

    /// <summary>A command that a person types in the server's working directory and that goes to this server.</summary>
    public Task<CommandResult> RunAsync(params IReadOnlyList<string> args) => SlipwayProcess.RunAsync(args, folder.FullPath, Variables);

    /// <summary>One that must work, and what it prints for scripts.</summary>
    public async Task<JsonNode> JsonAsync(params IReadOnlyList<string> args)
    {
        var result = await RunAsync([.. args, "--json"]);
        Assert.Equal("", result.Errors);
        return JsonNode.Parse(result.Output)!;
    }

    /// <summary>SIGTERM: the server finishes what it accepted.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> StopAsync()
    {
        await Process.SignalAsync("TERM");
        return await Process.WaitForExitAsync();
    }

    /// <summary>SIGKILL: the server has no chance to tidy up.</summary>
    public async Task KillAsync()
    {
        await Process.SignalAsync("KILL");
        await Process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await ForgetProcessAsync();
        folder.Dispose();
    }

    private async Task ForgetProcessAsync()
    {
        http?.Dispose();
        http = null;
        if (process is not null)
        {
            await process.DisposeAsync();
            process = null;
        }
    }

    [GeneratedRegex(@"Slipway is ready at (?<http>http://\S+) \(gRPC at (?<grpc>http://[^)\s]+)\)")]
    private static partial Regex ReadyLine();
}
