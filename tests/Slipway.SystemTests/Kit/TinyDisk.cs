using System.Diagnostics;

namespace Slipway.SystemTests.Kit;

/// <summary>A file system of a few kilobytes (tmpfs) that can be filled and freed. Mounting takes root; a test without it is skipped.</summary>
public sealed class TinyDisk : IDisposable
{
    private readonly TempFolder folder = new();

    /// <param name="size">As mount takes it: <c>64k</c>, <c>4m</c>.</param>
    public TinyDisk(string size)
    {
        var problem = OperatingSystem.IsLinux()
            ? Run("mount", "-t", "tmpfs", "-o", $"size={size}", "tmpfs", folder.FullPath)
            : "this is not Linux";
        if (problem is not null)
        {
            folder.Dispose();
            Assert.Skip($"No small file system can be mounted here: {problem.Trim()}");
        }
    }

    public string FullPath => folder.FullPath;

    /// <summary>Takes every byte that is left.</summary>
    public void Fill()
    {
        using var filler = new FileStream(folder.Combine("filler"), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[4096];
        try
        {
            while (true)
            {
                filler.Write(block);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    public void Free() => File.Delete(folder.Combine("filler"));

    public void Dispose()
    {
        // Detached at once and gone when the last process lets go of it.
        Run("umount", "-l", folder.FullPath);
        folder.Dispose();
    }

    /// <returns>What went wrong, or null.</returns>
    private static string? Run(string command, params string[] args)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(command, args) { RedirectStandardError = true })!;
            var errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : errors;
        }
        catch (System.ComponentModel.Win32Exception absent)
        {
            return absent.Message;
        }
    }
}
