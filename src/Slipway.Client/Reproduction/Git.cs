using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Slipway.Core.Errors;

namespace Slipway.Client.Reproduction;

/// <summary>Runs git. It asks nothing, opens no editor, takes no locks it need not take and runs no monitor of the repository's.</summary>
public static class Git
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <returns>What it printed; null when it failed, printed more than a diff may have, or is not installed.</returns>
    public static async Task<string?> ReadAsync(string folder, CancellationToken cancel, params IReadOnlyList<string> words)
    {
        var (exitCode, output, _) = await RunAsync(folder, words, cancel);
        return exitCode == 0 ? output : null;
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.FailedPrecondition"/> with what git said.</exception>
    public static async Task DoAsync(string folder, CancellationToken cancel, params IReadOnlyList<string> words)
    {
        var (exitCode, _, errors) = await RunAsync(folder, words, cancel);
        if (exitCode != 0)
        {
            throw new SlipwayException(
                ErrorKind.FailedPrecondition, $"git {words[0]} failed in {folder}: {(errors.Length == 0 ? "is it installed?" : errors.Trim().ReplaceLineEndings(" "))}");
        }
    }

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(
        string folder, IReadOnlyList<string> words, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        var start = new ProcessStartInfo("git", ["-c", "core.fsmonitor=false", "-c", "core.quotepath=off", "-c", "advice.detachedHead=false", .. words])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        start.Environment["LC_ALL"] = "C";
        start.Environment["GIT_OPTIONAL_LOCKS"] = "0";
        start.Environment["GIT_TERMINAL_PROMPT"] = "0";
        try
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            if (await ReadBoundedAsync(process.StandardOutput, limit.Token) is not { } output)
            {
                process.Kill(entireProcessTree: true);
                return (-1, "", "It printed too much.");
            }

            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, output, await errors);
        }
        catch (Win32Exception absent)
        {
            return (-1, "", absent.Message);
        }
    }

    private static async Task<string?> ReadBoundedAsync(StreamReader reader, CancellationToken cancel)
    {
        var text = new StringBuilder();
        var buffer = new char[16 << 10];
        int read;
        while ((read = await reader.ReadAsync(buffer, cancel)) > 0)
        {
            if (text.Length + read > GitCheckout.MaxDiff)
            {
                return null;
            }

            text.Append(buffer, 0, read);
        }

        return text.ToString();
    }
}
