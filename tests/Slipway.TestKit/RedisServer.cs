using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Slipway.TestKit;

/// <summary>
/// A real Redis or Valkey of this test run, from <c>redis-server</c> or <c>valkey-server</c> on the path. As an assembly fixture it is
/// shared; a test that stops it has its own. It starts when the first test asks for an address, and keeps its data over a restart.
/// </summary>
/// <remarks>A shell owns the server and waits on a pipe of this process, as for <see cref="PostgresServer"/>.</remarks>
public sealed class RedisServer : IAsyncLifetime
{
    private static readonly string[] Programs = ["redis-server", "valkey-server"];

    private const string Script = """
        umask 077
        mkdir "$2" || exit 1
        program="$1" folder="$2" port="$3"
        start() {
            "$program" --port "$port" --bind 127.0.0.1 --dir "$folder" --save '' --appendonly yes --appendfsync no >>"$folder/log" 2>&1 &
            server=$!
        }
        start
        while read -r word; do
            case $word in
                kill) kill -KILL $server; wait $server 2>/dev/null ;;
                start) start ;;
                pause) kill -STOP $server ;;
                resume) kill -CONT $server ;;
            esac
            echo "$word"
        done
        kill -KILL $server 2>/dev/null
        wait $server 2>/dev/null
        rm -rf "$folder"
        """;

    private readonly SemaphoreSlim gate = new(1, 1);
    private Process? shell;
    private int port;
    private int addresses;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>An address whose keys nobody else uses; skips the test (fails it in CI) without the program.</summary>
    public async Task<string> AddressAsync(CancellationToken cancel = default)
    {
        if (Find() is not { } program)
        {
            Requirement.Missing("Neither redis-server nor valkey-server is on the path (Debian: apt-get install redis-server).");
            return "";
        }

        await gate.WaitAsync(cancel);
        try
        {
            if (shell is null)
            {
                shell = StartShell(program);
                await ReadyAsync(cancel);
            }
        }
        finally
        {
            gate.Release();
        }

        var number = Interlocked.Increment(ref addresses);
        return string.Create(CultureInfo.InvariantCulture, $"redis://127.0.0.1:{port}/0?prefix=t{number}");
    }

    /// <summary>SIGKILL: what it had answered is on disk, connections break.</summary>
    public Task KillAsync() => SayAsync("kill");

    /// <summary>Starts it again after <see cref="KillAsync"/>, on the same data and port.</summary>
    public async Task StartAgainAsync(CancellationToken cancel)
    {
        await SayAsync("start");
        await ReadyAsync(cancel);
    }

    /// <summary>SIGSTOP: connections stay, answers do not come.</summary>
    public Task PauseAsync() => SayAsync("pause");

    public Task ResumeAsync() => SayAsync("resume");

    public async ValueTask DisposeAsync()
    {
        if (shell is not null)
        {
            shell.StandardInput.Close();
            await shell.WaitForExitAsync();
            shell.Dispose();
        }

        gate.Dispose();
    }

    private static string? Find() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .SelectMany(folder => Programs.Select(program => Path.Combine(folder, program)))
        .FirstOrDefault(File.Exists);

    private async Task SayAsync(string word)
    {
        await shell!.StandardInput.WriteLineAsync(word);
        await shell.StandardInput.FlushAsync();
        while (await shell.StandardOutput.ReadLineAsync() is { } said && said != word)
        {
        }
    }

    private Process StartShell(string program)
    {
        port = ServerPort.Next();
        var folder = Path.Combine(Path.GetTempPath(), $"slipway-redis-{Guid.CreateVersion7():N}");
        return Process.Start(new ProcessStartInfo(
            "sh", ["-c", Script, "redis", program, folder, port.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = Path.GetTempPath(),
        })!;
    }

    /// <summary>Until it answers PING, which it refuses while it loads its data.</summary>
    private async Task ReadyAsync(CancellationToken cancel)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, port, cancel);
                await client.GetStream().WriteAsync("PING\r\n"u8.ToArray(), cancel);
                var answer = new byte[7];
                await client.GetStream().ReadAtLeastAsync(answer, 5, throwOnEndOfStream: false, cancel);
                if (Encoding.ASCII.GetString(answer).StartsWith("+PONG", StringComparison.Ordinal))
                {
                    return;
                }
            }
            catch (Exception failure) when (failure is SocketException or IOException && attempt < 600)
            {
                // Not yet.
            }

            await Task.Delay(50, cancel);
        }
    }
}
