using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Slipway.SystemTests.Kit;

/// <summary>The real executable as a child process, its output kept. It is killed when the test forgets it.</summary>
public sealed class SlipwayProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly StringBuilder errors = new();
    private readonly TaskCompletionSource<string> awaited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string? awaitedText;

    private SlipwayProcess(ProcessStartInfo start, string? awaitedText)
    {
        this.awaitedText = awaitedText;
        process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.OutputDataReceived += (_, line) => Keep(output, line.Data);
        process.ErrorDataReceived += (_, line) => Keep(errors, line.Data);
    }

    public int Id => process.Id;

    public string Output => Snapshot(output);

    public string Errors => Snapshot(errors);

    /// <param name="folder">The working directory.</param>
    /// <param name="environment">Added to the environment, which otherwise holds no <c>SLIPWAY_</c> variable.</param>
    /// <param name="awaitedText">What <see cref="WaitForLineAsync"/> waits for on standard output.</param>
    public static SlipwayProcess Start(
        IReadOnlyList<string> args, string folder, IReadOnlyDictionary<string, string>? environment = null, string? awaitedText = null)
    {
        var dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        var executable = Path.Combine(AppContext.BaseDirectory, "slipway.dll");
        string[] command = [dotnet, executable, .. args];

        // A shell starts what it puts into the background deaf to SIGINT, and its children inherit that.
        string[] whole = OperatingSystem.IsLinux() ? ["/usr/bin/env", "--default-signal=INT", .. command] : command;
        var start = new ProcessStartInfo(whole[0], whole[1..])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("SLIPWAY_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        // Counting calls for a second compilation does not pay in a process of seconds.
        start.Environment["DOTNET_TieredPGO"] = "0";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        var started = new SlipwayProcess(start, awaitedText);
        started.process.Start();
        started.process.BeginOutputReadLine();
        started.process.BeginErrorReadLine();
        return started;
    }

    /// <summary>Runs a command to its end.</summary>
    public static async Task<CommandResult> RunAsync(
        IReadOnlyList<string> args, string folder, IReadOnlyDictionary<string, string>? environment = null)
    {
        await using var started = Start(args, folder, environment);
        var exitCode = await started.WaitForExitAsync();
        return new CommandResult(exitCode, started.Output, started.Errors);
    }

    /// <summary>The first line of output that holds the awaited text; fails with all output when the process ends without it.</summary>
    public async Task<string> WaitForLineAsync()
    {
        await Task.WhenAny(awaited.Task, process.WaitForExitAsync()).WaitAsync(Patience.Limit);

        // After the exit the pipe may still hold the line; WaitForExitAsync has read it to the end.
        return awaited.Task.IsCompletedSuccessfully
            ? await awaited.Task
            : throw new InvalidOperationException($"slipway ended with {process.ExitCode} before it said '{awaitedText}':\n{Output}{Errors}");
    }

    public async Task<int> WaitForExitAsync(TimeSpan? limit = null)
    {
        await process.WaitForExitAsync().WaitAsync(limit ?? Patience.Limit);
        return process.ExitCode;
    }

    /// <param name="signal">As <c>kill</c> names it: <c>TERM</c>, <c>KILL</c>, <c>INT</c>.</param>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }

        await process.WaitForExitAsync();
        process.Dispose();
    }

    private void Keep(StringBuilder kept, string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (kept)
        {
            kept.Append(line).Append('\n');
        }

        if (awaitedText is not null && kept == output && line.Contains(awaitedText, StringComparison.Ordinal))
        {
            awaited.TrySetResult(line);
        }
    }

    private static string Snapshot(StringBuilder kept)
    {
        lock (kept)
        {
            return kept.ToString();
        }
    }
}

/// <summary>What a finished command left.</summary>
public sealed record CommandResult(int ExitCode, string Output, string Errors)
{
    public string[] ErrorLines => Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>How long a test waits for something that should come soon, on a machine that may be busy.</summary>
public static class Patience
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
}
