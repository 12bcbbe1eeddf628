using System.Text.RegularExpressions;

namespace Slipway.SystemTests.Kit;

/// <summary>A real server in its own process and folder, on free ports. It can be stopped, killed and started again on the same data.</summary>
public sealed partial class SlipwayServer : IAsyncDisposable
{
    private readonly TempFolder folder = new();
    private readonly string[] extraArgs;
    private SlipwayProcess? process;
    private HttpClient? http;

    private SlipwayServer(string[] extraArgs) => this.extraArgs = extraArgs;

    /// <summary>The working directory; the data folder is <c>data</c> in it.</summary>
    public TempFolder Folder => folder;

    public string DataDirectory => folder.Combine("data");

    public SlipwayProcess Process => process ?? throw new InvalidOperationException("The server was not started.");

    /// <summary>Talks to the HTTP/1.1 address of the running process.</summary>
    public HttpClient Http => http ?? throw new InvalidOperationException("The server was not started.");

    public Uri GrpcAddress { get; private set; } = new("http://unset");

    /// <summary>Starts a server and waits until it is ready.</summary>
    /// <param name="extraArgs">Flags of <c>serve</c> besides <c>--data</c>, <c>--urls</c> and <c>--grpc-urls</c>.</param>
    public static async Task<SlipwayServer> StartAsync(params string[] extraArgs)
    {
        var server = new SlipwayServer(extraArgs);
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
