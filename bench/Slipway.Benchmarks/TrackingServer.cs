using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Slipway.Benchmarks;

/// <summary>A real server in a process and folder of its own.</summary>
internal sealed class TrackingServer : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("slipway-bench-");
    private Process process = null!;

    public int Port { get; } = FreePort();

    /// <summary>The most memory that was resident so far, in bytes.</summary>
    public long PeakResidentBytes => Status("VmHWM:");

    public long ResidentBytes => Status("VmRSS:");

    /// <param name="database">Of PostgreSQL, or null for SQLite.</param>
    public static async Task<TrackingServer> StartAsync(string? database, CancellationToken cancel, params string[] extraArgs)
    {
        var server = new TrackingServer();
        string[] command =
        [
            Path.Combine(AppContext.BaseDirectory, "slipway.dll"), "serve", "--data", server.folder.FullName, "--urls", Url(server.Port),
            "--grpc-urls", Url(FreePort()), .. database is null ? Array.Empty<string>() : ["--database", database], .. extraArgs,
        ];
        server.process = Process.Start(new ProcessStartInfo("dotnet", command) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        server.process.BeginOutputReadLine();
        server.process.BeginErrorReadLine();
        using var http = new HttpClient { BaseAddress = new Uri(Url(server.Port)) };
        while (!await IsReadyAsync(http, server.process, cancel))
        {
            await Task.Delay(20, cancel);
        }

        return server;
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        folder.Delete(recursive: true);
    }

    private static async Task<bool> IsReadyAsync(HttpClient http, Process process, CancellationToken cancel)
    {
        try
        {
            using var answer = await http.GetAsync("/readyz", cancel);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException) when (!process.HasExited)
        {
            return false;
        }
    }

    private long Status(string field)
    {
        var line = File.ReadLines($"/proc/{process.Id}/status").First(l => l.StartsWith(field, StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2].Split('\t')[^1], CultureInfo.InvariantCulture) * 1024;
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private static string Url(int port) => $"http://127.0.0.1:{port}";
}
