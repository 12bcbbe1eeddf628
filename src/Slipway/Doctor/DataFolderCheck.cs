using Slipway.Configuration;

namespace Slipway.Doctor;

/// <summary>Whether the data folder, or the nearest existing folder above it, can be written, and how much room is left.</summary>
internal static class DataFolderCheck
{
    private const long TooLittle = 100L << 20;
    private const long Little = 1L << 30;

    public static Task<Finding> RunAsync(SlipwayOptions options, CancellationToken cancel)
    {
        var folder = options.DataDirectory;
        var existing = NearestExisting(folder);
        var state = existing == folder ? folder : $"{folder} (to be created)";
        try
        {
            var probe = Path.Combine(existing, $".slipway-probe-{Guid.CreateVersion7():N}");
            using (new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose))
            {
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return Task.FromResult(Finding.Fail(
                $"{state} cannot be written: {error.Message}", "give this user the right to write there, or choose another with --data"));
        }

        return Task.FromResult(JudgeSpace(state, new DriveInfo(existing).AvailableFreeSpace));
    }

    internal static Finding JudgeSpace(string state, long free)
    {
        var found = $"{state} can be written, {ByteSize.Format(free)} free";
        return free switch
        {
            < TooLittle => Finding.Fail(found, $"free some space: at least {ByteSize.Format(TooLittle)} is needed"),
            < Little => Finding.Warn(found, $"free some space: below {ByteSize.Format(Little)} prediction logs and models soon fill it"),
            _ => Finding.Ok(found),
        };
    }

    // A file in the way counts as existing: nothing can be created under it, and the probe says so.
    private static string NearestExisting(string path)
    {
        while (!Path.Exists(path) && Path.GetDirectoryName(path) is { } parent)
        {
            path = parent;
        }

        return path;
    }
}
