using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Slipway.TestKit;

/// <summary>
/// A real PostgreSQL of this test run, from the newest <c>/usr/lib/postgresql/*/bin</c>. Use it as an assembly fixture
/// (<c>[assembly: AssemblyFixture(typeof(PostgresServer))]</c>); it starts when the first test asks for a database.
/// </summary>
/// <remarks>
/// Its default collation is ICU en-US, as in most real installations, so a query that forgets <c>collate "C"</c> fails here.
/// A shell owns the server and waits on a pipe of this process: when the test run ends, however it ends, the shell stops
/// the server and deletes its folder.
/// </remarks>
public sealed class PostgresServer : IAsyncLifetime
{
    // Nothing outlives the run, and a thousand databases would keep autovacuum busy with themselves.
    private static readonly string[] Fast =
    [
        "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "wal_level=minimal", "-c", "max_wal_senders=0",
        "-c", "autovacuum=off",
    ];

    private const string Script = """
        umask 077
        mkdir "$2" || exit 1
        "$1/initdb" -D "$2/data" -U postgres -A trust -N -E UTF8 --locale=C.UTF-8 \
            --locale-provider=icu --icu-locale=en-US >"$2/initdb.log" 2>&1 || { cat "$2/initdb.log" >&2; rm -rf "$2"; exit 1; }
        bin="$1" folder="$2" port="$3"
        shift 3
        start() {
            "$bin/postgres" -D "$folder/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
                -c max_connections=300 -c lc_messages=C "$@" &
            server=$!
        }
        start "$@"
        # Each line that is read is a signal to end the server with before it starts again.
        while read -r signal; do
            kill "-$signal" $server
            wait $server
            start "$@"
        done
        # Again and again: a server that has not installed its handlers yet ignores the first one.
        while kill -QUIT $server 2>/dev/null; do sleep 0.1; done
        rm -rf "$folder"
        """;

    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly SemaphoreSlim templateGate = new(1, 1);
    private Process? shell;
    private Task drain = Task.CompletedTask;
    private string? server;
    private string? template;
    private string? failure;

    /// <summary>Whether a commit reaches the disk, as in real installations; slower.</summary>
    public bool IsDurable { get; init; }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>The connection string of a fresh, empty database; skips the test (fails it in CI) without PostgreSQL.</summary>
    public Task<string> CreateDatabaseAsync(CancellationToken cancel = default) => CreateAsync("template1", cancel);

    /// <summary>The same with what <paramref name="prepare"/> put into the first one; the others are copies of that.</summary>
    /// <param name="prepare">Gets a connection string, and has closed its connections when it returns. All callers give the same.</param>
    public async Task<string> CreateDatabaseAsync(Func<string, CancellationToken, Task> prepare, CancellationToken cancel)
    {
        await templateGate.WaitAsync(cancel);
        try
        {
            if (template is null)
            {
                var first = await CreateAsync("template1", cancel);
                await prepare(first, cancel);
                template = new NpgsqlConnectionStringBuilder(first).Database;
            }
        }
        finally
        {
            templateGate.Release();
        }

        return await CreateAsync(template!, cancel);
    }

    private async Task<string> CreateAsync(string copied, CancellationToken cancel)
    {
        var bin = FindBinaries();
        if (bin is null)
        {
            Requirement.Missing("PostgreSQL 15 or newer is not in /usr/lib/postgresql (Debian: apt-get install postgresql).");
        }

        await gate.WaitAsync(cancel);
        try
        {
            server ??= await StartAsync(bin, cancel);
        }
        finally
        {
            gate.Release();
        }

        var database = $"t{Guid.CreateVersion7():N}";
        await using var connection = new NpgsqlConnection($"{server};Database=postgres");
        await connection.OpenAsync(cancel);
        await using var command = new NpgsqlCommand($"create database {database} template {copied}", connection);
        await command.ExecuteNonQueryAsync(cancel);
        return $"{server};Database={database}";
    }

    /// <summary>Ends the server, connections and all, and starts it again on its data and port.</summary>
    /// <param name="crash">Without an orderly end: the server recovers from its log.</param>
    public async Task RestartAsync(bool crash)
    {
        await shell!.StandardInput.WriteLineAsync(crash ? "QUIT" : "INT");
        await shell.StandardInput.FlushAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (shell is not null)
        {
            NpgsqlConnection.ClearAllPools();
            shell.StandardInput.Close();
            await shell.WaitForExitAsync();
            await drain;
            shell.Dispose();
        }

        gate.Dispose();
        templateGate.Dispose();
    }

    private static string? FindBinaries()
    {
        const string root = "/usr/lib/postgresql";
        return !Directory.Exists(root) ? null : Directory.GetDirectories(root)
            .Select(folder => (Bin: Path.Combine(folder, "bin"), Version: ParseVersion(Path.GetFileName(folder))))
            .Where(found => found.Version >= 15 && File.Exists(Path.Combine(found.Bin, "initdb")))
            .OrderByDescending(found => found.Version)
            .Select(found => found.Bin)
            .FirstOrDefault();
    }

    private static int ParseVersion(string name) =>
        int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : 0;

    private async Task<string> StartAsync(string bin, CancellationToken cancel)
    {
        if (failure is not null)
        {
            throw new InvalidOperationException(failure);
        }

        var port = ServerPort.Next();
        var folder = Path.Combine(Path.GetTempPath(), $"slipway-postgres-{Guid.CreateVersion7():N}");
        shell = StartShell(bin, folder, port);
        var lines = new List<string>();
        while (await shell.StandardError.ReadLineAsync(cancel) is { } line)
        {
            lines.Add(line);
            if (line.Contains("database system is ready to accept connections", StringComparison.Ordinal))
            {
                // A full pipe would block the server's log writes.
                drain = shell.StandardError.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
                return $"Host=127.0.0.1;Port={port};Username=postgres;Include Error Detail=true";
            }

            if (line.Contains("FATAL", StringComparison.Ordinal))
            {
                break;
            }
        }

        failure = $"PostgreSQL from {bin} did not start on port {port}:\n{string.Join('\n', lines)}";
        throw new InvalidOperationException(failure);
    }

    /// <remarks>initdb and postgres refuse to run as root; the postgres user comes with Debian's package.</remarks>
    private Process StartShell(string bin, string folder, int port)
    {
        string[] command = ["sh", "-c", Script, "postgres", bin, folder, port.ToString(CultureInfo.InvariantCulture), .. IsDurable ? [] : Fast];
        string[] asPostgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", .. command];
        var arguments = Environment.IsPrivilegedProcess ? asPostgres : command;
        var start = new ProcessStartInfo(arguments[0], arguments[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        return Process.Start(start)!;
    }
}
